/**
 * What decides the figure of generation.
 *
 * @module
 */
import { NOT_NEGATIVE, type Setting, type Values } from '../experiment.ts';

type Name =
  | 'prompts'
  | 'tokens'
  | 'promptLength'
  | 'blocks'
  | 'width'
  | 'heads'
  | 'kvHeads'
  | 'hidden'
  | 'vocabulary'
  | 'gainSpread';

export const GENERATION_SETTINGS: Readonly<Record<Name, Setting>> = {
  prompts: { value: 5, quick: 2, help: 'random prompts for each model' },
  tokens: { value: 20, quick: 5, help: 'tokens generated after each' },
  promptLength: { value: 16, quick: 8, help: 'tokens of a prompt' },
  blocks: { value: 4, quick: 2, help: 'blocks of each model' },
  width: { value: 64, quick: 32, help: 'entries of a token' },
  heads: { value: 4, help: 'query heads' },
  kvHeads: { value: 2, help: 'key-value heads' },
  hidden: { value: 128, quick: 64, help: 'hidden entries of each gated network' },
  vocabulary: { value: 256, help: 'tokens there are' },
  gainSpread: {
    value: 0.25,
    help: 'standard deviation of the gains of norms',
    range: NOT_NEGATIVE,
  },
};

export type GenerationValues = Values<typeof GENERATION_SETTINGS>;
