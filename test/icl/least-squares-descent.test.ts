import { expect, test } from 'vitest';
import {
  applyFactored,
  changingBase,
  factoredToMatrix,
  implicitDescent,
  leastSquaresBound,
  leastSquaresDescent,
} from '../../src/icl/index.ts';
import {
  DegenerateBase,
  dot,
  type Matrix,
  matrix,
  matrixFromRows,
  matrixVector,
  NonFiniteError,
  norm,
  Random,
  rankOneToMatrix,
  ShapeError,
} from '../../src/linalg/index.ts';
import { normalMatrix } from '../support/cases.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);

/** W and n vectors, all normal; n ≥ 2. */
function randomVectors(seed: number, sizes?: readonly [number, number, number]) {
  const random = new Random(seed, 33);
  const [m, d, n] = sizes ?? [1 + random.integer(5), 1 + random.integer(7), 2 + random.integer(6)];
  const W = normalMatrix(m, d, random);
  const vectors = Array.from({ length: n }, () => normalMatrix(1, d, random).data);
  return { W, vectors };
}

const distance = (x: Matrix, y: Matrix): number =>
  norm(x.data.map((entry, i) => entry - y.data[i]));

test('two steps by hand: W = (1 2), x = (1, 1) to 8, then (1, 0) to 8', () => {
  const W = matrixFromRows([[1, 2]]);
  const steps = leastSquaresDescent(W, [of(1, 1), of(1, 0)], [of(8), of(8)]);
  expect(steps).toEqual([
    {
      gradient: { p: of(-5), v: of(1, 1) },
      update: { p: of(5), v: of(0.5, 0.5) },
      lossBefore: 12.5,
      lossAfter: 0,
    },
    {
      gradient: { p: of(-4.5), v: of(1, 0) },
      update: { p: of(4.5), v: of(1, 0) },
      lossBefore: 10.125,
      lossAfter: 0,
    },
  ]);
});

test('every step lands on its target within the bound, whatever was missed before', () => {
  for (let seed = 0; seed < 80; seed++) {
    const { W, vectors } = randomVectors(seed);
    const targets = vectors.map((x) => matrixVector(W, x).map((entry) => 3 * entry + 1));
    const steps = leastSquaresDescent(W, vectors, targets);
    const bounds = leastSquaresBound(W, vectors, steps);
    steps.forEach(({ lossBefore, lossAfter }, i) => {
      const updates = steps.slice(0, i + 1).map(({ update }) => update);
      applyFactored(W, updates, vectors[i]).forEach((entry, r) => {
        expect(Math.abs(entry - targets[i][r])).toBeLessThanOrEqual(bounds[i][r]);
      });
      expect(lossAfter).toBeLessThanOrEqual(dot(bounds[i], bounds[i]));
      // A step 0.1% short is caught.
      const short = { ...steps[i].update, p: steps[i].update.p.map((entry) => 0.999 * entry) };
      if (lossBefore > 0.01) {
        const y = applyFactored(W, [...updates.slice(0, -1), short], vectors[i]);
        const ratios = y.map((entry, r) => Math.abs(entry - targets[i][r]) / bounds[i][r]);
        expect(Math.max(...ratios)).toBeGreaterThan(1);
      }
    });
  }
});

test('the gradient is that of ½‖W·x − t‖²: a central difference of a quadratic is exact', () => {
  const { W, vectors } = randomVectors(7);
  const target = matrixVector(W, vectors[1]);
  const [{ gradient, lossBefore }] = leastSquaresDescent(W, [vectors[0]], [target]);
  const loss = (at: Matrix): number => {
    const off = matrixVector(at, vectors[0]).map((entry, r) => entry - target[r]);
    return dot(off, off) / 2;
  };
  expect(loss(W)).toBe(lossBefore);
  const direction = rankOneToMatrix(gradient);
  W.data.forEach((_, k) => {
    const moved = [1, -1].map((step) =>
      loss(
        matrix(
          W.rows,
          W.cols,
          W.data.map((w, j) => (j === k ? w + step : w)),
        ),
      ),
    );
    // Two losses of size s, each off by some 50u·s.
    const scale = moved[0] + moved[1];
    expect(Math.abs((moved[0] - moved[1]) / 2 - direction.data[k])).toBeLessThanOrEqual(
      1e-14 * scale,
    );
  });
});

test('form (a): the gradients are Δ_i, the losses ½‖W_0(A_{i+1} − A_i)‖², with one input and many targets', () => {
  for (let seed = 0; seed < 100; seed++) {
    const { W, vectors } = randomVectors(seed);
    const [a] = vectors;
    const targets = vectors.slice(1).map((next) => matrixVector(W, next));
    const inputs = targets.map(() => a);
    const honest = leastSquaresDescent(W, inputs, targets);
    const bounds = leastSquaresBound(W, inputs, honest);
    implicitDescent(W, vectors).steps.forEach(({ gradient, marginalNorm }, i) => {
      const { p } = honest[i].gradient;
      const size = norm(W.data) * (norm(vectors[i]) + norm(vectors[i + 1]) + norm(a));
      // Both are W_0·A_i − W_0·A_{i+1} up to what W_i misses and three products of d ≤ 7 terms.
      p.forEach((entry, r) => {
        const allowed = (bounds[i - 1]?.[r] ?? 0) + bounds[i][r] + 1e-14 * size;
        expect(Math.abs(entry - gradient.p[r])).toBeLessThanOrEqual(allowed);
      });
      expect(honest[i].gradient.v).toEqual(gradient.v);
      const moved = marginalNorm * norm(a);
      expect(Math.abs(honest[i].lossBefore - moved ** 2 / 2)).toBeLessThanOrEqual(
        1e-13 * size ** 2,
      );
    });
  }
});

test('form (b): the steps of the changing base, with many inputs and one target', () => {
  for (let seed = 0; seed < 100; seed++) {
    const { W, vectors } = randomVectors(seed);
    const { steps, target, conditionFactor } = changingBase(W, vectors);
    const inputs = vectors.slice(1);
    const honest = leastSquaresDescent(
      W,
      inputs,
      inputs.map(() => target),
    );
    const last = (all: readonly { update: { p: Float64Array; v: Float64Array } }[]): Matrix =>
      factoredToMatrix(
        W,
        all.map(({ update }) => update),
      );
    // The two paths differ by rounding, which grows no faster than ‖W_i‖ at n ≤ 7 steps of d ≤ 7 terms.
    const size = norm(W.data) * conditionFactor;
    expect(distance(last(steps), last(honest))).toBeLessThanOrEqual(1e-13 * size * conditionFactor);
    steps.forEach(({ gradient, update, stepSize }, i) => {
      // −h·∇l_i(W_{i−1}) = W_{i−1}·(a_{i−1} − a_i)·a_iᵀ/‖a_i‖².
      const a = inputs[i];
      gradient.p.forEach((entry, r) => {
        const allowed = 1e-13 * size * (norm(vectors[i]) + norm(a)) * conditionFactor;
        expect(Math.abs(entry + update.p[r])).toBeLessThanOrEqual(allowed);
      });
      update.v.forEach((entry, c) => {
        expect(Math.abs(entry - stepSize * a[c])).toBeLessThanOrEqual(1e-14 * Math.abs(entry));
      });
    });
  }
});

test('a step goes to the nearest solution, and never away from a common one', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { W, vectors } = randomVectors(seed, [3, 6, 5]);
    const solution = randomVectors(seed + 1000, [3, 6, 1]).W;
    const steps = leastSquaresDescent(
      W,
      vectors,
      vectors.map((x) => matrixVector(solution, x)),
    );
    let before = distance(W, solution);
    steps.forEach((_, i) => {
      const at = factoredToMatrix(
        W,
        steps.slice(0, i + 1).map(({ update }) => update),
      );
      const after = distance(at, solution);
      const moved = norm(steps[i].update.p) * norm(steps[i].update.v);
      // Pythagoras: W_{i−1} − W_i is orthogonal to W_i − W*.
      expect(Math.abs(before ** 2 - after ** 2 - moved ** 2)).toBeLessThanOrEqual(
        1e-12 * before ** 2,
      );
      before = after;
    });
  }
});

test('an input of 0, a missing target, other lengths and NaN are refused', () => {
  const W = matrixFromRows([[1, 2]]);
  expect(leastSquaresDescent(W, [], [])).toEqual([]);
  expect(() => leastSquaresDescent(W, [of(0, 0)], [of(1)])).toThrow(DegenerateBase);
  expect(() => leastSquaresDescent(W, [of(1, 0)], [])).toThrow(ShapeError);
  expect(() => leastSquaresDescent(W, [of(1, 0)], [of(1, 2)])).toThrow(ShapeError);
  expect(() => leastSquaresDescent(W, [of(1)], [of(1)])).toThrow(ShapeError);
  expect(() => leastSquaresDescent(W, [of(1, 0)], [of(NaN)])).toThrow(NonFiniteError);
});
