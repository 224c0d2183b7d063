/**
 * The embedded model: a small GPT-2 that reads characters, and every number that decides its training.
 *
 * @module
 */
import { gpt2Block, type LanguageModel, languageModel, network } from '../../src/model/index.ts';

export const SETTINGS = {
  seed: 1,
  layers: 3,
  width: 96,
  heads: 6,
  hidden: 384,
  /** Characters the model can look back on: the learned positions. */
  length: 128,
  /** Sequences a step. */
  batch: 16,
  /** Sequences whose gradients are computed together. */
  microBatch: 4,
  steps: 4000,
  warmup: 100,
  rate: 2e-3,
  finalRate: 1e-4,
  weightDecay: 0.1,
  /** Limit of the global norm of a gradient. */
  clip: 1,
  /** The end of the text, which is not trained on. */
  validationShare: 0.05,
  /** Steps between two validation losses. */
  validateEvery: 500,
  /** Stretches of the validation text that these are means over. */
  validationSequences: 64,
  /** Characters that occur less often are left out of the text. */
  leastCount: 10,
} as const;

/** The model for so many characters. */
export function mobyDickModel(vocabulary: number): LanguageModel {
  const { layers, width, heads, hidden, length } = SETTINGS;
  const block = gpt2Block({ width, heads, hidden });
  return languageModel({
    network: network(Array.from({ length: layers }, () => block)),
    vocabulary,
    learnedPositions: length,
    finalNorm: 'layer',
    epsilon: 1e-5,
    tied: true,
  });
}
