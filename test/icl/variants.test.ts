import { expect, test } from 'vitest';
import {
  patchBehindRelu,
  patchJointly,
  patchToTarget,
  patchWeight,
  patchWeightedBy,
  patchWeightOrBias,
  unseenPart,
} from '../../src/icl/index.ts';
import {
  applyRankOne,
  DegenerateBase,
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  matrixVector,
  NonFiniteError,
  NotPositiveDefinite,
  norm,
  Random,
  rankOneNorm,
  rankOneToMatrix,
  ShapeError,
} from '../../src/linalg/index.ts';
import { vector } from '../support/small-cases.ts';

const normals = (rows: number, cols: number, random: Random): Matrix =>
  matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );

/** W 4×3 or 3×5, a, a′ and b, all normal. */
function site(seed: number) {
  const random = new Random(seed, 4711);
  const [m, d] = seed % 2 === 0 ? [4, 3] : [3, 5];
  const W = normals(m, d, random);
  const [base, contextual, bias] = [d, d, m].map((n) => normals(1, n, random).data);
  return { W, base, contextual, bias, random };
}

const W = matrixFromRows([
  [1, 2, 0, -1],
  [3, 4, 1, 0],
]);
const a = vector(1, 1, 1, 1);
const contextual = vector(3, 0, 2, 1); // δ = (2, −1, 1, 0), W·δ = (0, 3)

test('the joint patch by hand: λ = 2 and ‖a‖² = 4 share the change in halves', () => {
  expect(patchJointly(W, a, contextual, 2)).toEqual({
    weight: { p: vector(0, 3), v: vector(1 / 8, 1 / 8, 1 / 8, 1 / 8) },
    bias: vector(0, 1.5),
  });
});

test('a small λ gives the weight patch and a large one the bias patch', () => {
  const small = patchJointly(W, a, contextual, 2 ** -300);
  expect(small.weight).toEqual(patchWeight(W, a, contextual));
  expect(norm(small.bias)).toBe(3 * 2 ** -602);
  const large = patchJointly(W, a, contextual, 2 ** 300);
  expect(large.bias).toEqual(vector(0, 3));
  expect(large.weight.v).toEqual(a.map((entry) => entry * 2 ** -600));
});

test('the joint patch is exact and the least pair ‖ΔW‖² + ‖Δb‖²/λ²', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { W, base, contextual, random } = site(seed);
    const lambda = 0.2 + 3 * random.uniform();
    const { weight, bias } = patchJointly(W, base, contextual, lambda);
    const target = matrixVector(W, contextual);
    const reached = matrixVector(W, base).map(
      (entry, i) => entry + applyRankOne(weight, base)[i] + bias[i],
    );
    // Derived: γ_29 of sums of 10 products of normal draws, which stay below 100.
    reached.forEach((entry, i) => {
      expect(Math.abs(entry - target[i])).toBeLessThan(1e-12);
    });
    // (M, −M·a) leaves the pre-activation alone; along it the size may only grow, either way.
    const M = normals(W.rows, W.cols, random);
    const Ma = matrixVector(M, base);
    const dense = rankOneToMatrix(weight);
    const size = (t: number): number =>
      norm(dense.data.map((entry, k) => entry + t * M.data[k])) ** 2 +
      (norm(bias.map((entry, i) => entry - t * Ma[i])) / lambda) ** 2;
    for (const t of [-1e-3, 1e-3]) expect(size(t)).toBeGreaterThan(size(0));
  }
});

test('the joint patch exists at a = 0, and λ must be positive and finite', () => {
  const { weight, bias } = patchJointly(W, new Float64Array(4), contextual, 7);
  expect(weight.v).toEqual(new Float64Array(4));
  expect(bias).toEqual(matrixVector(W, contextual));
  for (const lambda of [0, -1, NaN, Infinity]) {
    expect(() => patchJointly(W, a, contextual, lambda)).toThrow(DomainError);
  }
});

test('weight or bias: the bias only where a is 0 or too small, and other errors stay errors', () => {
  expect(patchWeightOrBias(W, a, contextual)).toEqual({
    weight: patchWeight(W, a, contextual),
    bias: null,
  });
  for (const none of [vector(0, -0, 0, 0), vector(5e-324, 0, 0, 0)]) {
    expect(patchWeightOrBias(W, none, contextual)).toEqual({
      weight: null,
      bias: matrixVector(W, contextual),
    });
  }
  expect(() => patchWeightOrBias(W, vector(NaN, 0, 0, 0), contextual)).toThrow(NonFiniteError);
  expect(() => patchWeightOrBias(W, vector(0), contextual)).toThrow(ShapeError);
  expect(() => patchWeightOrBias(W, vector(0), contextual)).toThrow(/^patchWeight:/);
});

test('behind a rectifier each row moves only as far as its rectified value asks', () => {
  // a = (1, 1), a′ = (3, −1): z = w₁ + w₂ + b, z′ = 3w₁ − w₂ + b
  const rows: readonly [w: [number, number], b: number, c: number][] = [
    [[1, 0], 0, 2], //   1 →  3  reach 3
    [[1, 0], -2, 2], // −1 →  1  reach 1
    [[0, 1], 0, -1], //  1 → −1  come down to 0
    [[0, 1], 1, -2], //  2 →  0  come down to 0
    [[0, 1], -5, 0], // −4 → −6  off in both
    [[1, 0], -3, 0], // −2 →  0  off in both
    [[0, 1], -1, 0], //  0 → −2  off in both
  ];
  const W = matrixFromRows(rows.map(([w]) => w));
  const bias = vector(...rows.map(([, b]) => b));
  expect(patchBehindRelu(W, bias, vector(1, 1), vector(3, -1))).toEqual({
    p: vector(...rows.map(([, , c]) => c)),
    v: vector(0.5, 0.5),
  });
});

test('behind a rectifier hidden values are equal, and no row moves further than by Theorem 1', () => {
  let smaller = 0;
  for (let seed = 0; seed < 300; seed++) {
    const { W, base, contextual, bias } = site(seed);
    const patch = patchBehindRelu(W, bias, base, contextual);
    const full = patchWeight(W, base, contextual);
    const moved = applyRankOne(patch, base);
    const [z, target] = [base, contextual].map((x) => matrixVector(W, x));
    z.forEach((entry, i) => {
      const [ours, wanted] = [entry + moved[i] + bias[i], target[i] + bias[i]];
      // Derived: E_z for 5 products of normal draws, below γ_25·100.
      expect(Math.abs(Math.max(ours, 0) - Math.max(wanted, 0))).toBeLessThan(1e-12);
      // p_i of both is rounded: 8u of |z| + |z′| and what cancels, below 1e-13.
      expect(Math.abs(patch.p[i])).toBeLessThanOrEqual(Math.abs(full.p[i]) + 1e-13);
    });
    if (rankOneNorm(patch) < 0.99 * rankOneNorm(full)) smaller++;
  }
  expect(smaller).toBeGreaterThan(200); // measured: 252 of 300
});

test('behind a rectifier a base of 0 and a bias of another length are refused', () => {
  const bias = vector(1, 2);
  expect(() => patchBehindRelu(W, bias, new Float64Array(4), contextual)).toThrow(DegenerateBase);
  expect(() => patchBehindRelu(W, vector(1), a, contextual)).toThrow(/must have 2 entries.*got 1$/);
});

test('weighted patches by hand: S = (4 2; 2 2), a = (6, 4) has S⁻¹a = (1, 1) and aᵀS⁻¹a = 10', () => {
  const two = matrixFromRows([[1, -1]]);
  const of = (S: Matrix, base: Float64Array) => patchWeightedBy(S, two, base, vector(5, 0));
  const S = matrixFromRows([
    [4, 2],
    [2, 2],
  ]);
  expect(of(S, vector(6, 4))).toEqual({ p: vector(3), v: vector(1 / 10, 1 / 10) });
  const diagonal = matrixFromRows([
    [1, 0],
    [0, 4],
  ]);
  expect(of(diagonal, vector(2, 4))).toEqual({ p: vector(7), v: vector(1 / 4, 1 / 8) });
});

test('with S = I the weighted patch is that of Theorem 1', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { W, base, contextual } = site(seed);
    const d = W.cols;
    const I = matrix(d, d);
    for (let j = 0; j < d; j++) I.data[j * d + j] = 1;
    const [ours, theirs] = [
      patchWeightedBy(I, W, base, contextual),
      patchWeight(W, base, contextual),
    ];
    expect(ours.p).toEqual(theirs.p);
    ours.v.forEach((entry, j) => {
      // Derived: both v_j carry at most γ_{2d+1}; d = 5, so 22u and a little more.
      expect(Math.abs(entry - theirs.v[j])).toBeLessThanOrEqual(23 * 2 ** -53 * Math.abs(entry));
    });
  }
});

test('the weighted patch is exact, and of all exact updates disturbs inputs of moment S least', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { W, base, contextual, random } = site(seed);
    const d = W.cols;
    const G = normals(d, d, random);
    const S = matrix(d, d); // GᵀG + I
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < d; k++) {
        S.data[j * d + k] = j === k ? 1 : 0;
        for (let i = 0; i < d; i++) S.data[j * d + k] += G.data[i * d + j] * G.data[i * d + k];
      }
    }
    const patch = patchWeightedBy(S, W, base, contextual);
    applyRankOne(patch, base).forEach((entry, i) => {
      // Derived: γ_{2d} of sizes below 100 (v·a = 1 whatever the error of the solution is).
      expect(Math.abs(entry - patch.p[i])).toBeLessThan(1e-13);
    });
    const M = unseenPart(normals(W.rows, d, random), base);
    const dense = rankOneToMatrix(patch);
    /** tr(X·S·Xᵀ) for X = ΔW + t·M */
    const disturbed = (t: number): number => {
      const X = dense.data.map((entry, k) => entry + t * M.data[k]);
      let sum = 0;
      for (let i = 0; i < W.rows; i++) {
        const row = X.subarray(i * d, (i + 1) * d);
        matrixVector(S, row).forEach((entry, j) => {
          sum += entry * row[j];
        });
      }
      return sum;
    };
    for (const t of [-1e-3, 1e-3]) expect(disturbed(t)).toBeGreaterThan(disturbed(0));
  }
});

test('a moment that is indefinite or of another size, and a base of 0, are refused', () => {
  const two = matrixFromRows([[1, -1]]);
  const S = matrixFromRows([
    [1, 2],
    [2, 1],
  ]);
  const [x, y] = [vector(1, 1), vector(2, 0)];
  expect(() => patchWeightedBy(S, two, x, y)).toThrow(NotPositiveDefinite);
  expect(() => patchWeightedBy(matrix(1, 2), two, x, y)).toThrow(/must be 2x2, got 1x2$/);
  const I = matrixFromRows([
    [1, 0],
    [0, 1],
  ]);
  expect(() => patchWeightedBy(I, two, vector(0, 0), y)).toThrow(DegenerateBase);
});

test('a target by hand: d = (3, −1) at s = (1, 1), in copies', () => {
  const difference = vector(3, -1);
  const patch = patchToTarget(difference, vector(1, 1));
  expect(patch).toEqual({ p: vector(3, -1), v: vector(0.5, 0.5) });
  patch.p.fill(NaN);
  expect(difference).toEqual(vector(3, -1));
  expect(() => patchToTarget(vector(NaN), vector(1))).toThrow(NonFiniteError);
  expect(() => patchToTarget(vector(1), vector(0))).toThrow(DegenerateBase);
});

test('an update too large for float64 is refused by all of them', () => {
  const W = matrixFromRows([[1e308, 1e308]]);
  const I = matrixFromRows([
    [1, 0],
    [0, 1],
  ]);
  const [a, far] = [vector(1, 0), vector(3, 3)];
  for (const attempt of [
    () => patchJointly(W, a, far, 1),
    () => patchBehindRelu(W, vector(0), a, far),
    () => patchWeightedBy(I, W, a, far),
    () => patchToTarget(vector(1), vector(5e-324)),
  ]) {
    expect(attempt).toThrow(DegenerateBase);
  }
});
