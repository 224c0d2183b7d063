/**
 * An evaluator that computes enclosures: each number a midpoint and a radius, so that the exact value of the
 * same formula, without any rounding, lies between.
 *
 * The operations of feed-forward networks, norms and linear maps have rules. What is trusted besides the
 * rounding of + − × ÷ √: the error bounds that `model/activations.ts` and `linalg/special` state.
 *
 * Source: the rules of `linalg/interval.ts`; section 9.7 of README.md beside this file.
 *
 * @module
 */
import type { Evaluator, Op } from '../autograd/index.ts';
import {
  addIntervals,
  DegenerateBase,
  DomainError,
  divideIntervals,
  dotInterval,
  type Interval,
  type IntervalVector,
  type Matrix,
  matrix,
  matrixVectorInterval,
  multiplyIntervals,
  softmaxInterval,
  sqrtInterval,
  subtractIntervals,
} from '../linalg/index.ts';
import { ACTIVATIONS, type ActivationName } from '../model/index.ts';
import { enlarge } from './rounding-bounds.ts';

/** All matrices whose entries differ from those of `mid` by at most `rad`, entry by entry. */
export interface Enclosure {
  readonly mid: Matrix;
  readonly rad: Float64Array;
}

/** The matrix itself and nothing else. */
export const exactly = (mid: Matrix): Enclosure => ({
  mid,
  rad: new Float64Array(mid.data.length),
});

type Rule = (args: readonly Enclosure[], op: Op) => Enclosure;

const at = ({ mid, rad }: Enclosure, i: number): Interval => ({ mid: mid.data[i], rad: rad[i] });

/** The r×c matrix of these entries, row after row. */
function fill(rows: number, cols: number, entry: (i: number, j: number) => Interval): Enclosure {
  const mid = matrix(rows, cols);
  const rad = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = entry(i, j);
      mid.data[i * cols + j] = value.mid;
      rad[i * cols + j] = value.rad;
    }
  }
  return { mid, rad };
}

const entrywise = (
  f: (x: Interval, y: Interval) => Interval,
  /** The entry of y that belongs to entry (i, j) of x. */
  of: (i: number, j: number, cols: number) => number,
): Rule => {
  return ([x, y]) => {
    const { rows, cols } = x.mid;
    return fill(rows, cols, (i, j) => f(at(x, i * cols + j), at(y, of(i, j, cols))));
  };
};

const samePlace = (i: number, j: number, cols: number): number => i * cols + j;
const sameColumn = (_i: number, j: number): number => j;
const sameRow = (i: number): number => i;

const row = ({ mid, rad }: Enclosure, i: number): IntervalVector => {
  const [from, to] = [i * mid.cols, (i + 1) * mid.cols];
  return { mid: mid.data.subarray(from, to), rad: rad.subarray(from, to) };
};

/** At least the sum, also where a product was lost to underflow. */
const spread = (carried: number, own: number): number =>
  enlarge(carried + own, 4) + Number.MIN_VALUE;

/** f(mid) ± (Lip·rad + the error of evaluating f). */
const activationRule =
  (name: ActivationName): Rule =>
  ([x]) => {
    const { op, lipschitz, evaluationError } = ACTIVATIONS[name];
    const mid = op.forward([x.mid]).value;
    const rad = x.rad.map((r, i) =>
      spread(lipschitz * r, evaluationError(Math.abs(x.mid.data[i]), Math.abs(mid.data[i]))),
    );
    return { mid, rad };
  };

/** (offset + g)·c/√(mean(c²) + ε) + b for each row c. */
function scaledRows(
  centred: Enclosure,
  { attributes = {} }: Op,
  gain: Enclosure,
  shift: Enclosure | undefined,
): Enclosure {
  if (attributes.affine !== true || (attributes.groups ?? 1) !== 1) {
    throw new DomainError('enclosing: a norm of whole rows with a gain is required, got another');
  }
  const { rows, cols } = centred.mid;
  const point = (mid: number): Interval => ({ mid, rad: 0 });
  const divisors = Array.from({ length: rows }, (_, i) => {
    const c = row(centred, i);
    const square = divideIntervals(dotInterval(c, c), point(cols));
    return sqrtInterval(addIntervals(square, point(Number(attributes.epsilon))));
  });
  const offset = Number(attributes.offset ?? 0);
  return fill(rows, cols, (i, j) => {
    const n = divideIntervals(at(centred, i * cols + j), divisors[i]);
    const g = offset === 0 ? at(gain, j) : addIntervals(point(offset), at(gain, j));
    const y = multiplyIntervals(n, g);
    return shift ? addIntervals(y, at(shift, j)) : y;
  });
}

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    (Object.keys(ACTIVATIONS) as ActivationName[]).map((name) => [name, activationRule(name)]),
  ),
  linear: ([x, W]) => {
    const weights = { mid: W.mid, rad: { ...W.mid, data: W.rad } };
    const rows = Array.from({ length: x.mid.rows }, (_, i) =>
      matrixVectorInterval(weights, row(x, i)),
    );
    return fill(x.mid.rows, W.mid.rows, (i, j) => ({ mid: rows[i].mid[j], rad: rows[i].rad[j] }));
  },
  add: entrywise(addIntervals, samePlace),
  addBias: entrywise(addIntervals, sameColumn),
  multiply: entrywise(multiplyIntervals, samePlace),
  scaleRows: entrywise(multiplyIntervals, sameColumn),
  weightRows: entrywise(multiplyIntervals, sameRow),
  scale: ([x], { attributes }) => {
    const factor = { mid: Number(attributes?.factor), rad: 0 };
    const { rows, cols } = x.mid;
    return fill(rows, cols, (i, j) => multiplyIntervals(at(x, i * cols + j), factor));
  },
  column: ([x], { attributes }) =>
    fill(x.mid.rows, 1, (i) => at(x, i * x.mid.cols + Number(attributes?.which))),
  rmsNorm: ([x, g], op) => scaledRows(x, op, g, undefined),
  layerNorm: ([x, g, b], op) => {
    const { rows, cols } = x.mid;
    const ones = { mid: new Float64Array(cols).fill(1), rad: new Float64Array(cols) };
    const means = Array.from({ length: rows }, (_, i) =>
      divideIntervals(dotInterval(row(x, i), ones), { mid: cols, rad: 0 }),
    );
    const centred = fill(rows, cols, (i, j) => subtractIntervals(at(x, i * cols + j), means[i]));
    return scaledRows(centred, op, g, b);
  },
  topKRouting: ([x], { attributes }) => {
    const { rows, cols } = x.mid;
    const all = fill(rows, cols, () => ({ mid: 0, rad: 0 }));
    for (let i = 0; i < rows; i++) routeRow(row(x, i), row(all, i), Number(attributes?.k));
    return all;
  },
};

/**
 * The weights of the k largest logits. @throws DegenerateBase if the enclosures do not tell which those are.
 */
function routeRow(logits: IntervalVector, weights: IntervalVector, k: number): void {
  const order = Array.from(logits.mid.keys()).sort((a, b) => logits.mid[b] - logits.mid[a]);
  const [selected, rest] = [order.slice(0, k), order.slice(k)];
  const least = Math.min(...selected.map((e) => logits.mid[e] - logits.rad[e]));
  const most = Math.max(...rest.map((e) => logits.mid[e] + logits.rad[e]));
  // Both ends are rounded by at most a unit in the last place.
  const slack = 4 * Number.EPSILON * (Math.abs(least) + Math.abs(most));
  if (rest.length > 0 && !(least - most > slack)) {
    throw new DegenerateBase(
      `enclosing: logits that tell which ${k} experts are selected are required, got ${least} against ${most}`,
    );
  }
  const pick = (x: Float64Array): Float64Array => Float64Array.from(selected, (e) => x[e]);
  const p = softmaxInterval({ mid: pick(logits.mid), rad: pick(logits.rad) });
  selected.forEach((e, j) => {
    weights.mid[e] = p.mid[j];
    weights.rad[e] = p.rad[j];
  });
}

/** The evaluator. @throws DomainError for an operation without a rule. */
export const enclosing: Evaluator<Enclosure> = {
  constant: exactly,
  read: ({ mid }) => mid,
  apply(op, ...args) {
    const rule = RULES[op.name.replace(/\(.*/, '')];
    if (rule === undefined)
      throw new DomainError(`enclosing: no rule for the operation ${op.name}`);
    return rule(args, op as Op);
  },
};
