/**
 * One layer of linear attention is one step of gradient descent on the examples in its context.
 *
 *   paper     here                 meaning
 *   y_j       –                    (x_j; t_j), the tokens of the examples
 *   ω_0, ω_1  omega, squaredErrorStep(…)   the weights of a linear model before and after the step
 *   L         –                    ½·Σ_j (ω·x_j − t_j)²
 *   W         (ω_0ᵀ, −1)           the first row of the perceptron
 *
 * Source: J. von Oswald et al., arXiv:2212.07677, Proposition 1; arXiv:2507.16003v3, Proposition 2.6. The
 * sign is corrected: with values +y_j, as quoted there, the layer ascends.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, type RankOne, requireVector } from '../linalg/index.ts';
import {
  evaluateLayer,
  linearAttentionLayer,
  type Parameters,
  sequenceOf,
} from '../model/index.ts';
import { patchWeight } from './patch-weight.ts';

/** n pairs (x_j, t_j) of a regression: inputs n×d, n labels. */
export interface Examples {
  readonly inputs: Matrix;
  readonly labels: Float64Array;
}

/**
 * The examples as context tokens (x_j; t_j), n×(d + 1).
 *
 * @throws DomainError if there are not as many labels as inputs. @throws as `sequenceOf`.
 */
export function exampleTokens({ inputs, labels }: Examples): Matrix {
  requireVector('exampleTokens', 'the labels', labels);
  if (labels.length !== inputs.rows) {
    throw new DomainError(
      `exampleTokens: a label for each input is required, got ${inputs.rows} inputs and ` +
        `${labels.length} labels`,
    );
  }
  const d = inputs.cols;
  const tokens = matrix(inputs.rows, d + 1);
  for (let j = 0; j < inputs.rows; j++) {
    tokens.data.set(inputs.data.subarray(j * d, (j + 1) * d), j * (d + 1));
    tokens.data[j * (d + 1) + d] = labels[j];
  }
  return tokens;
}

/**
 * The parameters of `linearAttentionLayer` that make it a gradient step: Wq = Wk = diag(I_d, 0) reads the
 * inputs, Wv = −η·I writes with the sign of descent.
 *
 * Shapes: (d + 1)×(d + 1) each.
 */
export function gradientStepParameters(inputs: number, eta: number): Parameters {
  const diagonal = (entry: (i: number) => number): Matrix => {
    const m = matrix(inputs + 1, inputs + 1);
    for (let i = 0; i <= inputs; i++) m.data[i * (inputs + 2)] = entry(i);
    return m;
  };
  const select = (i: number): number => (i < inputs ? 1 : 0);
  return { Wq: diagonal(select), Wk: diagonal(select), Wv: diagonal(() => -eta) };
}

/** The step as the layer takes it, and as a patch. */
export interface GradientStep {
  /** z = (x; 0) + A(C, x), the residual stream after the layer. */
  readonly contextual: Float64Array;
  /** W·z = ω_1·x. */
  readonly prediction: number;
  /** ΔW(C) for W = (ω_0ᵀ, −1) on the base (x; 0): (((ω_1 − ω_0)·x)·xᵀ/‖x‖², 0), 1×(d + 1). */
  readonly patch: RankOne;
}

/**
 * The layer with `gradientStepParameters`, self excluded, residual kept, read by W = (ω_0ᵀ, −1).
 *
 *   z(C, x) = (x; 0) − η·Σ_j y_j·(x_j·x)
 *   W·z = ω_0·x − η·Σ_j (ω_0·x_j − t_j)·(x_j·x) = ω_1·x,  ω_1 = ω_0 − η·∇L(ω_0)
 *
 * The implicit patch is the explicit step projected on the direction of the query. Hence
 * cos(ΔW(C), ω_1 − ω_0) = |cos∠(ω_1 − ω_0, x)| ≥ 0.
 *
 * Shapes: query d, omega d. Error of `prediction`: γ_{n+2d+8}·Σ_c |W_c|·(|x_c| + Σ_j |η·y_jc|·Σ_a |x_ja·x_a|) from
 * the exact W·z: values one rounding, n + 1 in the sums over tokens, d + 2 with the query, one for the
 * residual, d + 2 for W. In fractions the two sides are equal: `proveGradientStep`.
 *
 * @throws DegenerateBase if x = 0. @throws ShapeError, NonFiniteError or DomainError as `evaluateLayer`.
 */
export function gradientStep(
  examples: Examples,
  query: Float64Array,
  omega: Float64Array,
  eta: number,
): GradientStep {
  const d = examples.inputs.cols;
  const layer = linearAttentionLayer({ tokenWidth: d + 1, width: d + 1, excludeSelf: true });
  const token = sequenceOf(matrix(0, query.length + 1), Float64Array.of(...query, 0)).data;
  const attention = evaluateLayer(
    layer,
    gradientStepParameters(d, eta),
    exampleTokens(examples),
    token,
  );
  const contextual = token.map((entry, c) => entry + attention[c]);
  const W = matrix(1, d + 1, Float64Array.of(...omega, -1));
  const patch = patchWeight(W, token, contextual);
  let prediction = 0;
  for (let c = 0; c <= d; c++) prediction += W.data[c] * contextual[c];
  return { contextual, prediction, patch };
}

/**
 * ω − η·∇L(ω), ∇L(ω) = Σ_j (ω·x_j − t_j)·x_j: the explicit step.
 *
 * Shapes: omega d; the result has d. Error: γ_{n+d+4}·(|ω| + |η|·Σ_j (|ω|·|x_j| + |t_j|)·|x_j|) entrywise.
 */
export function squaredErrorStep(
  { inputs, labels }: Examples,
  omega: Float64Array,
  eta: number,
): Float64Array {
  const d = inputs.cols;
  const gradient = new Float64Array(d);
  for (let j = 0; j < inputs.rows; j++) {
    let off = 0;
    for (let c = 0; c < d; c++) off += omega[c] * inputs.data[j * d + c];
    off -= labels[j];
    for (let c = 0; c < d; c++) gradient[c] += off * inputs.data[j * d + c];
  }
  return omega.map((entry, c) => entry - eta * gradient[c]);
}
