import { expect, test } from 'vitest';
import { SPECIAL_DIGEST, specialDigest } from '../../support/special-digest.ts';

test('every bit of every special function is the committed one, on this engine too', () => {
  expect(specialDigest()).toBe(SPECIAL_DIGEST);
});
