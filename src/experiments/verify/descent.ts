/**
 * Implicit dynamics (3.1): W_{i+1} = W_i − h·∇L_i(W_i), and T_{W_i}(x) = T_W(C_i, x).
 *
 * @module
 */
import {
  absoluteProduct,
  type DescentStep,
  type ImplicitDescent,
  implicitDescent,
  prefixVectors,
  residual,
} from '../../icl/index.ts';
import {
  gamma,
  type Matrix,
  matrix,
  matrixVector,
  norm,
  Random,
  rankOneToMatrix,
  subtract,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import { part } from '../../model/index.ts';
import { randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const ABOUT = {
  theorem: '3.1',
  title: 'reading is gradient descent',
  layer: 'softmax',
  block: 'plain',
  variant: 'form (a)',
} as const;

/**
 * The recursion is run literally, W ← fl(W − fl(h·Δ_i)) entry by entry, and W_n·a compared with
 * W_0·A_n.
 *
 * Bound. p = fl(W_0·fl(A_i − A_{i+1})) carries θ_{d+1}, h = v·v with v_j = a_j/‖a‖²(1 + θ_{2d+1})
 * carries θ_{5d+2}, and forming p·a_j, h·Δ and the difference three roundings more. Since
 * Σ_j h·a_j² = 1, step i adds at most u·|W_i||a| + γ_{6d+6}·|W_0||A_i − A_{i+1}| to the error. Add
 * γ_d·|W_n||a| and γ_d·|W_0||A_n| for evaluating both sides.
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
      const target = matrixVector(W0, prefixes[prefixes.length - 1]);
      const path = follow(W0, found, ({ gradient }) => rankOneToMatrix(gradient));
      const bound = pathBound(path, prefixes);
      const z = matrixVector(path[path.length - 1], prefixes[0]);
      gatherer.trial(residual(z, target, bound));
      const control = (name: string, direction: (step: DescentStep, i: number) => Matrix): void => {
        const wrong = follow(W0, found, direction);
        const end = matrixVector(wrong[wrong.length - 1], prefixes[0]);
        gatherer.control(name, end, target, bound);
      };
      if (norm(subtract(target, matrixVector(W0, prefixes[0]))) < norm(target) / 100) continue;
      control('gradient ascent', ({ gradient: { p, v } }) =>
        rankOneToMatrix({ p: p.map((entry) => -entry), v }),
      );
      // Where the last token has next to no effect the shift by one has none either.
      const last = found.steps[found.steps.length - 1];
      if (last.marginalNorm * norm(prefixes[0]) < norm(target) / 100) continue;
      // The gradient of the step before in place of this one's: the index shift of the sources.
      control('L_{i−1} in place of L_i', (_step, i) =>
        i === 0 ? matrix(W0.rows, W0.cols) : rankOneToMatrix(found.steps[i - 1].gradient),
      );
    }
    return gatherer.row(ABOUT);
  },
};

/** W_0, W_1, …: each moved from the one before by −h·direction. */
function follow(
  W0: Matrix,
  { stepSize, steps }: ImplicitDescent,
  direction: (step: DescentStep, i: number) => Matrix,
): Matrix[] {
  const path = [W0];
  steps.forEach((step, i) => {
    const { data } = direction(step, i);
    path.push(
      matrix(
        W0.rows,
        W0.cols,
        path[i].data.map((entry, k) => entry - stepSize * data[k]),
      ),
    );
  });
  return path;
}

function pathBound(path: readonly Matrix[], prefixes: readonly Float64Array[]): Float64Array {
  const [W0] = path;
  const [a] = prefixes;
  const d = W0.cols;
  const last = path.length - 1;
  const bound = new Float64Array(W0.rows);
  const add = (factor: number, W: Matrix, x: Float64Array): void => {
    absoluteProduct(W, x).forEach((entry, i) => {
      bound[i] += factor * entry;
    });
  };
  for (let i = 0; i < last; i++) {
    add(UNIT_ROUNDOFF, path[i], a);
    add(gamma(6 * d + 6), W0, subtract(prefixes[i], prefixes[i + 1]));
  }
  add(gamma(d), path[last], a);
  add(gamma(d), W0, prefixes[last]);
  return bound.map((entry) => entry * (1 + gamma(d + 4 * last + 8))); // its own rounding
}
