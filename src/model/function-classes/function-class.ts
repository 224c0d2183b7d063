/**
 * What a class of functions is: a name, and how one function of it is drawn.
 *
 *   d inputs, a function f from d numbers to one; labels y = f(x)
 *
 * Source of the classes: Garg et al., What can transformers learn in-context?, arXiv:2208.01066,
 * and their code, dtsip/in-context-learning.
 *
 * @module
 */
import { DomainError, type Random, requireVector, ShapeError } from '../../linalg/index.ts';

/** f(x), x of d numbers. Draws nothing: the same x has the same value. */
export type ScalarFunction = (x: Float64Array) => number;

/** What is added to the labels of a prompt, and what is done with them then. */
export interface LabelNoise {
  /** σ ≥ 0: each label is f(x) + σ·ε, ε ~ N(0, 1). */
  readonly deviation: number;
  /** Whether the noisy labels are then scaled to the standard deviation √d. */
  readonly renormalised: boolean;
}

/** Functions with a distribution over them. */
export interface FunctionClass {
  readonly name: string;
  /**
   * A function of `dimension` numbers.
   *
   * @throws DomainError unless the dimension is an integer that the class can have.
   */
  draw(random: Random, dimension: number): ScalarFunction;
  /** Left out: labels are values of the function. */
  readonly noise?: LabelNoise;
}

/** Refuses what is not an integer of at least `least`. @throws DomainError naming it. */
export function requireInteger(caller: string, what: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new DomainError(`${caller}: ${what} must be an integer ≥ ${least}, got ${value}`);
  }
}

/** Refuses an argument that is not `dimension` numbers. @throws TypeError or ShapeError. */
export function requireArgument(caller: string, x: Float64Array, dimension: number): void {
  requireVector(caller, 'x', x);
  if (x.length !== dimension) {
    throw new ShapeError(`${caller}: x must have ${dimension} entries, got ${x.length}`);
  }
}

/** n standard normal numbers, first to last. */
export function normalVector(random: Random, n: number): Float64Array {
  const x = new Float64Array(n);
  random.fillNormal(x);
  return x;
}
