/**
 * The rounding bound carried through a block, from its first site to its output.
 *
 * @module
 */
import { gamma, norm, subtract, UNIT_ROUNDOFF } from '../linalg/index.ts';
import { ACTIVATIONS, type Block, type BlockRun, type Parameters } from '../model/index.ts';
import type { Variant } from './block-patch.ts';
import { layerNormBound } from './norm-bound.ts';
import type { Application } from './prove-patch.ts';
import { absoluteProduct, enlarge, preActivationBound } from './rounding-bounds.ts';

/** Bounds on |patched − contextual|, entry by entry. */
export interface BlockBounds {
  /** At W1·z + b1; null for w2only, which leaves the pre-activations as they were. */
  readonly preActivation: Float64Array | null;
  readonly output: Float64Array;
}

/** The two runs that a patch connects. */
export interface Runs {
  readonly base: BlockRun;
  readonly contextual: BlockRun;
}

/**
 * Bounds for a patch of the given variant, from the weights and the two runs that it connects; the
 * patched run need not exist yet. f is the hidden width, D = r' − r (w2only: s' − s).
 *
 *   E_h   = Lip(g)·E_z + error of both evaluations of g,  |h| ≤ |h'| + Lip(g)·E_z
 *   E_y   = |W2|·E_h + 2·γ_{f+2}·|W2||h|      w2only: 2·γ_{f+2}·|W2||h|, h of the base run
 *           + γ_{3f+4}·|D|                    where W2 takes D; dense w1w2: see otherHidden
 *   E_sum = E_y + 4u·(|b2| + |r| + |r'| + |s'| + |D|)
 *   E_out = E_sum, or through the last norm (`norm-bound.ts`)
 *
 * E_z is bound 9.3 (`rounding-bounds.ts`). Lip(g) and the error of g stand in `activations.ts`.
 */
export function blockBounds(
  block: Block,
  parameters: Parameters,
  runs: Runs,
  variant: Variant,
  application: Application = 'factored',
): BlockBounds {
  const { base, contextual } = runs;
  const { 'mlp.W2': W2, 'mlp.b2': b2 } = parameters;
  const f = W2.cols;
  const preActivation = firstSite(parameters, runs, variant);
  const atHidden = preActivation && hiddenError(block, preActivation, contextual);
  const hidden = atHidden
    ? contextual.hidden.map((h, i) => Math.abs(h) + atHidden[i])
    : base.hidden;
  const carried = atHidden ? absoluteProduct(W2, atHidden) : new Float64Array(W2.rows);
  const rounded = absoluteProduct(W2, hidden);
  const inW2 = variant === 'w1w2' || variant === 'w2only';
  const moved = difference(runs, variant);
  const otherBase =
    variant === 'w1w2' && application === 'dense' && atHidden
      ? otherHidden(contextual.hidden, atHidden)
      : 0;
  const none = new Float64Array(W2.rows);
  const [r, target] = [base.residual ?? none, contextual.residual ?? none];
  const atSum = carried.map((error, i) =>
    enlarge(
      error +
        2 * gamma(f + 2) * rounded[i] +
        (inW2 ? (gamma(3 * f + 4) + otherBase) * moved[i] : 0) +
        4 *
          UNIT_ROUNDOFF *
          (Math.abs(b2.data[i]) +
            Math.abs(r[i]) +
            Math.abs(target[i]) +
            (Math.abs(contextual.sum[i]) + error) +
            moved[i]),
      f,
    ),
  );
  return { preActivation, output: throughLastNorm(block, parameters, contextual, atSum) };
}

/**
 * ΔW2 of w1w2 divides by the hidden vector h of the factored first site. With the patch of W1 added in,
 * the hidden vector is another, h″ with |h″ − h| ≤ 2E_h, and D is met with the factor v·h″ instead of 1:
 * |v·h″ − 1| ≤ 2‖E_h‖/‖h‖ ≤ 2‖E_h‖/(‖h'‖ − ‖E_h‖).
 */
function otherHidden(contextual: Float64Array, atHidden: Float64Array): number {
  const [size, error] = [norm(contextual), norm(atHidden)];
  return size > error ? ((2 * error) / (size - error)) * (1 + gamma(64)) : Infinity;
}

/** E_z, or null where the first site is left alone. */
function firstSite(
  parameters: Parameters,
  { base, contextual }: Runs,
  variant: Variant,
): Float64Array | null {
  if (variant === 'w2only') return null;
  const { 'mlp.W1': W1, 'mlp.b1': b1 } = parameters;
  const withBias = variant === 'bias' || variant === 'joint';
  return preActivationBound(W1, b1.data, base.input, contextual.input, withBias);
}

/** E_h: what the activation makes of E_z, and its own error at both ends of that range. */
function hiddenError(block: Block, atZ: Float64Array, contextual: BlockRun): Float64Array {
  const { lipschitz, evaluationError } = ACTIVATIONS[block.mlp.options.activation];
  return atZ.map((error, i) => {
    const [z, h] = [Math.abs(contextual.preActivation[i]), Math.abs(contextual.hidden[i])];
    const own = evaluationError(z, h) + evaluationError(z + error, h + lipschitz * error);
    return lipschitz * error + own * (1 + gamma(8));
  });
}

/** |D|: what an output bias or W2 has to add. */
function difference({ base, contextual }: Runs, variant: Variant): Float64Array {
  if (variant === 'w2only') return subtract(contextual.sum, base.sum).map(Math.abs);
  if (!base.residual || !contextual.residual) return new Float64Array(base.sum.length);
  return subtract(contextual.residual, base.residual).map(Math.abs);
}

/** What the wiring does after the sum: nothing, or a norm. */
function throughLastNorm(
  block: Block,
  parameters: Parameters,
  contextual: BlockRun,
  atSum: Float64Array,
): Float64Array {
  if (block.name !== 'post-ln') return atSum;
  const { 'norm2.g': gain, 'norm2.b': shift } = parameters;
  return layerNormBound(contextual.sum, atSum, gain.data, shift.data, block.epsilon);
}
