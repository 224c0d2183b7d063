import { expect, test } from 'vitest';
import { TRAINING_DIGEST, trainingDigest } from '../support/training-digest.ts';

test('two training runs end in the bits they ended in before, on every engine', () => {
  expect(trainingDigest()).toBe(TRAINING_DIGEST);
});
