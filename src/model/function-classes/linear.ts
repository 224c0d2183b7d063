/**
 * Linear functions and their closest relatives: sparse, noisy, scaled, squared, and signs of them.
 *
 * Every product w·x has the two-lane order of the kernels, so its error is γ_d·Σ|w_i·x_i|.
 *
 * Source: Garg et al., arXiv:2208.01066, sections 3 and 5; classification and quadratic functions as
 * in their code, `tasks.py`.
 *
 * @module
 */
import { DomainError, dot, requireFinite, requireVector } from '../../linalg/index.ts';
import {
  type FunctionClass,
  type LabelNoise,
  normalVector,
  requireArgument,
  requireInteger,
  type ScalarFunction,
} from './function-class.ts';

/** x ↦ w·x. `w` is copied. @throws TypeError, or NonFiniteError if w is not finite. */
export function linearFunction(w: Float64Array): ScalarFunction {
  const weights = copied('linearFunction', w);
  return (x) => {
    requireArgument('linearFunction', x, weights.length);
    return dot(weights, x);
  };
}

/** x ↦ (x²)·w/√3, squares entrywise: the variance is that of w·x. Throws as `linearFunction`. */
export function quadraticFunction(w: Float64Array): ScalarFunction {
  const weights = copied('quadraticFunction', w);
  return (x) => {
    requireArgument('quadraticFunction', x, weights.length);
    const squares = x.map((entry) => entry * entry);
    return dot(squares, weights) / Math.sqrt(3);
  };
}

/** x ↦ sign(w·x): −1, 1, or 0 where w·x is 0. Throws as `linearFunction`. */
export function halfSpace(w: Float64Array): ScalarFunction {
  const linear = linearFunction(w);
  return (x) => Math.sign(linear(x));
}

/** w·x, w ~ N(0, I_d). */
export const linearClass: FunctionClass = fromWeights('linear', linearFunction);

/** (x²)·w/√3, w ~ N(0, I_d). */
export const quadraticClass: FunctionClass = fromWeights('quadratic', quadraticFunction);

/** sign(w·x), w ~ N(0, I_d). */
export const classificationClass: FunctionClass = fromWeights('classification', halfSpace);

/**
 * w·x where exactly s entries of w are kept and the rest are 0: w ~ N(0, I_d) is drawn, then an
 * order of the coordinates, whose first s stay. `draw` throws DomainError if s > d.
 *
 * @throws DomainError unless s ≥ 1 is an integer.
 */
export function sparseClass(kept = 3): FunctionClass {
  requireInteger('sparseClass', 'the number of coordinates kept', kept, 1);
  return {
    name: 'sparse',
    draw(random, dimension) {
      requireInteger('sparseClass', 'the dimension', dimension, kept);
      const w = normalVector(random, dimension);
      const order = random.shuffle(Array.from(w, (_, i) => i));
      for (const i of order.slice(kept)) w[i] = 0;
      return linearFunction(w);
    },
  };
}

/**
 * w·x with labels w·x + σ·ε, and on demand scaled to the standard deviation √d over the prompts that
 * are drawn together (`renormalisedLabels`). σ = 1 with both is the noise of the source.
 *
 * @throws DomainError unless σ ≥ 0 is finite.
 */
export function noisyClass({
  deviation = 1,
  renormalised = false,
}: Partial<LabelNoise> = {}): FunctionClass {
  if (!(deviation >= 0 && deviation < Infinity)) {
    throw new DomainError(`noisyClass: a finite deviation ≥ 0 is required, got ${deviation}`);
  }
  const name = renormalised ? 'noisy-renormalised' : 'noisy';
  return { ...linearClass, name, noise: { deviation, renormalised } };
}

/**
 * c·f for the functions f of another class: the label shift of the source, c one of 1/3, 1/2, 2, 3.
 * Noise is added after it, as there.
 *
 * @throws DomainError unless c is finite.
 */
export function scaledClass(base: FunctionClass, factor: number): FunctionClass {
  if (!Number.isFinite(factor)) {
    throw new DomainError(`scaledClass: a finite factor is required, got ${factor}`);
  }
  return {
    ...base,
    name: `${base.name}, labels times ${factor}`,
    draw(random, dimension) {
      const f = base.draw(random, dimension);
      return (x) => factor * f(x);
    },
  };
}

function fromWeights(name: string, of: (w: Float64Array) => ScalarFunction): FunctionClass {
  return {
    name,
    draw(random, dimension) {
      requireInteger(`the ${name} class`, 'the dimension', dimension, 1);
      return of(normalVector(random, dimension));
    },
  };
}

function copied(caller: string, w: Float64Array): Float64Array {
  requireVector(caller, 'w', w);
  requireFinite(caller, 'w', w);
  return w.slice();
}
