/**
 * Both forms of the dynamics as descent on least squares (3.1, 3.2): l_i(W) = ½‖W·x_i − t_i‖², every step
 * of which lands on its zero.
 *
 * @module
 */
import {
  absoluteProduct,
  applyFactored,
  implicitDescent,
  leastSquaresBound,
  leastSquaresDescent,
  prefixVectors,
  productBound,
  residual,
  suffixVectors,
} from '../../icl/index.ts';
import {
  DegenerateBase,
  gamma,
  type Matrix,
  matrixVector,
  norm,
  Random,
  type RankOne,
  subtract,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import { part } from '../../model/index.ts';
import { randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** One path: what W is to send where, and the gradients that the form states, with their bound. */
interface Path {
  readonly W: Matrix;
  readonly inputs: readonly Float64Array[];
  readonly targets: readonly Float64Array[];
  readonly stated: readonly { readonly p: Float64Array; readonly bound: Float64Array }[];
}

type Draw = ReturnType<typeof randomCase>;

/** Inputs a, targets W_0·A_{i+1}; the gradients are Δ_i = W_0·(A_i − A_{i+1})·aᵀ. */
function formA({ block, parameters, context, query }: Draw): Path {
  const W = parameters['mlp.W1'];
  const prefixes = prefixVectors(block.layer, part(parameters, 'layer'), context, query);
  const targets = prefixes.slice(1).map((next) => matrixVector(W, next));
  const stated = implicitDescent(W, prefixes).steps.map(({ gradient: { p } }, i) => {
    // W_0·(A_i − A_{i+1}) against fl(W_0·A_i) − fl(W_0·A_{i+1}), of which the first is a step's target.
    const delta = absoluteProduct(W, subtract(prefixes[i], prefixes[i + 1]));
    const [one, other] = [prefixes[i], prefixes[i + 1]].map((x) => productBound(W, x));
    const bound = p.map((entry, r) => {
      const difference = gamma(W.cols + 2) * delta[r] + 2 * UNIT_ROUNDOFF * Math.abs(entry);
      return one[r] + other[r] + difference;
    });
    return { p, bound };
  });
  return { W, inputs: targets.map(() => prefixes[0]), targets, stated };
}

/** Inputs a_1 … a_n, one target W_0·a_0. */
function formB({ block, parameters, context, query }: Draw): Path {
  const W = parameters['mlp.W1'];
  const suffixes = suffixVectors(block.layer, part(parameters, 'layer'), context, query);
  const target = matrixVector(W, suffixes[0]);
  const inputs = suffixes.slice(1);
  return { W, inputs, targets: inputs.map(() => target), stated: [] };
}

/** W·x_i at the end of step i, for all i; with each update changed on the way. */
function landed(
  { W, inputs }: Path,
  updates: readonly RankOne[],
  change: (update: RankOne) => RankOne = (update) => update,
): Float64Array {
  const changed = updates.map(change);
  return joined(inputs.map((x, i) => applyFactored(W, changed.slice(0, i + 1), x)));
}

const joined = (x: readonly Float64Array[]): Float64Array =>
  Float64Array.from(x.flatMap((each) => Array.from(each)));

function leastSquares(theorem: string, variant: string, path: (drawn: Draw) => Path): Verification {
  return {
    ...{ theorem, variant, layer: 'softmax', block: 'plain' },
    title: 'an honest objective: least squares',
    run(trials, seed) {
      const random = new Random(seed, theorem === '3.1' ? 311 : 321);
      const gatherer = new RowGatherer();
      for (let trial = 0; trial < trials; trial++) {
        const drawn = path(randomCase(random));
        const { W, inputs, targets, stated } = drawn;
        const steps = leastSquaresDescent(W, inputs, targets);
        const updates = steps.map(({ update }) => update);
        const bounds = leastSquaresBound(W, inputs, steps);
        const [target, bound] = [joined(targets), joined(bounds)];
        const reached = residual(landed(drawn, updates), target, bound);
        const gradients = stated.map(({ p, bound: own }, i) => {
          const before = bounds[i - 1] ?? productBound(W, inputs[i]);
          const allowed = own.map((entry, r) => entry + before[r]);
          return residual(steps[i].gradient.p, p, allowed);
        });
        gatherer.trial({
          observed: Math.max(reached.observed, ...gradients.map(({ observed }) => observed)),
          overBound: Math.max(reached.overBound, ...gradients.map(({ overBound }) => overBound)),
        });
        gatherer.refuse(DegenerateBase, () =>
          leastSquaresDescent(W, [inputs[0].map(() => 0)], targets.slice(0, 1)),
        );
        // Where the last token has next to no effect its step cannot be wrong.
        const last = updates[updates.length - 1];
        if (norm(last.p) < norm(targets[targets.length - 1]) / 100) continue;
        for (const [name, factor] of [
          ['gradient ascent', -1],
          ['half the step', 0.5],
          ['a step 0.1% long', 1.001],
        ] as const) {
          const wrong = landed(drawn, updates, ({ p, v }) => ({ p: p.map((x) => factor * x), v }));
          gatherer.control(name, wrong, target, bound);
        }
      }
      return gatherer.row(this);
    },
  };
}

export const LEAST_SQUARES: readonly Verification[] = [
  leastSquares('3.1', 'form (a), least squares', formA),
  leastSquares('3.2', 'form (b), least squares', formB),
];
