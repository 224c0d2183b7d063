/**
 * A small training that the tests of training share.
 *
 * @module
 */
import { expect } from 'vitest';
import { type Block, contextualBlock } from '../../src/model/block.ts';
import type { ContextualLayer } from '../../src/model/contextual-layer.ts';
import { softmaxAttention } from '../../src/model/layers/softmax-attention.ts';
import type { Parameters } from '../../src/model/parameters.ts';
import { decodeState, encodeState } from '../../src/model/state-bytes.ts';
import { Training, type TrainingOptions } from '../../src/model/training.ts';
import { assertSameBits } from '../support/same-bits.ts';

export const layer: ContextualLayer = softmaxAttention({
  tokenWidth: 3,
  width: 5,
  heads: 2,
  headWidth: 3,
});
export const block: Block = contextualBlock({ layer, hidden: 11, outputWidth: 3 });
export const OPTIONS: TrainingOptions = {
  dimension: 2,
  pairs: 5,
  batch: 7,
  microBatch: 3,
  learningRate: 0.01,
  seed: 101,
};

/** A training after so many steps. */
export const advanced = (steps: number, change: Partial<TrainingOptions> = {}): Training => {
  const training = new Training(block, { ...OPTIONS, ...change });
  for (let i = 0; i < steps; i++) training.advance();
  return training;
};

/** The state as bytes. */
export const bytesOf = (training: Training): Uint8Array =>
  encodeState({ kind: 'test', settings: { ...OPTIONS }, arrays: training.arrays() });
/** A training from its bytes. */
export const restored = (bytes: Uint8Array): Training =>
  Training.restore(block, OPTIONS, decodeState(bytes).arrays);

/** Fails unless bytes, losses and parameters are the same to the bit. */
export function expectSameTraining(actual: Training, expected: Training, label: string): void {
  expect(Buffer.from(bytesOf(actual)).equals(bytesOf(expected)), `${label}: bytes`).toBe(true);
  assertSameBits(actual.losses, expected.losses, `${label}: losses`);
  expectSameParameters(actual.parameters, expected.parameters, label);
}

/** Fails unless names and entries are the same, to the bit. */
export function expectSameParameters(
  actual: Parameters,
  expected: Parameters,
  label: string,
): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { data }] of Object.entries(expected)) {
    assertSameBits(actual[name].data, data, `${label}: ${name}`);
  }
}
