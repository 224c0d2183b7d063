/**
 * One block's static change for many tokens: least squares in place of the exact conditions of
 * `static-patch.ts`.
 *
 *   D = ridge(z_i → z'_i − z_i)                 every map that reads z: W ← W + η·W·D
 *   E = ridge(h_i → s'_i − s_i)                 the maps that are summed up: W ← W + η·E
 *
 * h_i and s_i (the sum r + y) are those of the block whose input maps have been changed, so E takes the
 * residual shift r' − r together with what D missed.
 *
 * The difference of the weights is z' − z, taken after the norm. A fit of r' − r to z is a regression on
 * another vector; it is right only where there is no norm.
 *
 * Source: arXiv:2510.08734, algorithm 1 (version 'bias'); the form for gated networks and experts is our own.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import {
  DegenerateBase,
  DomainError,
  frobeniusNorm,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyNT,
  pivotedQR,
  rowMatrix,
  subtract,
  subtractMatrices,
} from '../linalg/index.ts';
import {
  asRun,
  type Block,
  type BlockRun,
  type Mixed,
  type Parameters,
  part,
} from '../model/index.ts';
import { type RidgeOptions, ridgeMap } from './ridge-map.ts';
import { columnsOf, type StaticPatch, withStaticPatch } from './static-patch.ts';
import { thoughtTransform, thoughtVector } from './thought-matrix.ts';

/**
 * Where the change of the block's output goes.
 *
 *   weights   into the maps that are summed up to y
 *   bias      the thought vector of r, η·mean(r'_i − r_i), into the bias of the first of them
 */
export type ThoughtVersion = 'weights' | 'bias';

export interface ThoughtOptions extends RidgeOptions {
  /** η, the part of each fit that is added, 0 < η ≤ 1. Default: 1. */
  readonly eta?: number;
  /** Default: weights. */
  readonly version?: ThoughtVersion;
}

/** A block's change, all of it relative to its original parameters. */
export interface ThoughtPatch extends StaticPatch {
  /** D, d×d: what has been added to every map W that reads z is W·D. */
  readonly transform: Matrix;
  /** What has been added to biases, by their names below `mlp.`. */
  readonly biases: Readonly<Record<string, Float64Array>>;
  /** The numerical rank of the z_i, and of the h_i (version bias: none). */
  readonly ranks: { readonly inputs: number; readonly outputs: number | null };
  /** Means of z'_i − z_i and of r'_i − r_i (null without residual connection) before this change. */
  readonly vectors: { readonly input: Float64Array; readonly residual: Float64Array | null };
  /** ‖ΔW‖_F of each weight. */
  readonly norms: Readonly<Record<string, number>>;
}

/**
 * The change of a block from the tokens it is given, on top of `before` if there is one.
 *
 * `mixed` is what the mixing part gives at each token without the context, `contextual` the run there with it.
 * With `before`, the fits are made of what it leaves, z'_i − (I + D)·z_i and s'_i − s_i: for passes over
 * portions of the tokens with η < 1.
 *
 * Preconditions, else DomainError naming the block: no norm between network and sum, because a gain is no
 * linear map; an output bias for version bias. A network of experts is changed in all of its maps, router included;
 * afterwards it chooses as the changed router says.
 *
 * Error: that of two `ridgeMap`s.
 *
 * @throws DegenerateBase if an entry of the update is multiplied by 0. @throws as `ridgeMap`.
 */
export function thoughtPatch(
  block: Block,
  original: Parameters,
  mixed: readonly Mixed<Matrix>[],
  contextual: readonly BlockRun[],
  options: ThoughtOptions = {},
  before?: ThoughtPatch,
): ThoughtPatch {
  const { eta = 1, version = 'weights', ...ridge } = options;
  requireThoughtBlock('thoughtPatch', block, original, options);
  const own = part(original, 'mlp');
  const { inputs, outputs } = block.feedForward;
  const A = matrixFromRows(mixed.map(({ input }) => input.data));
  const differences = subtractMatrices(matrixFromRows(contextual.map(({ input }) => input)), A);
  const residuals = mixed.flatMap(({ residual }, i) => {
    const to = contextual[i].residual;
    return residual && to ? [subtract(to, residual.data)] : [];
  });
  const vectors = {
    input: thoughtVector(differences),
    residual: residuals.length > 0 ? thoughtVector(matrixFromRows(residuals)) : null,
  };
  const left = before
    ? subtractMatrices(differences, multiplyNT(A, before.transform))
    : differences;
  const step = scaled(thoughtTransform(A, left, ridge).map, eta);
  const transform = before ? plus(before.transform, step) : step;
  const weights: Record<string, Matrix> = { ...before?.weights };
  for (const { weight } of inputs) weights[weight] = multiply(own[weight], transform);
  const biases: Record<string, Float64Array> = { ...before?.biases };
  const ranks = { inputs: pivotedQR(A, ridge.relativeTolerance).rank, outputs: null };
  const changed = { transform, weights, biases, ranks, vectors, norms: {} };
  if (version === 'bias') {
    const [{ bias }] = outputs;
    const shift = residuals.length > 0 ? meanShift(block, original, residuals) : null;
    const had = biases[bias];
    if (shift) {
      biases[bias] = shift.map((entry, j) => (had ? had[j] + eta * (entry - had[j]) : eta * entry));
    }
    return { ...changed, norms: normsOf(weights) };
  }
  const after = withThoughtPatch(original, changed);
  const runs = mixed.map((row) => asRun(block.finish(eager, after, row)));
  const H = matrixFromRows(
    runs.map(({ sites }) => outputs.flatMap(({ weight }) => Array.from(sites[weight].input))),
  );
  const targets = runs.map(({ sum }, i) =>
    asUpdate(block, original, subtract(contextual[i].sum, sum)),
  );
  const fit = scaled(ridgeMap(H, matrixFromRows(targets), ridge).map, eta);
  let from = 0;
  for (const { weight } of outputs) {
    const { cols } = own[weight];
    const change = columnsOf(fit, from, cols);
    const had = before?.weights[weight];
    weights[weight] = had ? plus(had, change) : change;
    from += cols;
  }
  const rank = pivotedQR(H, ridge.relativeTolerance).rank;
  return { ...changed, ranks: { ...ranks, outputs: rank }, norms: normsOf(weights) };
}

/** The parameters of a block with the change added in. A bias that the block does not have appears. */
export function withThoughtPatch(
  parameters: Parameters,
  { weights, biases, ranks }: Pick<ThoughtPatch, 'weights' | 'biases' | 'ranks'>,
): Parameters {
  const changed = Object.entries(biases).map(([name, shift]) => {
    const before = parameters[`mlp.${name}`]?.data;
    return [`mlp.${name}`, rowMatrix(shift.map((entry, j) => (before?.[j] ?? 0) + entry))];
  });
  return { ...withStaticPatch(parameters, { weights, ranks }), ...Object.fromEntries(changed) };
}

/** @throws DomainError, naming the block where it is the block, unless `thoughtPatch` can be made. */
export function requireThoughtBlock(
  caller: string,
  { name, wiring, feedForward }: Block,
  parameters: Parameters,
  { eta = 1, version = 'weights' }: ThoughtOptions,
): void {
  if (version !== 'weights' && version !== 'bias') {
    throw new DomainError(`${caller}: the version must be weights or bias, got ${version}`);
  }
  if (!(eta > 0 && eta <= 1)) {
    throw new DomainError(`${caller}: eta must be above 0 and at most 1, got ${eta}`);
  }
  if (wiring.update.kind === 'norm') {
    throw new DomainError(
      `${caller}: a network without a norm between it and the sum is required, got the block ${name}`,
    );
  }
  const [{ bias }] = feedForward.outputs;
  if (version === 'bias' && parameters[`mlp.${bias}`] === undefined) {
    throw new DomainError(
      `${caller}: version bias needs the output bias ${bias}, got the block ${name} without it`,
    );
  }
}

/** The mean of what y must change by for these differences of r. */
const meanShift = (block: Block, parameters: Parameters, differences: readonly Float64Array[]) =>
  asUpdate(block, parameters, thoughtVector(matrixFromRows(differences)));

/** What y must change by for a difference of the sum. */
function asUpdate(
  { name, wiring: { update } }: Block,
  parameters: Parameters,
  difference: Float64Array,
): Float64Array {
  if (update.kind === 'factor') return difference.map((entry) => entry / update.factor);
  if (update.kind !== 'factors') return difference;
  const factors = parameters[update.name].data;
  const none = factors.indexOf(0);
  if (none >= 0) {
    throw new DegenerateBase(
      `thoughtPatch: factors of the update that are not 0 are required, got 0 at entry ${none} in the ` +
        `block ${name}`,
    );
  }
  return difference.map((entry, j) => entry / factors[j]);
}

const scaled = ({ rows, cols, data }: Matrix, factor: number): Matrix =>
  matrix(
    rows,
    cols,
    data.map((entry) => factor * entry),
  );

const plus = (x: Matrix, y: Matrix): Matrix =>
  matrix(
    x.rows,
    x.cols,
    x.data.map((entry, i) => entry + y.data[i]),
  );

const normsOf = (weights: Readonly<Record<string, Matrix>>): Record<string, number> =>
  Object.fromEntries(Object.entries(weights).map(([name, W]) => [name, frobeniusNorm(W)]));
