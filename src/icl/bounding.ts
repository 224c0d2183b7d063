/**
 * An evaluator that carries a bound beside each value: how far a run that differs by at most so much in
 * its inputs can differ here, both runs rounded.
 *
 * Only the operations of feed-forward networks have rules. Where nothing differs, nothing is added: the
 * same operation on the same bits gives the same bits.
 *
 *   f(x)      Lip·e + both evaluation errors          x∘y   |x|·e_y + |y|·e_x + e_x·e_y + roundings
 *   x + y     e_x + e_y + roundings                    routing   below
 *   x·Wᵀ      |W|·e + roundings, W the same in both runs
 *
 * @module
 */
import { type Evaluator, type Op, routing } from '../autograd/index.ts';
import { DomainError, gamma, type Matrix, UNIT_ROUNDOFF } from '../linalg/index.ts';
import { ACTIVATIONS, type ActivationName } from '../model/index.ts';
import { enlarge } from './rounding-bounds.ts';

/** A value of one run, and how far the other may be from it, entry by entry. */
export interface Bounded {
  readonly value: Matrix;
  readonly error: Float64Array;
}

/** A value that is the same in both runs. */
export const certain = (value: Matrix): Bounded => ({
  value,
  error: new Float64Array(value.data.length),
});

type Rule = (args: readonly Bounded[], value: Matrix, op: Op) => Float64Array;

const SUBNORMAL = Number.MIN_VALUE;

/** x·y where an error of ∞ stands for any finite number: times 0 it is 0. */
const times = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);

const activationRule =
  (name: ActivationName): Rule =>
  ([x], value) => {
    const { lipschitz, evaluationError } = ACTIVATIONS[name];
    return x.error.map((error, i) => {
      if (error === 0) return 0;
      const [z, h] = [Math.abs(x.value.data[i]), Math.abs(value.data[i])];
      const own = evaluationError(z, h) + evaluationError(z + error, h + lipschitz * error);
      return enlarge(lipschitz * error + own, 1);
    });
  };

const productError = (x: number, ex: number, y: number, ey: number): number =>
  (ex === 0 && ey === 0) || (x === 0 && ex === 0) || (y === 0 && ey === 0)
    ? 0
    : enlarge(
        times(Math.abs(x), ey) +
          times(Math.abs(y), ex) +
          times(ex, ey) +
          2 * UNIT_ROUNDOFF * (Math.abs(x) + ex) * (Math.abs(y) + ey) +
          SUBNORMAL,
        4,
      );

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    (Object.keys(ACTIVATIONS) as ActivationName[]).map((name) => [name, activationRule(name)]),
  ),
  multiply: ([x, y], value) =>
    value.data.map((_, i) =>
      productError(x.value.data[i], x.error[i], y.value.data[i], y.error[i]),
    ),
  weightRows: ([x, w], value) =>
    value.data.map((_, i) => {
      const row = Math.floor(i / value.cols);
      return productError(x.value.data[i], x.error[i], w.value.data[row], w.error[row]);
    }),
  add: ([x, y], value) =>
    value.data.map((sum, i) => {
      const error = x.error[i] + y.error[i];
      return error === 0 ? 0 : enlarge(error + 2 * UNIT_ROUNDOFF * (Math.abs(sum) + error), 4);
    }),
  addBias: ([x, b], value) =>
    value.data.map((sum, i) => {
      const error = x.error[i] + b.error[i % value.cols];
      return error === 0 ? 0 : enlarge(error + 2 * UNIT_ROUNDOFF * (Math.abs(sum) + error), 4);
    }),
  linear: ([x, W], value) => {
    if (W.error.some((error) => error !== 0)) {
      throw new DomainError('bounding: a linear map must be the same in both runs, got another');
    }
    const error = new Float64Array(value.data.length);
    for (let r = 0; r < value.rows; r++) {
      const row = (all: Float64Array): Float64Array =>
        all.subarray(r * W.value.cols, (r + 1) * W.value.cols);
      error.set(linearError(W.value, row(x.value.data), row(x.error)), r * value.cols);
    }
    return error;
  },
  column: ([x], value, op) =>
    op.forward([{ ...x.value, data: x.error }]).value.data.slice(0, value.data.length),
  topKRouting: ([x], value, op) => routingError(x, value, Number(op.attributes?.k)),
};

/** |W|·e + 2·γ_{k+2}·|W|·(|x| + e) for a row x of k entries. */
function linearError(W: Matrix, x: Float64Array, error: Float64Array): Float64Array {
  const k = W.cols;
  const out = new Float64Array(W.rows);
  if (error.every((entry) => entry === 0)) return out;
  for (let i = 0; i < W.rows; i++) {
    let [carried, size] = [0, 0];
    for (let j = 0; j < k; j++) {
      const w = Math.abs(W.data[i * k + j]);
      carried += times(w, error[j]);
      size += times(w, Math.abs(x[j]) + error[j]);
    }
    out[i] = enlarge(carried + 2 * gamma(k + 2) * size + k * SUBNORMAL, k);
  }
  return out;
}

/**
 * The weights of the k selected experts, for logits l that differ by at most E: the selection is the same if
 * the least selected logit exceeds every other by more than 2E, and each weight differs by a factor of at
 * most e^{2E} ≤ 1 + 2E + (2E)² for 2E ≤ 1. The rounding of both runs:
 *
 *   2·γ_{k+16}                              exponentials, sum and quotient
 *   2u·(max l − least selected l + 2E)      l_e − max l is rounded before its exponential is taken
 *   an exponential that underflows          2⁻¹⁰⁷⁴ each
 *
 * Infinity where the margin is too small.
 */
function routingError({ value: logits, error }: Bounded, weights: Matrix, k: number): Float64Array {
  const routes = routing(logits, k);
  const result = new Float64Array(weights.data.length);
  for (let i = 0; i < weights.rows; i++) {
    const row = (x: Float64Array): Float64Array =>
      x.subarray(i * weights.cols, (i + 1) * weights.cols);
    const most = Math.max(...row(error));
    if (most === 0) continue;
    const { selected, margin } = routes[i];
    const scores = row(logits.data);
    const range = scores[selected[0]] - scores[selected[k - 1]];
    const spread = 2 * most;
    const relative =
      spread + spread * spread + 2 * gamma(k + 16) + 2 * UNIT_ROUNDOFF * (range + spread);
    const safe = margin > spread * (1 + 4 * UNIT_ROUNDOFF) && spread <= 1;
    const errors = row(weights.data).map((weight, e) => {
      if (!safe) return Infinity;
      return selected.includes(e) ? enlarge(weight * relative + 4 * SUBNORMAL, 8) : 0;
    });
    row(result).set(errors);
  }
  return result;
}

/** The evaluator. @throws DomainError for an operation without a rule. */
export const bounding: Evaluator<Bounded> = {
  constant: certain,
  read: ({ value }) => value,
  apply(op, ...args) {
    const rule = RULES[op.name.replace(/\(.*/, '')];
    if (rule === undefined) throw new DomainError(`bounding: no rule for the operation ${op.name}`);
    const { value } = op.forward(args.map((arg) => arg.value));
    return { value, error: rule(args, value, op as Op) };
  },
};
