/**
 * Layers of linear attention beside steps of gradient descent on one regression, in doubles and in fractions.
 *
 * @module
 */
import {
  type Examples,
  exampleTokens,
  gradientStepParameters,
  proveGradientStep,
  proveGradientSteps,
  squaredErrorStep,
} from '../../icl/index.ts';
import {
  dot,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  Rational,
  rowOf,
  subtract,
} from '../../linalg/index.ts';
import { evaluateLayer, linearAttentionLayer } from '../../model/index.ts';

export interface StepsTask {
  readonly examples: Examples;
  readonly query: Float64Array;
  /** The label of the query. */
  readonly target: number;
  /** ω_0 of the single step; S steps begin at 0. */
  readonly omega: Float64Array;
  readonly eta: number;
  /** S. */
  readonly layers: number;
}

export interface StepsTrial {
  /** The largest |l_j − (t_j − ω_s·x_j)| of all label slots in doubles, the query's with t = 0; s = 1 … S. */
  readonly residuals: Float64Array;
  /** The same in fractions, of the first slot that differs. */
  readonly exactResiduals: Float64Array;
  /** (−l_query − t)² and (ω_s·x − t)², s = 0 … S. */
  readonly layerLosses: Float64Array;
  readonly stepLosses: Float64Array;
  /** Bits of the fraction −l_query = ω_s·x, numerator and denominator together, s = 1 … S. */
  readonly bits: Float64Array;
  /** Equalities of fractions that were tried, and those that do not hold. */
  readonly tried: number;
  readonly broken: number;
  /** Wrong signs and unmasked queries that were tried, and those that change no fraction. */
  readonly mistakes: number;
  readonly unnoticed: number;
}

export function stepsTrial(task: StepsTask): StepsTrial {
  const { examples, query, target, omega, eta, layers } = task;
  const [slots, steps] = [slotsOfLayers(task), slotsOfSteps(task)];
  const losses = (all: readonly Float64Array[]): Float64Array =>
    Float64Array.from(all, (labels) => {
      const off = -labels[labels.length - 1] - target;
      return off * off;
    });
  const one = proveGradientStep(examples, query, omega, eta);
  const many = proveGradientSteps(examples, query, eta, layers);
  const equalities = [one.residual, one.projection, ...many.map(({ residual }) => residual)];
  const wrong = [{ plusSign: true }, { seesItself: true }].flatMap((mistake) => [
    proveGradientStep(examples, query, omega, eta, mistake).residual,
    // From ω_0 = 0 the query's own slot is 0 before the first layer: a self term enters at the second.
    ...proveGradientSteps(examples, query, eta, layers, mistake)
      .slice(1)
      .map(({ residual }) => residual),
  ]);
  const zeros = (residuals: readonly string[]): number =>
    residuals.filter((residual) => residual === '0').length;
  return {
    residuals: Float64Array.from(many, (_, s) => maxAbs(subtract(slots[s + 1], steps[s + 1]))),
    exactResiduals: Float64Array.from(many, ({ residual }) => Math.abs(numberOf(residual))),
    layerLosses: losses(slots),
    stepLosses: losses(steps),
    bits: Float64Array.from(many, ({ labels }) => bitsOf(labels[labels.length - 1])),
    tried: equalities.length,
    broken: equalities.length - zeros(equalities),
    mistakes: wrong.length,
    unnoticed: zeros(wrong),
  };
}

/**
 * The label slots before the first layer and after each, the query's last: l_j ← l_j − η·Σ_{i∈C} l_i·(x_i·x_j),
 * by the attention layer.
 *
 * Values are −η·(0; l): inputs stay, labels move. Each token is asked for as the query behind the whole
 * context, itself excluded: so it reads every token of the context once, and nobody reads the query.
 */
function slotsOfLayers({ examples, query, eta, layers }: StepsTask): Float64Array[] {
  const d = query.length;
  const layer = linearAttentionLayer({ tokenWidth: d + 1, width: d + 1, excludeSelf: true });
  const { Wq, Wk } = gradientStepParameters(d, eta);
  const Wv = matrix(d + 1, d + 1);
  Wv.data[Wv.data.length - 1] = -eta;
  let tokens = [...rowsOf(exampleTokens(examples)), Float64Array.of(...query, 0)];
  const slots = [tokens.map((token) => token[d])];
  for (let s = 1; s <= layers; s++) {
    const context = matrixFromRows(tokens.slice(0, -1));
    tokens = tokens.map((token) => {
      const attention = evaluateLayer(layer, { Wq, Wk, Wv }, context, token);
      return token.map((entry, c) => entry + attention[c]);
    });
    slots.push(tokens.map((token) => token[d]));
  }
  return slots.map((labels) => Float64Array.from(labels));
}

/** t_j − ω_s·x_j, and −ω_s·x last, for s = 0 … S steps from ω_0 = 0. */
function slotsOfSteps({ examples, query, eta, layers }: StepsTask): Float64Array[] {
  const inputs = [...rowsOf(examples.inputs), query];
  let omega: Float64Array = query.map(() => 0);
  const slots: Float64Array[] = [];
  for (let s = 0; s <= layers; s++) {
    if (s > 0) omega = squaredErrorStep(examples, omega, eta);
    slots.push(Float64Array.from(inputs, (x, j) => (examples.labels[j] ?? 0) - dot(omega, x)));
  }
  return slots;
}

const rowsOf = (m: Matrix): Float64Array[] => Array.from({ length: m.rows }, (_, i) => rowOf(m, i));

/** The double nearest to 'numerator/denominator'. */
function numberOf(fraction: string): number {
  const [numerator, denominator = '1'] = fraction.split('/');
  return new Rational(BigInt(numerator), BigInt(denominator)).toNumber();
}

const bitsOf = ({ numerator, denominator }: Rational): number =>
  (numerator < 0n ? -numerator : numerator).toString(2).length + denominator.toString(2).length;
