/**
 * Rotary frequencies that a model was stretched to, for texts longer than those it was trained on.
 *
 * Both kinds are fixed numbers, whatever the length of the text. Kinds that depend on it (dynamic NTK,
 * long RoPE) are not here: with them the removal of tokens would turn the others.
 *
 * @module
 */
import { DomainError } from '../linalg/index.ts';

/**
 * How frequencies are changed, with s the factor:
 *
 *   linear   f/s
 *   llama3   with the wavelength 2π/f counted in trained lengths L, n = L·f/(2π):
 *            n < low    f/s                       long waves are stretched
 *            n > high   f                         short waves stay
 *            else       (1 − t)·f/s + t·f,  t = (n − low)/(high − low)
 *
 * Source: arXiv:2306.15595 (linear); Llama 3.1, as `rope_type: llama3` of transformers.
 */
export type RopeScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly low: number;
      readonly high: number;
      /** L, in tokens. */
      readonly trainedLength: number;
    };

/** The frequencies, changed. @throws DomainError if a number is not positive, or high not above low. */
export function scaledFrequencies(frequencies: Float64Array, scaling: RopeScaling): Float64Array {
  const { kind, ...numbers } = scaling;
  for (const [what, value] of Object.entries(numbers)) {
    if (!(value > 0 && value < Infinity)) {
      throw new DomainError(`rope: ${what} of the scaling must be positive, got ${value}`);
    }
  }
  if (scaling.kind === 'linear') return frequencies.map((f) => f / scaling.factor);
  if (scaling.kind !== 'llama3') {
    throw new DomainError(`rope: scaling must be linear or llama3, got ${kind}`);
  }
  const { factor, low, high, trainedLength } = scaling;
  if (!(high > low)) {
    throw new DomainError(`rope: high must be above low in the scaling, got ${high} and ${low}`);
  }
  return frequencies.map((f) => {
    const waves = (trainedLength * f) / (2 * Math.PI);
    if (waves < low) return f / factor;
    if (waves > high) return f;
    const t = (waves - low) / (high - low);
    return ((1 - t) * f) / factor + t * f;
  });
}
