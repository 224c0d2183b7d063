/**
 * The rounding bound carried through the perceptron to the output of a plain block.
 *
 * @module
 */
import { ACTIVATIONS, type BlockRun, type Parameters, type PlainBlock } from '../model/index.ts';
import {
  absoluteProduct,
  enlarge,
  gamma,
  preActivationBound,
  UNIT_ROUNDOFF,
} from './rounding-bounds.ts';

/** Bounds on |patched − contextual|, entry by entry. */
export interface BlockBounds {
  readonly preActivation: Float64Array;
  readonly output: Float64Array;
}

/**
 * E_z at the pre-activation and E_out at the output, for the two runs that Theorem 1 connects:
 *
 *   E_h   = Lip(g)·E_z + 2·ε_g·|h| + ε_g·Lip(g)·E_z
 *   E_out = |W2|·E_h + 2·γ_{f+2}·|W2||h| + 4u·(|b2| + |out|)
 *
 * f is the hidden width, Lip(g) and ε_g the Lipschitz constant and the evaluation error of the
 * activation, |h| and |out| the larger of the two runs' values. The second product ε_g·Lip·E_z
 * makes the first-order statement hold outright.
 *
 * Shapes: as the pre-activation and the output of the block.
 */
export function blockBounds(
  block: PlainBlock,
  parameters: Parameters,
  runs: { base: BlockRun; contextual: BlockRun; patched: BlockRun },
): BlockBounds {
  const { base, contextual, patched } = runs;
  const { 'mlp.W1': W1, 'mlp.b1': b1, 'mlp.W2': W2, 'mlp.b2': b2 } = parameters;
  const preActivation = preActivationBound(W1, b1.data, base.attention, contextual.attention);
  const { lipschitz, relativeError } = ACTIVATIONS[block.mlp.options.activation];
  const hidden = larger(patched.hidden, contextual.hidden);
  const output = larger(patched.output, contextual.output);
  const hiddenError = hidden.map(
    (h, i) => (1 + relativeError) * lipschitz * preActivation[i] + 2 * relativeError * Math.abs(h),
  );
  const carried = absoluteProduct(W2, hiddenError);
  const rounded = absoluteProduct(W2, hidden);
  const f = W2.cols;
  return {
    preActivation,
    output: carried.map((error, i) =>
      enlarge(
        error +
          2 * gamma(f + 2) * rounded[i] +
          4 * UNIT_ROUNDOFF * (Math.abs(b2.data[i]) + output[i]),
        f,
      ),
    ),
  };
}

const larger = (x: Float64Array, y: Float64Array): Float64Array =>
  x.map((entry, i) => Math.max(Math.abs(entry), Math.abs(y[i])));
