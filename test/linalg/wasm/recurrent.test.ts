import { describe, expect, test } from 'vitest';
import * as bound from '../../../src/linalg/kernels.ts';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference.ts';
import * as kernels from '../../../src/linalg/wasm/recurrent.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, leavesAlone } from '../cases.ts';

/** [B, T, h]: one of each, primes, and the last on the far side of the crossover. */
const SHAPES = [
  [1, 1, 1],
  [1, 5, 3],
  [2, 1, 3],
  [3, 5, 2],
  [5, 3, 7],
  [17, 4, 11],
] as const;

type Kernels = Pick<typeof twins, 'elman' | 'elmanBackward' | 'lstm' | 'lstmBackward'>;
type Draw = (n: number) => Float64Array;

function elman(k: Kernels, draw: Draw, [batch, tokens, width]: readonly number[]): Float64Array[] {
  const [rows, sizes] = [batch * tokens, { batch, tokens, width }];
  const [z, U, s0] = [draw(rows * width), draw(width * width), draw(width)];
  const ds = draw(rows * width);
  const [s, dz, dU, ds0] = [z, z, U, s0].map(({ length }) => blank(length));
  leavesAlone([z, U, s0], () => k.elman(sizes, z, U, s0, s));
  leavesAlone([U, s0, s, ds], () => k.elmanBackward(sizes, { U, s0, s, ds }, { dz, dU, ds0 }));
  return [s, dz, dU, ds0];
}

function lstm(k: Kernels, draw: Draw, [batch, tokens, width]: readonly number[]): Float64Array[] {
  const [rows, sizes] = [batch * tokens, { batch, tokens, width }];
  const [z, W, b] = [draw(rows * 4 * width), draw(4 * width * width), draw(4 * width)];
  const [s0, c0, ds] = [draw(width), draw(width), draw(rows * width)];
  const [gates, c, s] = [5, 1, 1].map((blocks) => blank(rows * blocks * width));
  const inputs = { z, W, b, s0, c0 };
  leavesAlone(Object.values(inputs), () => k.lstm(sizes, inputs, gates, c, s));
  const [dz, dW, db, ds0, dc0] = [z, W, b, s0, c0].map(({ length }) => blank(length));
  const run = { W, s0, c0, gates, c, s, ds };
  const outputs = { dz, dW, db, ds0, dc0 };
  leavesAlone(Object.values(run), () => k.lstmBackward(sizes, run, outputs));
  return [gates, c, s, dz, dW, db, ds0, dc0];
}

describe.each([
  ['Elman', elman],
  ['LSTM', lstm],
] as const)('%s, sequences side by side,', (_, run) => {
  test.each(DRAWS)('has the bits of its twin on %s entries', (_name, draw) => {
    for (const shape of SHAPES) {
      const results = [twins, kernels, bound].map((k) => {
        const random = new Random(431, ...shape);
        return run(k, (n) => draw(random, n), shape);
      });
      const [expected, ...others] = results;
      for (const actual of others) {
        expect(actual).toHaveLength(expected.length);
        actual.forEach((array, i) => {
          assertSameBits(array, expected[i], `seed 431, shape ${shape}, result ${i}`);
        });
      }
    }
  });
});
