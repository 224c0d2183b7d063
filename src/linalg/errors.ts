/**
 * The errors that deltaw throws on purpose.
 *
 * All are RangeErrors with a name of their own, so that a caller can tell a wrong shape from
 * a number that is not finite, and both from a precondition of a theorem that does not hold.
 * Messages read `function: what is required, so what was needed, got what`.
 *
 * @module
 */

/** Sizes that do not fit together. */
export class ShapeError extends RangeError {
  override readonly name: string = 'ShapeError';
}

/** A NaN or an infinity where a finite number is required. */
export class NonFiniteError extends RangeError {
  override readonly name: string = 'NonFiniteError';
}

/** A position, a count or another parameter outside its range. */
export class DomainError extends RangeError {
  override readonly name: string = 'DomainError';
}

/**
 * The base vector of a patch has no pseudoinverse in float64: it is zero, or so small that
 * a/‖a‖² overflows. Theorem 1 does not apply; nothing is added to a denominator to hide it.
 */
export class DegenerateBase extends RangeError {
  override readonly name: string = 'DegenerateBase';
}

/** Bytes that are not a state this version wrote: truncated, altered, or of another kind. */
export class StateError extends RangeError {
  override readonly name: string = 'StateError';
}
