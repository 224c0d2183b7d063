import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { type AdamStep, adam } from '../../../src/linalg/reference/adam.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { DRAWS, leavesAlone, normals, SIZES } from '../cases.ts';

/** The usual parameters at step t. */
const usual = (t: number): AdamStep => ({
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  correction1: 1 - 0.9 ** t,
  correction2: Math.sqrt(1 - 0.999 ** t),
});

/** One entry of the doc comment's three lines, an operation at a time. */
function entryOf(step: AdamStep, theta: number, g: number, m: number, v: number): number[] {
  const keptMean = step.beta1 * m;
  const newMean = (1 - step.beta1) * g;
  const m1 = keptMean + newMean;
  const keptSquare = step.beta2 * v;
  const weighted = (1 - step.beta2) * g; // (1 − β₂)·g first, then times g
  const v1 = keptSquare + weighted * g;
  const rate = step.learningRate / step.correction1;
  const root = Math.sqrt(v1) / step.correction2;
  const change = (rate * m1) / (root + step.epsilon);
  return [theta - change, m1, v1];
}

test.each(DRAWS)('a step rounds as its three lines are written: %s entries', (_, draw) => {
  const random = new Random(51);
  for (const n of [...SIZES, 300]) {
    for (const t of [1, 2, 1000]) {
      const [theta, g, m, v] = [0, 1, 2, 3].map(() => draw(random, n));
      v.forEach((entry, i) => {
        v[i] = Math.abs(entry);
      });
      const step = usual(t);
      const expected = Array.from(theta, (_, i) => entryOf(step, theta[i], g[i], m[i], v[i]));
      leavesAlone([g], () => adam(step, theta, g, m, v));
      [theta, m, v].forEach((actual, which) => {
        const wanted = expected.map((entry) => entry[which]);
        assertSameBits(
          actual,
          wanted,
          `seed 51, n = ${n}, t = ${t}, ${['theta', 'm', 'v'][which]}`,
        );
      });
    }
  }
});

test('two steps by hand', () => {
  const [theta, m, v] = [Float64Array.of(10), Float64Array.of(0), Float64Array.of(0)];
  const common = { learningRate: 1, beta1: 0.5, beta2: 0.75 };
  // m = 2, v = 4; rate 1/½ = 2; 2·2/(2/½ + 0) = 1.
  adam(
    { ...common, epsilon: 0, correction1: 0.5, correction2: 0.5 },
    theta,
    Float64Array.of(4),
    m,
    v,
  );
  assertSameBits([theta[0], m[0], v[0]], [9, 2, 4], 'first step');
  // m = 1 + 1, v = 3 + 1; rate 1/1; 1·2/(2/1 + 2) = ½.
  adam({ ...common, epsilon: 2, correction1: 1, correction2: 1 }, theta, Float64Array.of(2), m, v);
  assertSameBits([theta[0], m[0], v[0]], [8.5, 2, 4], 'second step');
});

test('the step is that of algorithm 1 of the paper', () => {
  // Derived: from m = v = 0 nothing cancels, so each side is at most 13 roundings away from the exact
  // step and they differ by at most γ₂₆ < 3e-15 of it.
  const random = new Random(52);
  const n = 200;
  const [g, theta, m, v] = [normals(random, n), ...[0, 0, 0].map(() => new Float64Array(n))];
  for (const t of [1, 2, 17]) {
    for (const memory of [theta, m, v]) memory.fill(0);
    const step = usual(t);
    adam(step, theta, g, m, v);
    g.forEach((gi, i) => {
      const mHat = ((1 - 0.9) * gi) / (1 - 0.9 ** t);
      const vHat = ((1 - 0.999) * gi ** 2) / (1 - 0.999 ** t);
      const change = (-1e-3 * mHat) / (Math.sqrt(vHat) + 1e-8);
      const error = Math.abs(theta[i] - change) / Math.abs(change);
      expect(error, `seed 52, t = ${t}, entry ${i}`).toBeLessThan(3e-15);
    });
  }
});

test('without epsilon the first step has the length of the learning rate', () => {
  // Powers of two, so that nothing rounds: the step is η·sign(g) whatever the size of g.
  const g = Float64Array.of(2 ** -200, -(2 ** -3), 2 ** 5, -(2 ** 300));
  const [theta, m, v] = [new Float64Array(4), new Float64Array(4), new Float64Array(4)];
  const step = { learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 0 };
  adam({ ...step, correction1: 0.5, correction2: 0.5 }, theta, g, m, v);
  assertSameBits(theta, [-0.25, 0.25, -0.25, 0.25], 'theta');
});
