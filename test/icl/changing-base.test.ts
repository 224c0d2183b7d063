import { expect, test } from 'vitest';
import {
  applyFactored,
  changingBase,
  changingBaseBound,
  factoredBound,
  factoredToMatrix,
  implicitDescent,
  suffixVectors,
} from '../../src/icl/index.ts';
import {
  absExact,
  addExact,
  addRankOne,
  compareExact,
  DegenerateBase,
  type Dyadic,
  dotExact,
  exact,
  exactVector,
  type Matrix,
  matrix,
  matrixFromRows,
  matrixVector,
  multiplyExact,
  NonFiniteError,
  norm,
  Random,
  type RankOne,
  Rational,
  rationalDot,
  rowOf,
  ShapeError,
  subtractExact,
} from '../../src/linalg/index.ts';
import { evaluateLayer, part, runBlock } from '../../src/model/index.ts';
import { normalMatrix, randomCase } from '../support/cases.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);
const updatesOf = ({ steps }: ReturnType<typeof changingBase>): RankOne[] =>
  steps.map(({ update }) => update);

/** W and n + 1 vectors, normal or, with `close`, a step of 1e-3 apart. */
function randomPath(seed: number, close = false): { W: Matrix; suffixes: Float64Array[] } {
  const random = new Random(seed, 32);
  const [m, d, n] = [1 + random.integer(5), 1 + random.integer(7), random.integer(9)];
  const W = normalMatrix(m, d, random);
  const suffixes = [normalMatrix(1, d, random).data];
  for (let i = 0; i < n; i++) {
    const fresh = normalMatrix(1, d, random).data;
    suffixes.push(close ? suffixes[i].map((entry, j) => entry + 1e-3 * fresh[j]) : fresh);
  }
  return { W, suffixes };
}

/** (W + Σ p·vᵀ)·x row by row, the stored doubles meant exactly. */
const exactProduct = (W: Matrix, updates: readonly RankOne[], x: Float64Array): Dyadic[] => {
  const point = exactVector(x);
  return Array.from({ length: W.rows }, (_, i) =>
    updates.reduce(
      (sum, { p, v }) => addExact(sum, multiplyExact(exact(p[i]), dotExact(exactVector(v), point))),
      dotExact(exactVector(rowOf(W, i)), point),
    ),
  );
};

test('a path by hand: W = (1 2), a = (2, 3), (1, 1), (1, 0)', () => {
  const W = matrixFromRows([[1, 2]]);
  const { target, steps, conditionFactor } = changingBase(W, [of(2, 3), of(1, 1), of(1, 0)]);
  expect(target).toEqual(of(8));
  // δ = (1, 2), p = W·δ = 5, v = (½, ½): W_1 = (3.5, 4.5); then δ = (0, 1), p = 4.5, v = (1, 0).
  expect(steps.map(({ update }) => update)).toEqual([
    { p: of(5), v: of(0.5, 0.5) },
    { p: of(4.5), v: of(1, 0) },
  ]);
  expect(factoredToMatrix(W, updatesOf({ target, steps, conditionFactor }))).toEqual(
    matrixFromRows([[8, 4.5]]),
  );
  // W·a_1 = 3 misses t by −5, W_1·a_2 = 3.5 by −4.5.
  expect(steps.map(({ gradient }) => gradient)).toEqual([
    { p: of(-5), v: of(1, 1) },
    { p: of(-4.5), v: of(1, 0) },
  ]);
  expect(steps.map(({ lossBefore, lossAfter }) => [lossBefore, lossAfter])).toEqual([
    [12.5, 0],
    [10.125, 0],
  ]);
  expect(steps.map(({ stepSize, removed }) => [stepSize, removed])).toEqual([
    [0.5, [0]],
    [1, [1]],
  ]);
  // (1 + √5/√2)·(1 + 1/1): each norm and quotient is off by a few units in the last place.
  expect(conditionFactor).toBeCloseTo((1 + Math.sqrt(2.5)) * 2, 14);
  // The fixed base gives (8 2): another matrix, the same product with a_2.
  const fixed = implicitDescent(W, [of(1, 0), of(1, 1), of(2, 3)]);
  expect(addRankOne(W, fixed.steps[1].update)).toEqual(matrixFromRows([[8, 2]]));
});

test('every W_i is exact at its own base within the bound, judged without rounding', () => {
  for (let seed = 0; seed < 60; seed++) {
    const { W, suffixes } = randomPath(seed, seed % 3 === 0);
    const found = changingBase(W, suffixes);
    const bounds = changingBaseBound(W, suffixes, found.steps);
    const target = exactProduct(W, [], suffixes[0]);
    found.steps.forEach(({ base }, i) => {
      const updates = updatesOf(found).slice(0, i + 1);
      const evaluated = applyFactored(W, updates, base);
      exactProduct(W, updates, base).forEach((entry, r) => {
        const bound = exact(bounds[i][r]);
        expect(compareExact(absExact(subtractExact(entry, target[r])), bound)).not.toBe(1);
        const off = absExact(subtractExact(exact(evaluated[r]), target[r]));
        expect(compareExact(off, bound)).not.toBe(1);
        // The evaluation alone, and the bound is no more than a few thousand units of what is summed.
        const own = absExact(subtractExact(exact(evaluated[r]), entry));
        const allowed = exact(factoredBound(W, updates, base)[r]);
        expect(compareExact(own, allowed)).not.toBe(1);
        const size = norm(W.data) * found.conditionFactor * Math.max(...suffixes.map(norm));
        expect(bounds[i][r]).toBeLessThanOrEqual(1e-12 * size);
      });
    });
  }
});

test('a patch 0.1% off, of the other sign, or along the wrong base leaves the bound', () => {
  const off = (W: Matrix, updates: RankOne[], x: Float64Array, t: Float64Array): number =>
    Math.max(...applyFactored(W, updates, x).map((entry, r) => Math.abs(entry - t[r])));
  for (let seed = 0; seed < 60; seed++) {
    const { W, suffixes } = randomPath(seed);
    const found = changingBase(W, suffixes);
    const last = found.steps.length - 1;
    if (last < 0 || norm(found.steps[last].update.p) < 0.05) continue;
    const bound = Math.max(...changingBaseBound(W, suffixes, found.steps)[last]);
    const { p, v } = found.steps[last].update;
    const wrong: RankOne[] = [
      { p: p.map((entry) => 1.001 * entry), v },
      { p: p.map((entry) => -entry), v },
      { p, v: v.map((entry) => entry * (1 - 1e-8)) },
    ];
    for (const update of wrong) {
      const updates = [...updatesOf(found).slice(0, -1), update];
      expect(off(W, updates, suffixes[last + 1], found.target)).toBeGreaterThan(bound);
    }
  }
});

test('in fractions W_0·Π(I + h_i·A_i) sends a_n to W_0·a_0, and the determinants are ⟨a_{i−1}, a_i⟩/‖a_i‖²', () => {
  const random = new Random(4, 32);
  const draw = (n: number): Rational[] =>
    Array.from({ length: n }, () => Rational.of(random.normal()));
  const product = (A: Rational[][], B: Rational[][]): Rational[][] =>
    A.map((row) =>
      B[0].map((_, j) =>
        rationalDot(
          row,
          B.map((each) => each[j]),
        ),
      ),
    );
  const determinant = ([[a, b], [c, d]]: Rational[][]): Rational => a.times(d).minus(b.times(c));
  for (let round = 0; round < 20; round++) {
    const a = Array.from({ length: 4 }, () => draw(2));
    let W = [draw(2), draw(2), draw(2)];
    const target = W.map((row) => rationalDot(row, a[0]));
    for (let i = 1; i < a.length; i++) {
      const N = rationalDot(a[i], a[i]);
      const one = (r: number, c: number): Rational => new Rational(r === c ? 1n : 0n);
      const step = a[i].map((_, r) =>
        a[i].map((entry, c) => one(r, c).plus(a[i - 1][r].minus(a[i][r]).times(entry).over(N))),
      );
      expect(determinant(step).toString()).toBe(
        rationalDot(a[i - 1], a[i])
          .over(N)
          .toString(),
      );
      W = product(W, step);
      expect(W.map((row) => String(rationalDot(row, a[i])))).toEqual(target.map(String));
    }
    // The doubles that the library returns are those fractions up to rounding: 1e-12 of the size, as above.
    const suffixes = a.map((x) => Float64Array.from(x, (entry) => entry.toNumber()));
    const start = matrix(1, 2, suffixes[0].slice());
    const { steps, conditionFactor } = changingBase(start, suffixes);
    for (const { factor, base } of steps) {
      const before = base.map((entry, j) => entry + factor.p[j]);
      const det = 1 + factor.p[0] * factor.v[0] + factor.p[1] * factor.v[1];
      const expected = (before[0] * base[0] + before[1] * base[1]) / norm(base) ** 2;
      expect(Math.abs(det - expected)).toBeLessThanOrEqual(1e-14 * conditionFactor);
    }
  }
});

test('on a block every suffix gives the contextual pre-activation, with its own W_i', () => {
  const random = new Random(5, 32);
  for (let round = 0; round < 12; round++) {
    const { block, parameters, context, query } = randomCase(random);
    const W = parameters['mlp.W1'];
    const layer = part(parameters, 'layer');
    const suffixes = suffixVectors(block.layer, layer, context, query);
    const nothing = matrix(0, context.cols);
    expect(suffixes[0]).toEqual(evaluateLayer(block.layer, layer, context, query));
    expect(suffixes[context.rows]).toEqual(evaluateLayer(block.layer, layer, nothing, query));
    const found = changingBase(W, suffixes);
    const contextual = runBlock(block, parameters, context, query);
    const updates = updatesOf(found);
    const bounds = changingBaseBound(W, suffixes, found.steps);
    found.steps.forEach(({ removed }, i) => {
      const from = (removed[removed.length - 1] + 1) * context.cols;
      const rest = matrix(
        context.rows - from / context.cols,
        context.cols,
        context.data.slice(from),
      );
      const changed = factoredToMatrix(W, updates.slice(0, i + 1));
      const run = runBlock(block, { ...parameters, 'mlp.W1': changed }, rest, query);
      // Dense: 2K more roundings of every entry of |W| + Σ|p||v|; with b after the sum and the target's own.
      const { data: b } = parameters['mlp.b1'];
      const size = updates.reduce((sum, { p, v }) => sum + norm(p) * norm(v), norm(W.data));
      run.preActivation.forEach((entry, r) => {
        const allowed =
          bounds[i][r] +
          100 * 2 ** -53 * (size * norm(suffixes[i + 1]) + Math.abs(b[r])) +
          40 * 2 ** -53 * norm(W.data) * norm(suffixes[0]);
        expect(Math.abs(entry - contextual.preActivation[r])).toBeLessThanOrEqual(allowed);
      });
    });
  }
});

test('steps are merged where a base is 0, and only there', () => {
  const W = matrixFromRows([[1, 2]]);
  const path = [of(2, 3), of(0, 0), of(-0, 0), of(1, 1), of(0, 0), of(1, 0)];
  const { steps } = changingBase(W, path);
  expect(steps.map(({ removed }) => removed)).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
  expect(updatesOf({ target: of(), steps, conditionFactor: 1 })).toEqual(
    updatesOf(changingBase(W, [of(2, 3), of(1, 1), of(1, 0)])),
  );
  // a_0 = 0 is no base: t = 0, and W_1 sends a_1 to 0.
  const silent = changingBase(W, [of(0, 0), of(1, 1)]);
  expect(applyFactored(W, updatesOf(silent), of(1, 1))).toEqual(of(0));
});

test('a base of 0 at the end is refused unless t = 0, which is decided without rounding', () => {
  const W = matrixFromRows([[1, 2]]);
  expect(() => changingBase(W, [of(2, 3), of(1, 1), of(0, 0)])).toThrow(DegenerateBase);
  const { steps } = changingBase(W, [of(2, -1), of(1, 1), of(0, 0)]);
  expect(steps.map(({ removed }) => removed)).toEqual([[0]]);
  // 2⁻¹⁰⁷⁴·½ underflows to 0 in doubles and is not 0.
  const tiny = matrixFromRows([[Number.MIN_VALUE]]);
  expect(matrixVector(tiny, of(0.5))).toEqual(of(0));
  expect(() => changingBase(tiny, [of(0.5), of(0)])).toThrow(/unless W sends the one with context/);
});

test('the condition factor bounds the growth of W, and a short base shows it', () => {
  for (let seed = 0; seed < 40; seed++) {
    const { W, suffixes } = randomPath(seed);
    const found = changingBase(W, suffixes);
    const last = factoredToMatrix(W, updatesOf(found));
    expect(norm(last.data)).toBeLessThanOrEqual(norm(W.data) * found.conditionFactor * (1 + 1e-12));
  }
  const W = matrixFromRows([[1, 2]]);
  const { conditionFactor } = changingBase(W, [of(1, 1), of(1e-6, 0), of(0, 1)]);
  expect(conditionFactor).toBeGreaterThan(2e6);
});

test('a condition factor of 1e15 is no error of 1e15: errors add up, they are not multiplied', () => {
  const random = new Random(5, 1);
  const W = normalMatrix(4, 6, random);
  const suffixes = Array.from({ length: 41 }, () => normalMatrix(1, 6, random).data);
  const found = changingBase(W, suffixes);
  const z = applyFactored(W, updatesOf(found), suffixes[40]);
  const error = norm(z.map((entry, r) => entry - found.target[r])) / norm(found.target);
  expect(found.conditionFactor).toBeGreaterThan(1e15);
  // Measured: growth 1.3, error 3e-15.
  const last = factoredToMatrix(W, updatesOf(found));
  expect(norm(last.data)).toBeLessThan(2 * norm(W.data));
  expect(error).toBeLessThan(1e-14);
});

test('nothing read, no vector, other lengths and NaN', () => {
  const W = matrixFromRows([[1, 2]]);
  expect(changingBase(W, [of(3, 1)])).toEqual({ target: of(5), steps: [], conditionFactor: 1 });
  expect(() => changingBase(W, [])).toThrow(ShapeError);
  expect(() => changingBase(W, [of(1, 1), of(1)])).toThrow(ShapeError);
  expect(() => changingBase(W, [of(1, NaN), of(1, 1)])).toThrow(NonFiniteError);
  // Where nothing changes, nothing is added, in every bit.
  const [same] = updatesOf(changingBase(W, [of(1, 3), of(1, 3)]));
  expect(Object.is(same.p[0], 0)).toBe(true);
});
