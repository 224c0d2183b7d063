/**
 * One static change of the weights, exact at several positions at once.
 *
 * A rank-one patch is made for one token. With m tokens there are m conditions on each matrix, W·(z'_i − z_i)
 * to be added at z_i, and as long as the z_i are linearly independent one matrix of rank at most m meets
 * all of them. The tokens may come from several positions, prompts or queries. Behind a layer norm of constant
 * gain and zero shift the z_i are free of mean: at most d − 1 are independent there.
 *
 * Source: own; the least change with given effects is the pseudoinverse's.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import {
  DegenerateBase,
  DomainError,
  leastSquares,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiply,
  requireFinite,
  rowMatrix,
  ShapeError,
  subtract,
  subtractMatrices,
  transpose,
} from '../linalg/index.ts';
import {
  type Block,
  type BlockRun,
  linearSite,
  type Parameters,
  part,
  type Site,
} from '../model/index.ts';

export interface StaticPatch {
  /** ΔW by the names of the weights below `mlp.`. */
  readonly weights: Readonly<Record<string, Matrix>>;
  /** The numerical rank of the z_i (w2only: none) and of what the output sites read. */
  readonly ranks: { readonly inputs: number | null; readonly outputs: number | null };
}

/**
 * The static change of least norm that carries every base run to its contextual run.
 *
 *   default   ΔW1 = W1·Δ·A⁺ for every site that reads z, ΔW2 = R·H'⁺; with A = [z_i], Δ = [z'_i − z_i],
 *             R = [r'_i − r_i], H' = [h_i] after the change of W1
 *   w2only    ΔW2 = [s'_i − s_i]·H⁺, H = [h_i] of the base runs
 *
 * Where the block has no residual connection ΔW2 = 0.
 *
 * Precondition: A, and H', of full column rank, or conditions that agree where they are not (Δ·n = 0
 * wherever A·n = 0). No norm between network and sum: a gain is no linear map.
 *
 * Error: of the order of u·cond(A) and u·cond(H').
 *
 * @throws DegenerateBase if the conditions contradict each other, or the change is not representable.
 * @throws NonFiniteError if a parameter of the network or a vector of a run is not finite.
 * @throws ShapeError if there are no runs, or not one contextual run for each; DomainError for another block
 * or variant.
 */
export function staticPatch(
  block: Block,
  parameters: Parameters,
  bases: readonly BlockRun[],
  contextuals: readonly BlockRun[],
  variant: 'default' | 'w2only' = 'default',
): StaticPatch {
  if (bases.length === 0 || bases.length !== contextuals.length) {
    throw new ShapeError(
      `staticPatch: as many contextual runs as base runs are required, at least one, got ` +
        `${contextuals.length} and ${bases.length}`,
    );
  }
  if (variant !== 'default' && variant !== 'w2only') {
    throw new DomainError(`staticPatch: variant must be default or w2only, got ${variant}`);
  }
  if (block.wiring.update.kind !== 'none') {
    throw new DomainError(
      `staticPatch: a network added as it is is required, got the block ${block.name}`,
    );
  }
  const own = part(parameters, 'mlp');
  for (const [name, { data }] of Object.entries(own)) requireFinite('staticPatch', name, data);
  const { feedForward } = block;
  const weights: Record<string, Matrix> = {};
  let inputs: number | null = null;
  let hidden = bases.map((run) => hiddenOf(block, (name) => run.sites[name].input));
  if (variant === 'default') {
    const A = matrixFromRows(bases.map(({ input }) => input));
    const D = matrixFromRows(contextuals.map(({ input }, i) => subtract(input, bases[i].input)));
    const solved = solve(A, D);
    inputs = solved.rank;
    for (const { weight } of feedForward.inputs)
      weights[weight] = finite(multiply(own[weight], solved.map));
    const changed = withStatic(own, weights);
    hidden = bases.map(({ input }) => evaluate(block, changed, input));
  }
  const targets = contextuals.map((run, i) => {
    if (variant === 'w2only') return subtract(run.sum, bases[i].sum);
    const [to, from] = [run.residual, bases[i].residual];
    return to && from ? subtract(to, from) : null;
  });
  if (targets.some((target) => target === null))
    return { weights, ranks: { inputs, outputs: null } };
  const rows = targets.flatMap((target) => target ?? []);
  const { map, rank } = solve(matrixFromRows(hidden), matrixFromRows(rows));
  let from = 0;
  for (const { weight } of feedForward.outputs) {
    weights[weight] = finite(columnsOf(map, from, own[weight].cols));
    from += own[weight].cols;
  }
  return { weights, ranks: { inputs, outputs: rank } };
}

/** The parameters of a block with the change added in. */
export function withStaticPatch(parameters: Parameters, { weights }: StaticPatch): Parameters {
  const changed = withStatic(part(parameters, 'mlp'), weights);
  const names = Object.keys(weights).map((name) => [`mlp.${name}`, changed[name]]);
  return { ...parameters, ...Object.fromEntries(names) };
}

const withStatic = (own: Parameters, weights: Readonly<Record<string, Matrix>>): Parameters => ({
  ...own,
  ...Object.fromEntries(
    Object.entries(weights).map(([name, change]) => {
      const sum = matrix(change.rows, change.cols);
      own[name].data.forEach((entry, i) => {
        sum.data[i] = entry + change.data[i];
      });
      return [name, sum];
    }),
  ),
});

/** The least M with M·a_i = d_i, for the rows a_i of A and d_i of D, and the rank of A. */
function solve(A: Matrix, D: Matrix): { map: Matrix; rank: number } {
  const { X, rank } = leastSquares(A, D);
  if (rank < A.rows) {
    const off = maxAbs(subtractMatrices(multiply(A, X), D).data);
    // Dependent rows are found to about max(m, n)·u; so near must their targets agree.
    if (!(off <= A.rows * A.cols * 2 ** -45 * maxAbs(D.data))) {
      throw new DegenerateBase(
        `staticPatch: the ${A.rows} positions must be linearly independent, or agree where they are not, got rank ` +
          `${rank} and a contradiction of ${off}`,
      );
    }
  }
  return { map: transpose(X), rank };
}

/** A change, if all of it is finite. */
function finite(change: Matrix): Matrix {
  const wrong = change.data.findIndex((entry) => !Number.isFinite(entry));
  if (wrong >= 0) {
    throw new DegenerateBase(
      `staticPatch: the change must be representable, got ${change.data[wrong]} at entry ${wrong}`,
    );
  }
  return change;
}

/** What all output sites read, one after another. */
const hiddenOf = ({ feedForward }: Block, input: (name: string) => Float64Array): Float64Array =>
  Float64Array.from(feedForward.outputs.flatMap(({ weight }) => Array.from(input(weight))));

/** The same for the network with these parameters at z. */
function evaluate(block: Block, own: Parameters, z: Float64Array): Float64Array {
  const seen: Record<string, Float64Array> = {};
  const linear = (site: Site, s: Matrix): Matrix => {
    seen[site.weight] = s.data;
    return linearSite(eager, own, site, s);
  };
  block.feedForward.forward({ on: eager, p: own, linear }, rowMatrix(z));
  return hiddenOf(block, (name) => seen[name]);
}

/** Some columns of a matrix. */
export function columnsOf(a: Matrix, from: number, count: number): Matrix {
  const result = matrix(a.rows, count);
  for (let i = 0; i < a.rows; i++) {
    const at = i * a.cols + from;
    result.data.set(a.data.subarray(at, at + count), i * count);
  }
  return result;
}
