/**
 * One layer = one step, S layers = S steps: both sides without rounding, and equal as fractions.
 *
 * Doubles are dyadic and neither side divides, so the sums are formed as integers times powers of two; what
 * is returned is reduced.
 *
 * @module
 */
import {
  addExact,
  DegenerateBase,
  DomainError,
  type Dyadic,
  dotExact,
  exact,
  exactVector,
  type Matrix,
  multiplyExact,
  Rational,
  rowOf,
  subtractExact,
} from '../linalg/index.ts';
import { type FractionVector, fractionResidual } from './fractions.ts';
import { type Examples, exampleTokens } from './gradient-step.ts';

type Exact = readonly Dyadic[];

const ZERO: Dyadic = exact(0);

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
  const [x, start] = [exactVector(query), exactVector(omega)];
  const tokens = exactRows(exampleTokens(examples));
  requireLengths('proveGradientStep', examples.inputs, x, start);
  const squared = Rational.ofDyadic(dotExact(x, x));
  if (squared.sign() === 0) {
    throw new DegenerateBase('proveGradientStep: the query must not be 0, got 0');
  }
  const token = [...x, ZERO];
  const W = [...start, exact(-1)];
  // Attention: keys and queries are the inputs, values are −η times the whole token.
  const seen = seesItself ? [...tokens, token] : tokens;
  const scores = seen.map((each) => dotExact(each.slice(0, -1), x));
  const rate = exact(plusSign ? eta : -eta);
  const shift = token.map((_, c) => multiplyExact(rate, dotExact(columnOf(seen, c), scores)));
  const z = token.map((entry, c) => addExact(entry, shift[c]));
  const after = exactStep(inputsOf(tokens), exactVector(examples.labels), start, exact(eta));
  const [contextual, explicit] = [dotExact(W, z), dotExact(after, x)].map(Rational.ofDyadic);
  const moved = after.map((entry, c) => subtractExact(entry, start[c]));
  const along = (p: Dyadic): Rational[] =>
    token.map((entry) => Rational.ofDyadic(multiplyExact(p, entry)).over(squared));
  return {
    contextual,
    explicit,
    residual: fractionResidual([contextual], [explicit]),
    projection: fractionResidual(along(dotExact(W, shift)), along(dotExact(moved, x))),
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
  const context = inputsOf(exactRows(exampleTokens(examples)));
  const x = exactVector(query);
  requireLengths('proveGradientSteps', examples.inputs, x, x);
  const all = [...context, x];
  const targets = exactVector(examples.labels);
  const rate = exact(plusSign ? eta : -eta);
  const gram = all.map((each) =>
    (seesItself ? all : context).map((other) => dotExact(other, each)),
  );
  let labels: Exact = [...targets, ZERO];
  let omega: Exact = x.map(() => ZERO);
  return Array.from({ length: layers }, (): RationalLayer => {
    const read = seesItself ? labels : labels.slice(0, -1);
    labels = labels.map((l, j) => addExact(l, multiplyExact(rate, dotExact(read, gram[j]))));
    omega = exactStep(context, targets, omega, exact(eta));
    const expected = all.map((each, j) => subtractExact(targets[j] ?? ZERO, dotExact(omega, each)));
    const reduced = labels.map(Rational.ofDyadic);
    return {
      labels: reduced,
      omega: omega.map(Rational.ofDyadic),
      residual: fractionResidual(reduced, expected.map(Rational.ofDyadic)),
    };
  });
}

/** ω − η·Σ_j (ω·x_j − t_j)·x_j. */
function exactStep(inputs: readonly Exact[], labels: Exact, omega: Exact, eta: Dyadic): Exact {
  const off = inputs.map((x, j) => subtractExact(dotExact(omega, x), labels[j]));
  return omega.map((entry, c) =>
    subtractExact(entry, multiplyExact(eta, dotExact(columnOf(inputs, c), off))),
  );
}

const columnOf = (rows: readonly Exact[], c: number): Exact => rows.map((row) => row[c]);

const exactRows = (m: Matrix): Exact[] =>
  Array.from({ length: m.rows }, (_, i) => exactVector(rowOf(m, i)));

const inputsOf = (tokens: readonly Exact[]): Exact[] => tokens.map((token) => token.slice(0, -1));

/** @throws DomainError if the query or ω has not as many entries as an input. */
function requireLengths(caller: string, { cols }: Matrix, x: Exact, omega: Exact): void {
  if (x.length !== cols || omega.length !== cols) {
    throw new DomainError(
      `${caller}: inputs have ${cols} entries, so the query and the weights need as many, got ` +
        `${x.length} and ${omega.length}`,
    );
  }
}
