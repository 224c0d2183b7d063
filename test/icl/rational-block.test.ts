import { expect, test } from 'vitest';
import { proveInRationals, rationalLinearAttention } from '../../src/icl/index.ts';
import {
  DegenerateBase,
  matrix,
  matrixFromRows,
  Random,
  ShapeError,
} from '../../src/linalg/index.ts';
import { normalMatrix } from '../support/cases.ts';

const identity = matrixFromRows([
  [1, 0],
  [0, 1],
]);

test('linear attention by hand: tokens (1, 0) and (1, 2), all maps the identity', () => {
  // q = (1, 2); k·q = 1 and 5; A = 1·(1, 0) + 5·(1, 2) = (6, 10).
  const a = rationalLinearAttention(
    { Wq: identity, Wk: identity, Wv: identity },
    matrixFromRows([
      [1, 0],
      [1, 2],
    ]),
  );
  expect(a.map(String)).toEqual(['6', '10']);
});

function randomBlock(random: Random) {
  return {
    Wq: normalMatrix(2, 2, random),
    Wk: normalMatrix(2, 2, random),
    Wv: normalMatrix(3, 2, random),
    W1: normalMatrix(4, 3, random),
    b1: normalMatrix(1, 4, random),
    W2: normalMatrix(2, 4, random),
    b2: normalMatrix(1, 2, random),
  };
}

test('patched and contextual outputs are equal as fractions, for random doubles', () => {
  const random = new Random(1, 91);
  for (let round = 0; round < 40; round++) {
    const block = randomBlock(random);
    const sequence = normalMatrix(3, 2, random);
    const query = matrix(1, 2, sequence.data.slice(4));
    const proof = proveInRationals(block, sequence, query);
    expect(proof.residual).toBe('0');
    expect(proof.patchedOutput.map(String)).toEqual(proof.contextualOutput.map(String));
    // The proof is not about nothing: without the patch the two differ.
    expect(proof.base.map(String)).not.toEqual(proof.contextual.map(String));
  }
});

test('a base of 0 and a sequence without a query are refused', () => {
  const random = new Random(2, 91);
  const block = randomBlock(random);
  const sequence = normalMatrix(2, 2, random);
  const silent = { ...block, Wv: matrix(3, 2) };
  expect(() => proveInRationals(silent, sequence, sequence)).toThrow(DegenerateBase);
  expect(() => rationalLinearAttention(block, matrix(0, 2))).toThrow(ShapeError);
});
