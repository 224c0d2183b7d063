/**
 * What decides the figure of deep networks.
 *
 * @module
 */
import type { Setting, Values } from '../experiment.ts';

type Name = 'tasks' | 'blocks' | 'pairs' | 'dimension' | 'width' | 'heads' | 'hidden';

export const DEPTH_SETTINGS: Readonly<Record<Name, Setting>> = {
  tasks: { value: 100, quick: 10, help: 'prompts, one regression task each' },
  blocks: { value: 80, quick: 10, help: 'blocks of the deepest network' },
  pairs: { value: 50, help: 'context pairs in a prompt' },
  dimension: { value: 2, help: 'inputs of the linear function' },
  width: { value: 32, help: 'entries of a token' },
  heads: { value: 8, help: 'attention heads' },
  hidden: { value: 128, help: 'hidden entries of each perceptron' },
};

export type DepthValues = Values<typeof DEPTH_SETTINGS>;
