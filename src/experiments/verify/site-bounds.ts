/**
 * Theorem 5 (9.2): the bound itself, on sites made to strain it.
 *
 * @module
 */
import {
  type Application,
  exactErrorOverBound,
  patchedProductBound,
  patchWeight,
  residual,
} from '../../icl/index.ts';
import {
  addRankOne,
  applyRankOne,
  DegenerateBase,
  dotExact,
  dyadicToNumber,
  exactVector,
  type Matrix,
  matrixVector,
  norm,
  powerOfTwo,
  Random,
  rowOf,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** How base and contextual vector are drawn: scales, near-equality and near-parallelism. */
const CLASSES: readonly ((a: Float64Array, b: Float64Array, random: Random) => Float64Array[])[] = [
  (a, b) => [a, b],
  (a, b, random) => [times(a, powerOfTwo(-random.integer(500))), b],
  (a, b, random) => [times(a, powerOfTwo(random.integer(500))), b],
  (a) => [a, a.map((entry) => entry * (1 + 2 * UNIT_ROUNDOFF))],
  (a, b) => [a, a.map((entry, j) => 3 * entry + 1e-9 * b[j])],
  (a, b) => [times(a, 1e8), b],
];

const times = (x: Float64Array, factor: number): Float64Array => x.map((entry) => factor * entry);

/** The residual is measured against W·a' correctly rounded from BigInt, not against a float. */
export function siteBounds(application: Application): Verification {
  const about = {
    theorem: '9.2',
    title: 'the rounding bound, on sites of scale 1e-150 to 1e150',
    layer: null,
    block: null,
    variant: application,
  };
  return {
    ...about,
    run(trials, seed) {
      const random = new Random(seed, 92);
      const gatherer = new RowGatherer();
      for (let trial = 0; trial < trials; trial++) {
        const d = 1 + random.integer(40);
        const W = normalMatrix(1 + random.integer(6), d, random);
        const [x, y] = [0, 1].map(() => normalMatrix(1, d, random).data);
        const [a, contextual] = CLASSES[trial % CLASSES.length](x, y, random);
        const patch = patchWeight(W, a, contextual);
        const value =
          application === 'dense'
            ? matrixVector(addRankOne(W, patch), a)
            : sum(matrixVector(W, a), applyRankOne(patch, a));
        const target = exactProduct(W, contextual);
        const bound = patchedProductBound(W, a, contextual);
        // The target is rounded once, by half an ulp.
        const allowed = bound.map((entry, i) => entry + UNIT_ROUNDOFF * Math.abs(target[i]));
        gatherer.trial(residual(value, target, allowed));
        gatherer.exactError(exactErrorOverBound(W, a, contextual, patch, application));
        // A tenth of a percent off, where there is anything to be off.
        const { p, v } = patch;
        const scaled = { p: times(p, 1.001), v };
        const moved = applyRankOne(scaled, a);
        if (norm(p) >= norm(matrixVector(W, a)) / 1000) {
          gatherer.control('p 0.1% off', sum(matrixVector(W, a), moved), target, allowed);
        }
        gatherer.refuse(DegenerateBase, () => patchWeight(W, new Float64Array(d), contextual));
      }
      return gatherer.row(about);
    },
  };
}

const sum = (x: Float64Array, y: Float64Array): Float64Array => x.map((entry, i) => entry + y[i]);

/** W·x, each entry correctly rounded. */
function exactProduct(W: Matrix, x: Float64Array): Float64Array {
  const exactX = exactVector(x);
  return Float64Array.from({ length: W.rows }, (_, i) =>
    dyadicToNumber(dotExact(exactVector(rowOf(W, i)), exactX)),
  );
}
