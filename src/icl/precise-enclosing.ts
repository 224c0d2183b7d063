/**
 * An evaluator of enclosures about double-doubles: the arithmetic of the certificate's verifier.
 *
 * In linear maps, norms and sums it leaves 10⁻³² open where `enclosing.ts` leaves γ_n; only activations and
 * exponentials, which are computed in doubles, count with the error bounds of `model/activations.ts` and of `exp`
 * (1 ulp). Those bounds are trusted, and + − × ÷ √.
 *
 * @module
 */
import type { Evaluator, Op } from '../autograd/index.ts';
import { DegenerateBase, DomainError, exp, type Matrix, matrix } from '../linalg/index.ts';
import {
  addPrecise,
  dividePrecise,
  magnitudePrecise,
  multiplyPrecise,
  type PreciseInterval,
  preciseInterval,
  sqrtPrecise,
  subtractPrecise,
} from '../linalg/precise-interval.ts';
import { ACTIVATIONS, type ActivationName } from '../model/index.ts';

/** Rows of enclosures. */
export type PreciseMatrix = readonly (readonly PreciseInterval[])[];

/** The matrix itself and nothing else. */
export const preciseOf = ({ rows, cols, data }: Matrix): PreciseMatrix =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: cols }, (_, j) => preciseInterval(data[i * cols + j])),
  );

type Row = readonly PreciseInterval[];
type Rule = (args: readonly PreciseMatrix[], op: Op) => PreciseMatrix;

const sum = (x: Row): PreciseInterval => x.reduce(addPrecise, preciseInterval(0));
const dot = (x: Row, y: Row): PreciseInterval =>
  sum(x.map((entry, j) => multiplyPrecise(entry, y[j])));

/** How far the numbers enclosed are from the double hi. */
const spread = ({ mid, rad }: PreciseInterval): number =>
  (Math.abs(mid.lo) + rad) * (1 + 2 * Number.EPSILON);

/** f(hi) ± (Lip·spread + the error of evaluating f). */
function activation(name: ActivationName, x: PreciseInterval): PreciseInterval {
  const { op, lipschitz, evaluationError } = ACTIVATIONS[name];
  const z = x.mid.hi;
  const [h] = op.forward([matrix(1, 1, Float64Array.of(z))]).value.data;
  const error = lipschitz * spread(x) + evaluationError(Math.abs(z), Math.abs(h));
  return preciseInterval(h, error * (1 + 8 * Number.EPSILON));
}

/** (offset + g)·c/√(mean(c²) + ε). */
function normalised(c: Row, { attributes }: Op, gain: Row): PreciseInterval[] {
  if (attributes?.affine !== true || (attributes.groups ?? 1) !== 1) {
    throw new DomainError(
      'preciseEnclosing: a norm of whole rows with a gain is required, got another',
    );
  }
  const mean = dividePrecise(dot(c, c), preciseInterval(c.length));
  const divisor = sqrtPrecise(addPrecise(mean, preciseInterval(Number(attributes.epsilon))));
  const offset = preciseInterval(Number(attributes.offset ?? 0));
  return c.map((entry, j) =>
    multiplyPrecise(dividePrecise(entry, divisor), addPrecise(offset, gain[j])),
  );
}

/** The softmax of the k largest entries, 0 elsewhere. @throws DegenerateBase if it is not told which those are. */
function routed(logits: Row, k: number): PreciseInterval[] {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b].mid.hi - logits[a].mid.hi);
  const [selected, rest] = [order.slice(0, k), order.slice(k)];
  const apart = selected.every((s) =>
    rest.every((e) => {
      const { mid, rad } = subtractPrecise(logits[s], logits[e]);
      return mid.hi * (1 - 2 * Number.EPSILON) > rad;
    }),
  );
  const wide = selected.some((e) => spread(logits[e]) > 0.1);
  if (!apart || wide) {
    throw new DegenerateBase(
      `preciseEnclosing: logits that tell which ${k} experts are selected are required, got others`,
    );
  }
  const powers = selected.map((e) => power(subtractPrecise(logits[e], logits[selected[0]])));
  const total = sum(powers);
  const weights = logits.map(() => preciseInterval(0));
  selected.forEach((e, i) => {
    weights[e] = dividePrecise(powers[i], total);
  });
  return weights;
}

/** { exp(x) } for a spread d of at most 0.2: e^d − 1 ≤ 2d, so no power encloses 0. */
function power(x: PreciseInterval): PreciseInterval {
  const value = exp(x.mid.hi);
  const d = spread(x);
  const off = value * (2 * d + 2 * Number.EPSILON * (1 + 2 * d));
  return preciseInterval(value, off * (1 + 8 * Number.EPSILON) + 4 * Number.MIN_VALUE);
}

const each = (
  x: PreciseMatrix,
  f: (entry: PreciseInterval, i: number, j: number) => PreciseInterval,
): PreciseMatrix => x.map((row, i) => row.map((entry, j) => f(entry, i, j)));

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    (Object.keys(ACTIVATIONS) as ActivationName[]).map((name): [string, Rule] => [
      name,
      ([x]) => each(x, (entry) => activation(name, entry)),
    ]),
  ),
  linear: ([x, W]) => x.map((row) => W.map((weights) => dot(weights, row))),
  add: ([x, y]) => each(x, (entry, i, j) => addPrecise(entry, y[i][j])),
  addBias: ([x, [b]]) => each(x, (entry, _, j) => addPrecise(entry, b[j])),
  multiply: ([x, y]) => each(x, (entry, i, j) => multiplyPrecise(entry, y[i][j])),
  scaleRows: ([x, [s]]) => each(x, (entry, _, j) => multiplyPrecise(entry, s[j])),
  weightRows: ([x, w]) => each(x, (entry, i) => multiplyPrecise(entry, w[i][0])),
  scale: ([x], { attributes }) => {
    const factor = preciseInterval(Number(attributes?.factor));
    return each(x, (entry) => multiplyPrecise(entry, factor));
  },
  column: ([x], { attributes }) => x.map((row) => [row[Number(attributes?.which)]]),
  rmsNorm: ([x, [g]], op) => x.map((row) => normalised(row, op, g)),
  layerNorm: ([x, [g], [b]], op) =>
    x.map((row) => {
      const mean = dividePrecise(sum(row), preciseInterval(row.length));
      const centred = row.map((entry) => subtractPrecise(entry, mean));
      return normalised(centred, op, g).map((entry, j) => addPrecise(entry, b[j]));
    }),
  topKRouting: ([x], { attributes }) => x.map((row) => routed(row, Number(attributes?.k))),
};

/** The evaluator. @throws DomainError for an operation without a rule. */
export const preciseEnclosing: Evaluator<PreciseMatrix> = {
  constant: preciseOf,
  read: (x) =>
    matrix(
      x.length,
      x[0]?.length ?? 0,
      Float64Array.from(x.flat(), ({ mid }) => mid.hi),
    ),
  apply(op, ...args) {
    const rule = RULES[op.name.replace(/\(.*/, '')];
    if (rule === undefined) {
      throw new DomainError(`preciseEnclosing: no rule for the operation ${op.name}`);
    }
    return rule(args, op as Op);
  },
};

/** At least the largest |x − y|; NaN where an end is. */
export function largestApart(x: PreciseMatrix, y: PreciseMatrix): number {
  let most = 0;
  x.forEach((row, i) => {
    row.forEach((entry, j) => {
      most = Math.max(most, magnitudePrecise(subtractPrecise(entry, y[i][j])));
    });
  });
  return most;
}
