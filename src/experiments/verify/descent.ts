/**
 * Implicit dynamics (3.1): W_{i+1} = W_i − h·∇L_i(W_i), and T_{W_i}(x) = T_W(C_i, x).
 *
 * @module
 */
import {
  absoluteProduct,
  type DescentStep,
  gamma,
  type ImplicitDescent,
  implicitDescent,
  patchedProductBound,
  prefixVectors,
} from '../../icl/index.ts';
import { type Matrix, matrix, matrixVector, Random, rankOneToMatrix } from '../../linalg/index.ts';
import { part } from '../../model/index.ts';
import { randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const ABOUT = { theorem: '3.1', layer: 'softmax', block: 'plain', variant: 'form (a)' } as const;

/**
 * The recursion is run literally, W ← fl(W − fl(h·Δ_i)) entry by entry, and W_i·a compared with
 * W_0·A_i. Each of the i steps adds to |W_i·a − W_0·A_i| at most its own rounding, which is that of
 * a patch (Theorem 5, two roundings more for h): the bounds of the steps are summed.
 */
export const descent: Verification = {
  ...ABOUT,
  run(trials, seed) {
    const random = new Random(seed, 31);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { block, parameters, context, query } = randomCase(random);
      const W0 = parameters['mlp.W1'];
      const layer = part(parameters, 'layer');
      const prefixes = prefixVectors(block.layer, layer, context, query);
      const found = implicitDescent(W0, prefixes);
      const bound = stepBounds(W0, prefixes);
      const target = matrixVector(W0, prefixes[prefixes.length - 1]);
      const reached = follow(W0, found, ({ gradient }, _i) => rankOneToMatrix(gradient));
      const z = matrixVector(reached, prefixes[0]);
      const off = z.map((entry, i) => Math.abs(entry - target[i]));
      gatherer.trial({
        observed: Math.max(...off),
        overBound: Math.max(...off.map((entry, i) => (entry === 0 ? 0 : entry / bound[i]))),
      });
      const control = (name: string, direction: (step: DescentStep, i: number) => Matrix): void => {
        const wrong = matrixVector(follow(W0, found, direction), prefixes[0]);
        gatherer.control(name, wrong, target, bound);
      };
      control('gradient ascent', ({ gradient: { p, v } }) =>
        rankOneToMatrix({ p: p.map((entry) => -entry), v }),
      );
      // The gradient of the step before in place of this one's: the index shift of the sources.
      control('L_{i−1} in place of L_i', (_step, i) =>
        i === 0 ? matrix(W0.rows, W0.cols) : rankOneToMatrix(found.steps[i - 1].gradient),
      );
    }
    return gatherer.row(ABOUT);
  },
};

/** W_0 moved by −h·direction at every step. */
function follow(
  W0: Matrix,
  { stepSize, steps }: ImplicitDescent,
  direction: (step: DescentStep, i: number) => Matrix,
): Matrix {
  return steps.reduce((W, step, i) => {
    const { data } = direction(step, i);
    return matrix(
      W.rows,
      W.cols,
      W.data.map((entry, k) => entry - stepSize * data[k]),
    );
  }, W0);
}

function stepBounds(W0: Matrix, prefixes: readonly Float64Array[]): Float64Array {
  const d = W0.cols;
  const a = prefixes[0];
  const last = absoluteProduct(W0, prefixes[prefixes.length - 1]);
  const bound = last.map((entry) => gamma(d + 1) * entry);
  for (let i = 1; i < prefixes.length; i++) {
    // The base of step i is a; its W has entries up to |W_0| + |ΔW_{i−1}|, whose product with |a|
    // is at most |W_0||a| + |W_0||A_{i−1} − a| rounded.
    const step = patchedProductBound(W0, prefixes[i - 1], prefixes[i]);
    const carried = patchedProductBound(W0, a, prefixes[i - 1]);
    const next = patchedProductBound(W0, a, prefixes[i]);
    step.forEach((entry, k) => {
      bound[k] += 2 * (entry + carried[k] + next[k]);
    });
  }
  return bound;
}
