/**
 * A base that is not seen as it was (9.4), and the patch in twice the precision (9.6), each on sites of all
 * scales and against targets that are not rounded.
 *
 * @module
 */
import {
  applyDoubleDouble,
  applyFactored,
  type DoubleDoublePatch,
  doubleDoubleBound,
  patchedProductBound,
  patchInDoubleDouble,
  patchWeight,
  perturbedBaseBound,
  residual,
} from '../../icl/index.ts';
import {
  absExact,
  addExact,
  type Dyadic,
  dotExact,
  dyadicToNumber,
  exact,
  exactVector,
  type Matrix,
  matrix,
  norm,
  powerOfTwo,
  Random,
  rowOf,
  subtract,
  subtractExact,
} from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** W, a and a′; ‖a‖ from 1e-8 to 1e8 times ‖a′‖, and all of it from 1e-150 to 1e150. */
function drawSite(random: Random): { W: Matrix; base: Float64Array; contextual: Float64Array } {
  const [m, d] = [2 + random.integer(4), 2 + random.integer(20)];
  const draw = (rows: number, exponent: number): Matrix => {
    const { cols, data } = normalMatrix(rows, d, random);
    return matrix(
      rows,
      cols,
      data.map((entry) => entry * powerOfTwo(exponent)),
    );
  };
  const scale = random.integer(1000) - 500;
  const W = draw(m, random.integer(100) - 50);
  return {
    W,
    base: draw(1, scale + random.integer(53) - 26).data,
    contextual: draw(1, scale).data,
  };
}

/** W·x, each entry exactly. */
function exactProduct(W: Matrix, x: Float64Array): Dyadic[] {
  const at = exactVector(x);
  return Array.from({ length: W.rows }, (_, i) => dotExact(exactVector(rowOf(W, i)), at));
}

/** |hi + lo − target|, correctly rounded. */
const distances = (hi: Float64Array, lo: Float64Array, target: readonly Dyadic[]): Float64Array =>
  Float64Array.from(target, (entry, i) =>
    dyadicToNumber(absExact(subtractExact(addExact(exact(hi[i]), exact(lo[i])), entry))),
  );

const zeros = ({ length }: ArrayLike<unknown>): Float64Array => new Float64Array(length);

const perturbedBase: Verification = {
  theorem: '9.4',
  title: 'the bound for a base that is not seen as it was',
  layer: null,
  block: null,
  variant: 'perturbed base',
  run(trials, seed) {
    const random = new Random(seed, 94);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { W, base, contextual } = drawSite(random);
      const e = normalMatrix(1, base.length, random).data;
      const moved = (size: number): Float64Array =>
        base.map((entry, j) => entry + entry * size * e[j]);
      const target = exactProduct(W, contextual);
      const off = (value: Float64Array): Float64Array => distances(value, zeros(value), target);
      // From the last digit to a billionth.
      const seen = moved(powerOfTwo(-30 - random.integer(23)));
      const patch = patchWeight(W, base, contextual);
      const bound = perturbedBaseBound(W, base, contextual, seen);
      gatherer.trial(residual(off(applyFactored(W, [patch], seen)), zeros(bound), bound));
      const narrow = patchedProductBound(W, base, contextual);
      const far = off(applyFactored(W, [patch], moved(1e-3)));
      gatherer.control('the perturbation overlooked', far, zeros(narrow), narrow);
      const wrong = { p: patch.p.map((entry) => 1.01 * entry), v: patch.v };
      // Where a is far longer than δ is not the patch, but W·e is what counts.
      if (norm(subtract(contextual, base)) < norm(base) / 10) continue;
      gatherer.control('p 1% off', off(applyFactored(W, [wrong], seen)), zeros(bound), bound);
    }
    return gatherer.row(this);
  },
};

const doubleDouble: Verification = {
  theorem: '9.6',
  title: 'the patch formed and applied in double-double',
  layer: null,
  block: null,
  variant: 'double-double',
  run(trials, seed) {
    const random = new Random(seed, 96);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { W, base, contextual } = drawSite(random);
      const target = exactProduct(W, contextual);
      const bound = doubleDoubleBound(W, base, contextual);
      const off = (patch: DoubleDoublePatch): Float64Array => {
        const { hi, lo } = applyDoubleDouble(patch, base);
        return distances(hi, lo, target);
      };
      const patch = patchInDoubleDouble(W, base, contextual);
      gatherer.trial(residual(off(patch), zeros(bound), bound));
      const { M } = patch;
      const cut = { ...patch, M: { hi: M.hi, lo: matrix(M.lo.rows, M.lo.cols) } };
      gatherer.control('lower parts dropped', off(cut), zeros(bound), bound);
      const plain = applyFactored(W, [patchWeight(W, base, contextual)], base);
      const inDoubles = distances(plain, zeros(plain), target);
      gatherer.control('in doubles', inDoubles, zeros(bound), bound);
    }
    return gatherer.row(this);
  },
};

export const PRECISION: readonly Verification[] = [perturbedBase, doubleDouble];
