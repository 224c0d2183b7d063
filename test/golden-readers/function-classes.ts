/**
 * function_classes: labels of every class, the skewed inputs, and every baseline on every prefix.
 *
 * @module
 */
import { type Matrix, matrix, multiply } from '../../src/linalg/index.ts';
import {
  averagingBaseline,
  lasso,
  lassoBaseline,
  leastSquaresBaseline,
  nearestNeighboursBaseline,
  predictPrefixes,
  ridgeBaseline,
} from '../../src/model/baselines/index.ts';
import {
  covarianceTransform,
  decisionTree,
  halfSpace,
  linearFunction,
  noisyLabels,
  quadraticFunction,
  reluNetwork,
  renormalisedLabels,
  type ScalarFunction,
} from '../../src/model/function-classes/index.ts';
import {
  type Agreement,
  byMagnitude,
  type Golden,
  rowsOf,
  toMatrix,
  toRow,
  toVector,
} from '../support/golden.ts';

/** The file states no deviation. Nothing, the lasso included, needs more than this. */
export const tolerance = (): typeof byMagnitude => byMagnitude;

/** The baselines by the names of the file. */
const BASELINES = {
  least_squares: leastSquaresBaseline,
  averaging: averagingBaseline,
  knn3: nearestNeighboursBaseline(3),
  'ridge_0.5': ridgeBaseline(0.5),
  'lasso_0.1': lassoBaseline({ alpha: 0.1 }),
};

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const X = toMatrix(inputs.xs);
  for (const [name, labels] of Object.entries(labelsOf(inputs, X))) {
    agreement.close(`ys.${name}`, labels, outputs.ys[name]);
  }
  agreement.same('classes', Object.keys(outputs.ys).length, 8);

  const t = covarianceTransform(toMatrix(inputs.U), toVector(inputs.eigenvalues));
  agreement.close('skew_transform', rowsOf(t), outputs.skew_transform);
  agreement.close('skew_x0', multiply(toRow(inputs.xs[0]), t).data, outputs.skew_x0);

  for (const [name, golden] of Object.entries<Golden>(outputs.predictions)) {
    const y = toVector(outputs.ys[name]);
    for (const [baseline, predictions] of Object.entries(golden)) {
      if (baseline === '_lasso_kkt_residual') continue; // That of the independent program.
      const ours = BASELINES[baseline as keyof typeof BASELINES];
      agreement.close(
        `${name}.${baseline}`,
        ours && predictPrefixes(ours, X, y),
        predictions as number[],
      );
    }
    for (let i = 1; i < X.rows; i++) {
      const pairs = matrix(i, X.cols, X.data.slice(0, i * X.cols));
      const { kktResidual } = lasso(pairs, y.slice(0, i), { alpha: 0.1 });
      // Rounding level: 17·u·(α + max‖X_j‖·(‖y‖ + Σ‖X_k‖·|w_k|)/i), the parenthesis at most 21.1.
      agreement.holds(`${name}: KKT residual of ${i} pairs`, kktResidual <= 4e-14);
    }
  }
}

/** The labels of every class, by the names of the file. */
function labelsOf(inputs: Golden, X: Matrix): Record<string, Float64Array> {
  const on = (f: ScalarFunction): Float64Array =>
    Float64Array.from(inputs.xs as number[][], (x) => f(toVector(x)));
  const inner = 2 ** inputs.tree_depth - 1;
  const linear = on(linearFunction(toVector(inputs.w)));
  const noisy = noisyLabels(linear, toVector(inputs.noise), 1);
  return {
    linear,
    sparse: on(linearFunction(toVector(inputs.w_sparse))),
    quadratic: on(quadraticFunction(toVector(inputs.w))),
    relu2nn: on(reluNetwork(toMatrix(inputs.relu_W1), toVector(inputs.relu_W2))),
    tree: on(
      decisionTree({
        dimension: X.cols,
        coordinates: inputs.tree_coord.slice(0, inner),
        leaves: toVector(inputs.tree_val.slice(inner)),
      }),
    ),
    classification: on(halfSpace(toVector(inputs.w))),
    noisy_raw: noisy,
    noisy_renorm: renormalisedLabels([noisy], X.cols)[0],
  };
}
