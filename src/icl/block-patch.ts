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
import { DegenerateBase, DomainError, rowMatrix, subtract } from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  gainName,
  linearSite,
  type Parameters,
  part,
  type Site,
} from '../model/index.ts';
import { patchBias, patchJointly } from './joint-patch.ts';
import { patchToTarget, patchWeight } from './patch-weight.ts';
import { type GainMethod, patchThroughNorm } from './sandwich-norm-patch.ts';

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
 * @throws DegenerateBase if the vector that the variant divides by is zero.
 * @throws DomainError if the variant is not one of this block's.
 * @throws ShapeError or NonFiniteError if the runs are not of this block.
 */
export function blockPatch(
  block: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  variant: Variant = 'default',
): BlockPatch {
  const { feedForward, wiring } = block;
  const sandwiched = wiring.update.kind === 'norm';
  const method: GainMethod = isGainMethod(variant) ? variant : 'scalar';
  if (isGainMethod(variant) && !sandwiched) {
    throw new DomainError(
      `blockPatch: ${variant} is for a norm between network and sum, got the block ${block.name}`,
    );
  }
  const changes = emptyChanges();
  const hidden =
    variant === 'w2only'
      ? feedForward.outputs.map(({ weight }) => base.sites[weight].input)
      : patchInputs(block, parameters, base, contextual, variant, changes);
  const y = variant === 'w2only' ? base.update : contextual.update;
  const difference = sandwiched
    ? changeThroughNorm(block, parameters, base, contextual, y, method, changes)
    : changeOfUpdate(block, parameters, base, contextual, variant);
  const { gains: _, ...withoutGains } = changes;
  const patch = sandwiched ? changes : withoutGains;
  if (difference === null) return patch;
  const [first] = feedForward.outputs;
  const own = part(parameters, 'mlp');
  const inBias =
    variant === 'bias' ||
    variant === 'joint' ||
    (own[first.bias] !== undefined && (variant === 'default' || isGainMethod(variant)));
  if (inBias) changes.biases[first.bias] = difference;
  else absorb(feedForward.outputs, difference, hidden, changes);
  return patch;
}

/** A patch in the making. */
interface Changes extends BlockPatch {
  readonly weights: Record<string, BlockPatch['weights'][string]>;
  readonly biases: Record<string, Float64Array>;
  readonly gains: Record<string, Float64Array>;
}

const emptyChanges = (): Changes => ({ weights: {}, biases: {}, gains: {} });

const isGainMethod = (variant: Variant): variant is GainMethod =>
  variant === 'scalar' || variant === 'component-wise' || variant === 'secular';

/** Patches the input sites, and returns what the output sites then read. */
function patchInputs(
  { feedForward }: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  variant: Variant,
  changes: Changes,
): Float64Array[] {
  const own = part(parameters, 'mlp');
  const active = feedForward.active?.(({ weight }) => contextual.sites[weight].input);
  const hidden: Float64Array[] = [];
  const linear = (site: Site, s: ReturnType<typeof rowMatrix>) => {
    if (feedForward.outputs.includes(site)) hidden.push(s.data.slice());
    else if (active?.includes(site) ?? true) {
      const { weight, bias } = site;
      const [W, a, target] = [own[weight], s.data, contextual.sites[weight].input];
      if (variant === 'bias') changes.biases[bias] = patchBias(W, a, target);
      else if (variant === 'joint') {
        const shared = patchJointly(W, a, target, 1);
        changes.weights[weight] = shared.weight;
        changes.biases[bias] = shared.bias;
      } else changes.weights[weight] = patchWeight(W, a, target);
    }
    return linearSite(eager, own, site, s, changes);
  };
  feedForward.forward({ on: eager, p: own, linear }, rowMatrix(base.input));
  return hidden;
}

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
  const moved = subtract(to, from);
  if (update.kind === 'factor') return moved.map((entry) => divided(entry, update.factor));
  if (update.kind !== 'factors') return moved;
  const factors = parameters[update.name].data;
  return moved.map((entry, j) => divided(entry, factors[j]));
}

/** entry/factor, where 0/0 is 0. */
function divided(entry: number, factor: number): number {
  if (factor !== 0) return entry / factor;
  if (entry === 0) return 0;
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
  const kind = norms[update.norm];
  const stored = parameters[`${update.norm}.${gainName(kind)}`].data;
  const s = kind === 'rms+1' ? stored.map((w) => 1 + w) : stored;
  const goal = base.residual ? subtract(contextual.sum, base.residual) : contextual.sum;
  const target = patchThroughNorm(method, goal, y, s, epsilon);
  changes.gains[update.norm] = target.gain;
  return method === 'component-wise' ? null : subtract(target.y, y);
}

/** The least joint change of the output sites that moves their sum by D: ΔW_k = D·s_kᵀ/Σ‖s‖². */
function absorb(
  outputs: readonly Site[],
  difference: Float64Array,
  hidden: readonly Float64Array[],
  changes: Changes,
): void {
  const all = Float64Array.from(hidden.flatMap((s) => Array.from(s)));
  const { p, v } = patchToTarget(difference, all);
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
