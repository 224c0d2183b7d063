/**
 * The exact patch of one block at one position, in several forms.
 *
 * Every wiring obeys one principle. A patch of the first site makes its output contextual, and with
 * it everything up to the perceptron's output. What is left is the residual difference r' − r; an
 * output bias takes it, or the last linear map. The two differences are taken at different places,
 * z' − z before W1 and r' − r before the sum: behind a norm they are different vectors, and using one
 * for both is wrong.
 *
 *   paper               here
 *   A(C∖Y, x), A(C, x)  base.attention, contextual.attention
 *   z, z'               base.input, contextual.input
 *   r, r'               base.residual, contextual.residual
 *   h                   hidden vector
 *
 * Source: arXiv:2507.16003v1, Theorem B.2 (v1 skip); arXiv:2512.11255, Theorem 1 (residual and
 * Pre-LN, with the weight difference taken after the norm).
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { rowMatrix, subtract } from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  type Parameters,
  part,
} from '../model/index.ts';
import { patchBias, patchJointly } from './joint-patch.ts';
import { patchToTarget, patchWeight } from './patch-weight.ts';

/**
 * How the change is shared out.
 *
 *   default   ΔW1 = W1·(z' − z)·zᵀ/‖z‖², Δb2 = r' − r             z ≠ 0
 *   w1w2      ΔW1 the same, ΔW2 = (r' − r)·hᵀ/‖h‖²                z ≠ 0, h ≠ 0; h after the patch of W1
 *   w2only    ΔW2 = (s' − s)·hᵀ/‖h‖², s = r + y                   h ≠ 0; h of the base run
 *   bias      Δb1 = W1·(z' − z), Δb2 = r' − r                     none
 *   joint     ΔW1 and Δb1 by `patchJointly` with λ = 1, Δb2 = r' − r    none
 *
 * Where the block has no residual connection, r' − r is not there and w1w2 is default.
 */
export type Variant = 'default' | 'w1w2' | 'w2only' | 'bias' | 'joint';

export const VARIANTS: readonly Variant[] = ['default', 'w1w2', 'w2only', 'bias', 'joint'];

/**
 * The patch that carries the block from the base run to the contextual run's output.
 *
 * @throws DegenerateBase if the vector that the variant divides by is zero.
 * @throws ShapeError or NonFiniteError if the runs are not of this block.
 */
export function blockPatch(
  block: Block,
  parameters: Parameters,
  base: BlockRun,
  contextual: BlockRun,
  variant: Variant = 'default',
): BlockPatch {
  const own = part(parameters, 'mlp');
  const { input, output } = block.mlp.sites;
  const W1 = own[input.weight];
  const shift =
    base.residual && contextual.residual && subtract(contextual.residual, base.residual);
  const outputBias = shift ? { [output.bias]: shift } : {};
  switch (variant) {
    case 'default': {
      const update = patchWeight(W1, base.input, contextual.input);
      return { weights: { [input.weight]: update }, biases: outputBias };
    }
    case 'w1w2': {
      const first = { [input.weight]: patchWeight(W1, base.input, contextual.input) };
      if (!shift) return { weights: first, biases: {} };
      const { hidden } = block.mlp.forward(eager, own, rowMatrix(base.input), {
        weights: first,
        biases: {},
      });
      const second = { [output.weight]: patchToTarget(shift, hidden.data) };
      return { weights: { ...first, ...second }, biases: {} };
    }
    case 'w2only': {
      const difference = subtract(contextual.sum, base.sum);
      return {
        weights: { [output.weight]: patchToTarget(difference, base.hidden) },
        biases: {},
      };
    }
    case 'bias': {
      const first = { [input.bias]: patchBias(W1, base.input, contextual.input) };
      return { weights: {}, biases: { ...first, ...outputBias } };
    }
    case 'joint': {
      const { weight, bias } = patchJointly(W1, base.input, contextual.input, 1);
      return {
        weights: { [input.weight]: weight },
        biases: { [input.bias]: bias, ...outputBias },
      };
    }
  }
}
