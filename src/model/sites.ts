/**
 * Linear sites: the maps y = W·s + b of a block, and what a patch adds to them.
 *
 * @module
 */
import { add, addBias, type Evaluator, linear } from '../autograd/index.ts';
import {
  addRankOne,
  DomainError,
  matrix,
  type RankOne,
  requireFinite,
  rowMatrix,
  ShapeError,
} from '../linalg/index.ts';
import type { Parameters } from './parameters.ts';

/** The names of a site's weight and bias among the parameters; a site may have no bias. */
export interface Site {
  readonly weight: string;
  readonly bias: string;
}

/** What is added to the weights and biases of a block, by their names. */
export interface BlockPatch {
  readonly weights: Readonly<Record<string, RankOne>>;
  /** A bias may be added where the block has none. */
  readonly biases: Readonly<Record<string, Float64Array>>;
  /** What is added to the gains of norms, by the names of the norms. */
  readonly gains?: Readonly<Record<string, Float64Array>>;
}

export const NO_PATCH: BlockPatch = { weights: {}, biases: {} };

/**
 * (W + p·vᵀ)·s + (b + Δb) for each row s, in this order of rounding: W·s, then p·(v·s) added, then
 * b, then Δb. Parts that are not there are left out.
 */
export function linearSite<V>(
  on: Evaluator<V>,
  parameters: Parameters<V>,
  { weight, bias }: Site,
  s: V,
  { weights, biases }: BlockPatch = NO_PATCH,
): V {
  let y = on.apply(linear, s, parameters[weight]);
  const update = weights[weight];
  if (update) {
    const v = on.constant(rowMatrix(update.v));
    const p = on.constant(matrix(update.p.length, 1, update.p.slice()));
    y = on.apply(add, y, on.apply(linear, on.apply(linear, s, v), p));
  }
  if (parameters[bias] !== undefined) y = on.apply(addBias, y, parameters[bias]);
  const shift = biases[bias];
  return shift ? on.apply(addBias, y, on.constant(rowMatrix(shift))) : y;
}

/**
 * Refuses a patch that names a site the block does not have, whose shape does not fit, or that is not
 * finite.
 *
 * @throws DomainError, ShapeError or NonFiniteError naming the site.
 */
export function requirePatch(
  caller: string,
  sites: readonly Site[],
  parameters: Parameters,
  { weights, biases }: BlockPatch,
): void {
  const named = (names: string[], known: string[]): void => {
    const wrong = names.find((name) => !known.includes(name));
    if (wrong !== undefined) {
      throw new DomainError(`${caller}: a patch may name ${known.join(', ')}, got ${wrong}`);
    }
  };
  named(
    Object.keys(weights),
    sites.map(({ weight }) => weight),
  );
  named(
    Object.keys(biases),
    sites.map(({ bias }) => bias),
  );
  for (const [name, { p, v }] of Object.entries(weights)) {
    requireFinite(caller, `p of the patch of ${name}`, p);
    requireFinite(caller, `v of the patch of ${name}`, v);
  }
  for (const [name, shift] of Object.entries(biases)) {
    requireFinite(caller, `the patch of ${name}`, shift);
  }
  for (const { weight, bias } of sites) {
    const { rows, cols } = parameters[weight];
    const update = weights[weight];
    if (update && (update.p.length !== rows || update.v.length !== cols)) {
      throw new ShapeError(
        `${caller}: the patch of ${weight} must be ${rows}x${cols}, got ` +
          `${update.p.length}x${update.v.length}`,
      );
    }
    const shift = biases[bias];
    if (shift && shift.length !== rows) {
      throw new ShapeError(
        `${caller}: the patch of ${bias} must have ${rows} entries, got ${shift.length}`,
      );
    }
  }
}

/** @throws DomainError, ShapeError or NonFiniteError naming a gain that does not fit. */
export function requireGains(
  caller: string,
  norms: readonly string[],
  width: number,
  { gains = {} }: BlockPatch,
): void {
  for (const [norm, change] of Object.entries(gains)) {
    if (!norms.includes(norm)) {
      throw new DomainError(
        `${caller}: a patch may change the gains of ${norms.join(', ') || 'no norm'}, got ${norm}`,
      );
    }
    requireFinite(caller, `the patch of the gain of ${norm}`, change);
    if (change.length !== width) {
      throw new ShapeError(
        `${caller}: the patch of the gain of ${norm} must have ${width} entries, got ${change.length}`,
      );
    }
  }
}

/**
 * The parameters with the patch added in: W becomes fl(W + fl(p·vᵀ)), b becomes fl(b + Δb). A bias
 * that the site does not have appears.
 */
export function addPatch(
  sites: readonly Site[],
  parameters: Parameters,
  { weights, biases }: BlockPatch,
): Parameters {
  const changed: Record<string, Parameters[string]> = { ...parameters };
  for (const { weight, bias } of sites) {
    const [update, shift] = [weights[weight], biases[bias]];
    if (update) changed[weight] = addRankOne(parameters[weight], update);
    const before = parameters[bias]?.data;
    if (shift) changed[bias] = rowMatrix(shift.map((entry, i) => (before?.[i] ?? 0) + entry));
  }
  return changed;
}
