/**
 * One small block of every family.
 *
 * @module
 */
import {
  type Block,
  falconBlock,
  gemma1Block,
  gemmaBlock,
  gpt2Block,
  gptjBlock,
  llamaBlock,
  mixtralBlock,
  neoxBlock,
  olmo2Block,
} from '../../src/model/index.ts';

const sizes = { width: 8, heads: 2, hidden: 12 };

/** By name; three experts are so few that a handful of tokens selects each of them. */
export const FAMILIES: Readonly<Record<string, Block>> = {
  'GPT-2': gpt2Block(sizes),
  Llama: llamaBlock({ ...sizes, kvHeads: 1 }),
  'Gemma 1': gemma1Block(sizes),
  Gemma: gemmaBlock({ ...sizes, softCap: 3 }),
  'GPT-J': gptjBlock({ ...sizes, rotated: 2 }),
  NeoX: neoxBlock({ ...sizes, rotated: 2 }),
  Mixtral: mixtralBlock({ ...sizes, experts: 3, selected: 2 }),
  Falcon: falconBlock(sizes),
  'OLMo 2': olmo2Block(sizes),
};
