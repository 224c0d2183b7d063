import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { expAndMinusOne, over, times } from '../../../src/linalg/reference/complex.ts';
import {
  type ComplexArray,
  diagonalStateSpace,
} from '../../../src/linalg/reference/diagonal-state-space.ts';
import {
  selectiveScan,
  selectiveScanBackward,
} from '../../../src/linalg/reference/selective-scan.ts';
import { exp } from '../../../src/linalg/special/exp.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, leavesAlone, normals } from '../cases.ts';

const SIZES = { batch: 2, tokens: 5, channels: 3, states: 2 };
const { batch: B, tokens: T, channels: c, states: N } = SIZES;
const ROWS = B * T;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function selective(random: Random) {
  const [x, delta, beta, gamma, lambda, D] = [ROWS * c, ROWS * c, ROWS * N, ROWS * N, c * N, c].map(
    (n) => normals(random, n),
  );
  return { x, delta: delta.map(Math.abs), beta, gamma, lambda, D };
}

test('selective scan: states and outputs in the stated order', () => {
  const p = selective(new Random(301));
  const [s, y] = [blank(ROWS * c * N), blank(ROWS * c)];
  leavesAlone(Object.values(p), () => selectiveScan(SIZES, p, s, y));
  const state = upTo(c * N).map(() => 0);
  for (const row of upTo(ROWS)) {
    if (row % T === 0) state.fill(0);
    for (const i of upTo(c)) {
      const [step, x] = [p.delta[row * c + i], p.x[row * c + i]];
      const terms = upTo(N).map((n) => {
        const decay = exp(-(step * exp(p.lambda[i * N + n])));
        state[i * N + n] = decay * state[i * N + n] + step * x * p.beta[row * N + n];
        return p.gamma[row * N + n] * state[i * N + n];
      });
      assertSameBits([y[row * c + i]], [ascending(terms) + p.D[i] * x], `y, row ${row}`);
    }
    assertSameBits(s.subarray(row * c * N, (row + 1) * c * N), state, `s, row ${row}`);
  }
});

test('selective scan: sums over channels and rows of the gradients that the states give', () => {
  const random = new Random(302);
  const p = selective(random);
  const [s, y, dy] = [blank(ROWS * c * N), blank(ROWS * c), normals(random, ROWS * c)];
  selectiveScan(SIZES, p, s, y);
  const [dx, ddelta, dbeta, dgamma, dlambda, dD] = Object.values(p).map((q) => blank(q.length));
  leavesAlone([...Object.values(p), s, dy], () =>
    selectiveScanBackward(SIZES, p, s, dy, { dx, ddelta, dbeta, dgamma, dlambda, dD }),
  );
  const gamma = dgamma.map((_, at) => {
    const [row, n] = [Math.floor(at / N), at % N];
    return ascending(upTo(c).map((i) => dy[row * c + i] * s[(row * c + i) * N + n]));
  });
  assertSameBits(dgamma, gamma, 'dγ');
  const later = upTo(B).flatMap((b) => upTo(T).map((t) => b * T + T - 1 - t));
  const skip = dD.map((_, i) => ascending(later.map((row) => dy[row * c + i] * p.x[row * c + i])));
  assertSameBits(dD, skip, 'dD');
  // The last token: nothing comes from later ones.
  for (const row of [T - 1, ROWS - 1]) {
    for (const i of upTo(c)) {
      const d = dy[row * c + i];
      const through = ascending(
        upTo(N).map((n) => (0 + d * p.gamma[row * N + n]) * p.beta[row * N + n]),
      );
      assertSameBits([dx[row * c + i]], [d * p.D[i] + through * p.delta[row * c + i]], 'dx');
    }
  }
  expect([...ddelta, ...dbeta, ...dlambda].every(Number.isFinite)).toBe(true);
});

test('diagonal state space: states and outputs in the stated order', () => {
  const random = new Random(303);
  const draw = (): ComplexArray => ({ re: normals(random, c * N), im: normals(random, c * N) });
  const [A, Bs, C] = [draw(), draw(), draw()];
  const [x, D, delta] = [ROWS * c, c, c].map((n) => normals(random, n));
  const s = { re: blank(ROWS * c * N), im: blank(ROWS * c * N) };
  const y = blank(ROWS * c);
  const inputs = { x, A, B: Bs, C, D, delta };
  const all = [x, D, delta, A.re, A.im, Bs.re, Bs.im, C.re, C.im];
  leavesAlone(all, () => diagonalStateSpace(SIZES, inputs, s, y));
  for (const i of upTo(c)) {
    const states = upTo(N).map(() => ({ re: 0, im: 0 }));
    for (const row of upTo(ROWS)) {
      const drive = x[row * c + i];
      const reals = upTo(N).map((n) => {
        const own = i * N + n;
        const a = { re: A.re[own], im: A.im[own] };
        const held = expAndMinusOne({ re: delta[i] * a.re, im: delta[i] * a.im });
        const b = times(over(held.minusOne, a), { re: Bs.re[own], im: Bs.im[own] });
        const driven = { re: drive * b.re, im: drive * b.im };
        const kept = times(held.power, states[n]);
        states[n] = row % T === 0 ? driven : { re: kept.re + driven.re, im: kept.im + driven.im };
        const at = row * c * N + own;
        assertSameBits([s.re[at], s.im[at]], [states[n].re, states[n].im], `s, row ${row}`);
        return times({ re: C.re[own], im: C.im[own] }, states[n]).re;
      });
      assertSameBits([y[row * c + i]], [2 * ascending(reals) + D[i] * drive], `y, row ${row}`);
    }
  }
});

test('complex numbers by hand', () => {
  expect(times({ re: 1, im: 2 }, { re: 3, im: -4 })).toEqual({ re: 11, im: 2 });
  expect(over({ re: 11, im: 2 }, { re: 1, im: 2 })).toEqual({ re: 3, im: -4 });
});

test('e^a − 1 does not cancel for small a, and agrees with e^a for others', () => {
  const small = expAndMinusOne({ re: 1e-10, im: 2e-10 }).minusOne;
  // e^a − 1 = a + a²/2 + …: re 1e-10 − 1.5e-20, im 2e-10 + 2e-20
  expect(Math.abs(small.re / 1e-10 - 1 + 1.5e-10)).toBeLessThan(1e-15);
  expect(Math.abs(small.im / 2e-10 - 1 - 1e-10)).toBeLessThan(1e-15);
  const { power, minusOne } = expAndMinusOne({ re: 0.5, im: 2 });
  // Measured 2e-16.
  expect(Math.abs(power.re - 1 - minusOne.re)).toBeLessThan(1e-15);
  expect(power.im).toBe(minusOne.im);
});
