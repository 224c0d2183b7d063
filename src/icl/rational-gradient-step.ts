/**
 * One layer = one step, S layers = S steps: both sides in fractions, and equal.
 *
 * @module
 */
import { DegenerateBase, DomainError, Rational, rationalDot } from '../linalg/index.ts';
import {
  type FractionMatrix,
  type FractionVector,
  fractionProduct,
  fractionResidual,
  fractionRows,
  fractions,
} from './fractions.ts';
import { type Examples, exampleTokens } from './gradient-step.ts';

const ZERO = new Rational(0n);

/** Two ways to get it wrong, for negative controls. Default: neither. */
export interface GradientStepMistakes {
  /** Values +η·y_j in place of −η·y_j: gradient ascent. */
  readonly plusSign?: boolean;
  /** The query attends to itself: −η·(ω_0·x)·‖x‖² too much, which vanishes for ω_0·x = 0 alone. */
  readonly seesItself?: boolean;
}

export interface RationalGradientStep {
  /** W·z(C, x) with W = (ω_0ᵀ, −1), by the attention formula. */
  readonly contextual: Rational;
  /** ω_1·x, by the gradient formula. */
  readonly explicit: Rational;
  /** contextual − explicit, as a fraction. */
  readonly residual: string;
  /** Theorem 1's patch on (x; 0) minus (((ω_1 − ω_0)·x)·xᵀ/‖x‖², 0): its first entry that is not 0. */
  readonly projection: string;
}

/**
 * W·z(C, x) = ω_1·x, and ΔW(C) is the step ω_1 − ω_0 projected on x (formulas: `gradientStep`).
 *
 * The two sides share no more than the examples: one sums tokens (x_j; t_j) weighted by x_j·x, the
 * other forms the gradient.
 *
 * @throws DegenerateBase if x = 0. @throws DomainError if lengths differ; NonFiniteError for NaN or ±∞.
 */
export function proveGradientStep(
  examples: Examples,
  query: Float64Array,
  omega: Float64Array,
  eta: number,
  { plusSign = false, seesItself = false }: GradientStepMistakes = {},
): RationalGradientStep {
  const [x, start] = [fractions(query), fractions(omega)];
  const rate = Rational.of(eta);
  const squared = rationalDot(x, x);
  if (squared.sign() === 0) {
    throw new DegenerateBase('proveGradientStep: the query must not be 0, got 0');
  }
  const token = [...x, ZERO];
  const tokens = fractionRows(exampleTokens(examples));
  const W = [...start, new Rational(-1n)];
  // Attention: keys and queries are the inputs, values are −η times the whole token.
  const seen = seesItself ? [...tokens, token] : tokens;
  const scores = seen.map((each) => rationalDot(each.slice(0, -1), x));
  const factor = plusSign ? rate : ZERO.minus(rate);
  const shift = token.map((_, c) =>
    factor.times(
      rationalDot(
        seen.map((each) => each[c]),
        scores,
      ),
    ),
  );
  const contextual = rationalDot(
    W,
    token.map((entry, c) => entry.plus(shift[c])),
  );
  const after = rationalStep(inputsOf(tokens), fractions(examples.labels), start, rate);
  const explicit = rationalDot(after, x);
  const patch = token.map((entry) => rationalDot(W, shift).times(entry).over(squared));
  const moved = after.map((entry, c) => entry.minus(start[c]));
  const projected = x.map((entry) => rationalDot(moved, x).times(entry).over(squared));
  return {
    contextual,
    explicit,
    residual: fractionResidual([contextual], [explicit]),
    projection: fractionResidual(patch, [...projected, ZERO]),
  };
}

/** What stands in the label slots after some layers, beside the model after as many steps. */
export interface RationalLayer {
  /** l_j, the query's last: t_j − ω_s·x_j, and −ω_s·x. */
  readonly labels: FractionVector;
  /** ω_s after s steps of descent from ω_0 = 0. */
  readonly omega: FractionVector;
  /** Of the labels against t_j − ω_s·x_j and −ω_s·x. */
  readonly residual: string;
}

/**
 * S layers are S steps: l_j ← l_j − η·Σ_{i∈C} l_i·(x_i·x_j) for all tokens at once, context and query.
 *
 *   after s layers  l_j = t_j − ω_s·x_j on the context,  −l_query = ω_s·x,  ω_0 = 0
 *
 * Nobody reads the query's slot: with it in the sum, a self term enters from the second layer on
 * (`seesItself`). The sign is that of `proveGradientStep`.
 *
 * Shapes: S layers, n + 1 labels and d weights each. Source: arXiv:2212.07677, Proposition 1 repeated.
 *
 * @throws DomainError if `layers` is no non-negative integer, or lengths differ.
 */
export function proveGradientSteps(
  examples: Examples,
  query: Float64Array,
  eta: number,
  layers: number,
  { plusSign = false, seesItself = false }: GradientStepMistakes = {},
): RationalLayer[] {
  if (!(Number.isInteger(layers) && layers >= 0)) {
    throw new DomainError(
      `proveGradientSteps: a number of layers from 0 on is required, got ${layers}`,
    );
  }
  const context = inputsOf(fractionRows(exampleTokens(examples)));
  const all = [...context, fractions(query)];
  const targets = fractions(examples.labels);
  const rate = Rational.of(eta);
  const factor = plusSign ? rate : ZERO.minus(rate);
  const gram = all.map((x) => fractionProduct(seesItself ? all : context, x));
  let labels: Rational[] = [...targets, ZERO];
  let omega: Rational[] = Array.from(query, () => ZERO);
  return Array.from({ length: layers }, (): RationalLayer => {
    const read = seesItself ? labels : labels.slice(0, -1);
    labels = labels.map((label, j) => label.plus(factor.times(rationalDot(read, gram[j]))));
    omega = rationalStep(context, targets, omega, rate);
    const expected = all.map((x, j) => (targets[j] ?? ZERO).minus(rationalDot(omega, x)));
    return { labels, omega, residual: fractionResidual(labels, expected) };
  });
}

/** ω − η·Σ_j (ω·x_j − t_j)·x_j. */
function rationalStep(
  inputs: FractionMatrix,
  labels: FractionVector,
  omega: FractionVector,
  eta: Rational,
): Rational[] {
  const off = inputs.map((x, j) => rationalDot(omega, x).minus(labels[j]));
  return omega.map((entry, c) =>
    entry.minus(
      eta.times(
        rationalDot(
          inputs.map((x) => x[c]),
          off,
        ),
      ),
    ),
  );
}

const inputsOf = (tokens: FractionMatrix): FractionMatrix =>
  tokens.map((token) => token.slice(0, -1));
