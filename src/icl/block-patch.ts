/**
 * The exact patch of one block at one position, in several forms: one algorithm for every architecture.
 *
 * A patch of each site that reads z makes its output contextual, and with it everything up to the
 * feed-forward output y. What is left is the residual difference r' − r; an output bias takes it, or
 * the last linear maps. The two differences are taken at different places, z' − z before the input
 * sites and r' − r before the sum: behind a norm they are different vectors, and using one for both
 * is wrong.
 *
 *   paper               here
 *   A(C∖Y, x), A(C, x)  base.attention, contextual.attention
 *   z, z'               base.input, contextual.input
 *   r, r'               base.residual, contextual.residual
 *   h                   hidden vector: what the output site reads
 *
 * Source: arXiv:2507.16003v1, Theorem B.2 (v1 skip); arXiv:2512.11255, Theorem 1 (residual and
 * Pre-LN, with the weight difference taken after the norm); arXiv:2511.17864 (gated and expert
 * networks, norms between).
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import {
  DegenerateBase,
  DomainError,
  matrix,
  requireFinite,
  rowMatrix,
  subtract,
} from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  type FeedForward,
  gainName,
  linearSite,
  type Parameters,
  part,
  type Site,
} from '../model/index.ts';
import { patchBias, patchJointly } from './joint-patch.ts';
import { patchToTarget, patchWeight, representable } from './patch-weight.ts';
import { preActivationBound } from './rounding-bounds.ts';
import { GAIN_METHODS, type GainMethod, patchThroughNorm } from './sandwich-norm-patch.ts';

/**
 * How the change is shared out; W1 stands for every site that reads z, W2 for every site that is summed
 * up to y, h for what those read, one after another.
 *
 *   default   ΔW1 = W1·(z' − z)·zᵀ/‖z‖²; D in b2, or as w1w2 where the block has no b2   z ≠ 0
 *   w1w2      ΔW1 the same, ΔW2 = D·hᵀ/‖h‖²                     z ≠ 0, h ≠ 0; h after the patch of W1
 *   w2only    ΔW2 = D·hᵀ/‖h‖²                                    h ≠ 0; h of the base run
 *   bias      Δb1 = W1·(z' − z), D in b2                         none
 *   joint     ΔW1 and Δb1 by `patchJointly` with λ = 1, D in b2  none
 *
 * D is what y must change by: r' − r (w2only: s' − s, s = r + y), divided by the factor of the wiring where
 * there is one. Where a norm stands between, D comes from `patchThroughNorm`, by its 'scalar' method, or
 * as 'component-wise' or 'secular' say. Where the block has no residual connection D = 0 and w1w2 is
 * default.
 */
export type Variant = CommonVariant | GainMethod;

/** The variants that every block has. */
export type CommonVariant = 'default' | 'w1w2' | 'w2only' | 'bias' | 'joint';

/** The variants of every block; the `GainMethod`s are for those with a norm before the sum. */
export const VARIANTS: readonly CommonVariant[] = ['default', 'w1w2', 'w2only', 'bias', 'joint'];

/**
 * The patch that carries the block from the base run to the contextual run's output.
 *
 * Where nothing that the sum reads has changed, D and with it all of its patch is +0 in every bit, and nothing
 * is divided by.
 *
 * Precondition of a network that chooses: `requireClearChoice`.
 *
 * @throws DegenerateBase if the vector that the variant divides by is zero, the patch is not representable,
 * or rounding could change what the network chooses.
 * @throws DomainError if the variant is unknown or not one of this block's, or a layer norm stands between
 * network and sum.
 * @throws ShapeError or NonFiniteError if the runs are not of this block.
 */
export function blockPatch(
  block: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  variant: Variant = 'default',
): BlockPatch {
  const known: readonly string[] = [...VARIANTS, ...GAIN_METHODS];
  if (!known.includes(variant)) {
    throw new DomainError(
      `blockPatch: the variant must be one of ${known.join(', ')}, got ${variant}`,
    );
  }
  const { feedForward, wiring } = block;
  const sandwiched = wiring.update.kind === 'norm';
  const method: GainMethod = isGainMethod(variant) ? variant : 'scalar';
  if (isGainMethod(variant) && !sandwiched) {
    throw new DomainError(
      `blockPatch: ${variant} is for a norm between network and sum, got the block ${block.name}`,
    );
  }
  if (wiring.update.kind === 'norm' && wiring.norms[wiring.update.norm] === 'layer') {
    throw new DomainError(
      'blockPatch: a norm between network and sum must be one of root mean square, because no gain makes up ' +
        `for the mean and shift of a layer norm, got the block ${block.name}`,
    );
  }
  const changes: Changes = { weights: {}, biases: {}, gains: {} };
  if (variant !== 'w2only') patchInputs(block, parameters, base, contextual, variant, changes);
  const y = variant === 'w2only' ? base.update : contextual.update;
  const difference = sandwiched
    ? changeThroughNorm(block, parameters, base, contextual, y, method, changes)
    : changeOfUpdate(block, parameters, base, contextual, variant);
  const { gains: _, ...withoutGains } = changes;
  const patch = sandwiched ? changes : withoutGains;
  if (difference === null) return patch;
  representable('blockPatch', { p: difference, v: new Float64Array(0) });
  const [first] = feedForward.outputs;
  const own = part(parameters, 'mlp');
  const inBias =
    variant === 'bias' ||
    variant === 'joint' ||
    (own[first.bias] !== undefined && (variant === 'default' || isGainMethod(variant)));
  if (inBias) changes.biases[first.bias] = difference;
  else {
    const before = (): Float64Array[] =>
      feedForward.outputs.map(({ weight }) => base.sites[weight].input);
    const hidden = variant === 'w2only' ? before() : hiddenWith(block, own, base, changes);
    absorb(feedForward.outputs, difference, hidden, changes);
  }
  return patch;
}

type Choice = ReturnType<NonNullable<FeedForward['choice']>>;

/** A patch in the making. */
interface Changes extends BlockPatch {
  readonly weights: Record<string, BlockPatch['weights'][string]>;
  readonly biases: Record<string, Float64Array>;
  readonly gains: Record<string, Float64Array>;
}

const isGainMethod = (variant: Variant): variant is GainMethod =>
  GAIN_METHODS.some((method) => method === variant);

/** Patches the input sites. */
function patchInputs(
  { feedForward }: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  variant: Variant,
  changes: Changes,
): void {
  const own = part(parameters, 'mlp');
  const choice = feedForward.choice?.(({ weight }) => contextual.sites[weight]);
  for (const site of choice?.sites ?? feedForward.inputs) {
    const { weight, bias } = site;
    const [W, a, target] = [own[weight], base.input, contextual.sites[weight].input];
    if (variant === 'bias') changes.biases[bias] = patchBias(W, a, target);
    else if (variant === 'joint') {
      const shared = patchJointly(W, a, target, 1);
      changes.weights[weight] = shared.weight;
      changes.biases[bias] = shared.bias;
    } else changes.weights[weight] = patchWeight(W, a, target);
    if (site === choice?.router) requireClearChoice(choice, own, a, target, changes);
  }
}

/** What the output sites read once the input sites are patched. */
function hiddenWith(
  { feedForward }: Block,
  own: Parameters,
  base: BlockRun,
  changes: Changes,
): Float64Array[] {
  const hidden: Float64Array[] = [];
  const linear = (site: Site, s: ReturnType<typeof rowMatrix>) => {
    if (!feedForward.outputs.includes(site)) return linearSite(eager, own, site, s, changes);
    // What comes of it is added up to y, which is not asked for.
    hidden.push(s.data.slice());
    return matrix(s.rows, own[site.weight].rows);
  };
  feedForward.forward({ on: eager, p: own, linear }, rowMatrix(base.input));
  return hidden;
}

/**
 * Refuses a choice that rounding could change (theory 6.5): the router's output in the patched run is
 * contextual up to E, bound 9.3, so the margin must exceed 2·max E. Where the input is the same in every
 * bit, or E = 0, the output is too.
 *
 * @throws DegenerateBase naming the margin.
 */
function requireClearChoice(
  { router: { weight, bias }, margin }: Choice,
  own: Parameters,
  base: Float64Array,
  contextual: Float64Array,
  { biases }: BlockPatch,
): void {
  if (unchanged(base, contextual)) return;
  const W = own[weight];
  const b = own[bias]?.data ?? new Float64Array(W.rows);
  const E = preActivationBound(W, b, base, contextual, biases[bias] !== undefined);
  const needed = 2 * Math.max(...E);
  if (!(margin > needed || needed === 0)) {
    throw new DegenerateBase(
      `blockPatch: the routing margin must exceed twice the rounding bound at ${weight}, ${needed}, or the ` +
        `patched run may choose otherwise, got a margin of ${margin}`,
    );
  }
}

/** Whether two vectors are the same in every bit. */
const unchanged = (x: Float64Array | null, y: Float64Array | null): boolean =>
  x === null || y === null ? x === y : x.every((entry, i) => Object.is(entry, y[i]));

/** D, or null where nothing is to be changed. */
function changeOfUpdate(
  { wiring: { update } }: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  variant: Variant,
): Float64Array | null {
  if (variant !== 'w2only' && !(base.residual && contextual.residual)) return null;
  const [to, from] =
    variant === 'w2only' || !base.residual || !contextual.residual
      ? [contextual.sum, base.sum]
      : [contextual.residual, base.residual];
  const what = variant === 'w2only' ? 'the sum' : 'the residual stream';
  for (const x of [to, from]) requireFinite('blockPatch', what, x);
  const moved = subtract(to, from);
  const factors = update.kind === 'factors' ? parameters[update.name].data : null;
  const factor = update.kind === 'factor' ? update.factor : 1;
  return moved.map((entry, j) => divided(entry, factors ? factors[j] : factor));
}

/** entry/factor, where 0 divided by anything is +0. */
function divided(entry: number, factor: number): number {
  if (entry === 0) return 0;
  if (factor !== 0) return entry / factor;
  throw new DegenerateBase(
    'blockPatch: what is multiplied by 0 cannot make up for a difference, got a factor of 0',
  );
}

/** D where a norm stands between; the gain's part goes into the changes. */
function changeThroughNorm(
  { wiring: { norms, update }, epsilon }: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  y: Float64Array,
  method: GainMethod,
  changes: Changes,
): Float64Array | null {
  if (update.kind !== 'norm') return null;
  if (unchanged(base.input, contextual.input) && unchanged(base.residual, contextual.residual)) {
    changes.gains[update.norm] = new Float64Array(y.length);
    return method === 'component-wise' ? null : new Float64Array(y.length);
  }
  const kind = norms[update.norm];
  const stored = parameters[`${update.norm}.${gainName(kind)}`].data;
  const s = kind === 'rms+1' ? stored.map((w) => 1 + w) : stored;
  const goal = base.residual ? subtract(contextual.sum, base.residual) : contextual.sum;
  const target = patchThroughNorm(method, goal, y, s, epsilon);
  changes.gains[update.norm] = target.gain;
  return method === 'component-wise' ? null : subtract(target.y, y);
}

/**
 * The least joint change of the output sites that moves their sum by D: ΔW_k = D·s_kᵀ/Σ‖s‖². Where D = 0 it
 * is 0 whatever the s_k are.
 */
function absorb(
  outputs: readonly Site[],
  difference: Float64Array,
  hidden: readonly Float64Array[],
  changes: Changes,
): void {
  const all = Float64Array.from(hidden.flatMap((s) => Array.from(s)));
  const none = difference.every((entry) => entry === 0);
  const { p, v } = none
    ? { p: new Float64Array(difference.length), v: new Float64Array(all.length) }
    : patchToTarget(difference, all);
  let from = 0;
  outputs.forEach(({ weight }, k) => {
    const to = from + hidden[k].length;
    // An expert that weighs nothing is left alone.
    if (outputs.length === 1 || hidden[k].some((entry) => entry !== 0)) {
      changes.weights[weight] = { p: p.slice(), v: v.slice(from, to) };
    }
    from = to;
  });
}
