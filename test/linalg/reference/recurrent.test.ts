import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { elman, elmanBackward } from '../../../src/linalg/reference/elman.ts';
import { gru, gruBackward } from '../../../src/linalg/reference/gru.ts';
import { lstm, lstmBackward } from '../../../src/linalg/reference/lstm.ts';
import { sigmoid } from '../../../src/linalg/special/sigmoid.ts';
import { tanh } from '../../../src/linalg/special/tanh.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, leavesAlone, normals } from '../cases.ts';

const [B, T, h] = [2, 5, 3];
const SIZES = { batch: B, tokens: T, width: h };
const ROWS = B * T;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** (W·s)_i, terms ascending, for all rows i of W. */
const times = (W: Float64Array, s: number[]): number[] =>
  upTo(W.length / h).map((i) => ascending(s.map((entry, j) => entry * W[i * h + j])));

/** Runs `step` over every sequence and collects the states. */
function unrolled(s0: Float64Array, step: (row: number, before: number[]) => number[]): number[][] {
  return upTo(B).flatMap((b) => {
    let state = Array.from(s0);
    return upTo(T).map((t) => {
      state = step(b * T + t, state);
      return state;
    });
  });
}

/** The state before each row. */
const before = (s0: Float64Array, s: Float64Array): number[][] =>
  upTo(ROWS).map((row) =>
    row % T === 0 ? Array.from(s0) : Array.from(s.subarray((row - 1) * h, row * h)),
  );

/** Σ d_rowᵀ·s_row over the rows, ascending: the gradient of a weight. */
const outerSum = (d: Float64Array, states: number[][]): number[] => {
  const g = d.length / ROWS;
  return upTo(g * h).map((at) =>
    ascending(upTo(ROWS).map((row) => d[row * g + Math.floor(at / h)] * states[row][at % h])),
  );
};

const draw = (random: Random, ...lengths: number[]): Float64Array[] =>
  lengths.map((length) => normals(random, length));

test('Elman: states, and every gradient, in the stated order', () => {
  const [z, U, s0, ds] = draw(new Random(281), ROWS * h, h * h, h, ROWS * h);
  const [s, dz, dU, ds0] = [ROWS * h, ROWS * h, h * h, h].map(blank);
  leavesAlone([z, U, s0], () => elman(SIZES, z, U, s0, s));
  leavesAlone([U, s0, s, ds], () => elmanBackward(SIZES, { U, s0, s, ds }, { dz, dU, ds0 }));
  const states = unrolled(s0, (row, state) =>
    times(U, state).map((product, i) => tanh(z[row * h + i] + product)),
  );
  assertSameBits(s, states.flat(), 's');
  const expected = blank(ROWS * h);
  const left = upTo(B).map((b) => {
    let carry = upTo(h).map(() => 0);
    for (let row = (b + 1) * T - 1; row >= b * T; row--) {
      const d = states[row].map((si, i) => (ds[row * h + i] + carry[i]) * ((1 - si) * (1 + si)));
      expected.set(d, row * h);
      carry = upTo(h).map((j) => ascending(d.map((di, i) => di * U[i * h + j])));
    }
    return carry;
  });
  assertSameBits(dz, expected, 'dz');
  assertSameBits(dU, outerSum(dz, before(s0, s)), 'dU');
  assertSameBits(
    ds0,
    upTo(h).map((i) => ascending(left.map((carry) => carry[i]))),
    'ds0',
  );
});

test('GRU: states in the stated order, and weight gradients are sums over the rows', () => {
  const [z, W, b, s0, ds] = draw(new Random(282), ROWS * 3 * h, 3 * h * h, 3 * h, h, ROWS * h);
  const [gates, s] = [blank(ROWS * 4 * h), blank(ROWS * h)];
  leavesAlone([z, W, b, s0], () => gru(SIZES, z, W, b, s0, gates, s));
  const states = unrolled(s0, (row, state) => {
    const a = times(W, state).map((product, i) => product + b[i]);
    const Z = (block: number, i: number): number => z[row * 3 * h + block * h + i];
    return state.map((si, i) => {
      const r = sigmoid(Z(0, i) + a[i]);
      const u = sigmoid(Z(1, i) + a[h + i]);
      return (1 - u) * tanh(Z(2, i) + r * a[2 * h + i]) + u * si;
    });
  });
  assertSameBits(s, states.flat(), 's');
  const [dz, dW, db, ds0] = [ROWS * 3 * h, 3 * h * h, 3 * h, h].map(blank);
  leavesAlone([W, s0, gates, s, ds], () =>
    gruBackward(SIZES, { W, s0, gates, s, ds }, { dz, dW, db, ds0 }),
  );
  // The gradient of W·s + b is that of z, but for the block n, which went through r.
  const da = dz.map((d, at) => {
    const [row, i] = [Math.floor(at / (3 * h)), at % (3 * h)];
    return i < 2 * h ? d : d * gates[row * 4 * h + i - 2 * h];
  });
  assertSameBits(dW, outerSum(da, before(s0, s)), 'dW');
  assertSameBits(
    db,
    upTo(3 * h).map((i) => ascending(upTo(ROWS).map((row) => da[row * 3 * h + i]))),
    'db',
  );
});

test('LSTM: states in the stated order, and weight gradients are sums over the rows', () => {
  const random = new Random(283);
  const [z, W, b, s0, c0, ds] = draw(random, ROWS * 4 * h, 4 * h * h, 4 * h, h, h, ROWS * h);
  const [gates, c, s] = [blank(ROWS * 5 * h), blank(ROWS * h), blank(ROWS * h)];
  leavesAlone([z, W, b, s0, c0], () => lstm(SIZES, { z, W, b, s0, c0 }, gates, c, s));
  let cell = Array.from(c0);
  const states = unrolled(s0, (row, state) => {
    if (row % T === 0) cell = Array.from(c0);
    const a = times(W, state).map((product, i) => z[row * 4 * h + i] + (product + b[i]));
    cell = cell.map((ci, i) => {
      const [inGate, keep] = [sigmoid(a[i]), sigmoid(a[h + i])];
      return keep * ci + inGate * tanh(a[2 * h + i]);
    });
    return cell.map((ci, i) => sigmoid(a[3 * h + i]) * tanh(ci));
  });
  assertSameBits(s, states.flat(), 's');
  const [dz, dW, db, ds0, dc0] = [ROWS * 4 * h, 4 * h * h, 4 * h, h, h].map(blank);
  leavesAlone([W, s0, c0, gates, c, s, ds], () =>
    lstmBackward(SIZES, { W, s0, c0, gates, c, s, ds }, { dz, dW, db, ds0, dc0 }),
  );
  assertSameBits(dW, outerSum(dz, before(s0, s)), 'dW');
  assertSameBits(
    db,
    upTo(4 * h).map((i) => ascending(upTo(ROWS).map((row) => dz[row * 4 * h + i]))),
    'db',
  );
  expect([...dz, ...ds0, ...dc0].every(Number.isFinite)).toBe(true);
});

test('by hand: gates wide open and shut, one state', () => {
  const one = { batch: 1, tokens: 1, width: 1 };
  const zero = (n: number): Float64Array => new Float64Array(n);
  const s = blank(1);
  // u = 1 keeps the state, u = 0 with n = tanh(0) = 0 forgets it.
  for (const [u, kept] of [
    [1e3, 7],
    [-1e3, 0],
  ]) {
    gru(one, Float64Array.of(0, u, 0), zero(3), zero(3), Float64Array.of(7), blank(4), s);
    assertSameBits(s, [kept], `GRU, u ${u}`);
  }
  // f = o = 1, i = 0: the cell stays 3 and the state is tanh(3).
  const c = blank(1);
  const inputs = { z: Float64Array.of(-1e3, 1e3, 5, 1e3), W: zero(4), b: zero(4), s0: zero(1) };
  lstm(one, { ...inputs, c0: Float64Array.of(3) }, blank(5), c, s);
  assertSameBits([...c, ...s], [3, tanh(3)], 'LSTM');
});
