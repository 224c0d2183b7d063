/**
 * Gradient steps on parameter records.
 *
 * A step returns new parameters and leaves the old ones as they are.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, StateError } from '../linalg/index.ts';
import * as kernels from '../linalg/kernels.ts';
import { mapParameters, type Parameters } from './parameters.ts';

/** θ − η·g for every parameter: product rounded, then difference. */
export function sgdStep(
  parameters: Parameters,
  gradients: Parameters,
  learningRate: number,
): Parameters {
  return mapParameters(parameters, (theta, name) => {
    const moved = matrix(theta.rows, theta.cols);
    kernels.scale(learningRate, gradients[name].data, moved.data);
    kernels.subtract(theta.data, moved.data, moved.data);
    return moved;
  });
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** The moments after some number of steps. */
export interface AdamState {
  /** β₁ᵗ and β₂ᵗ, as running products. */
  readonly beta1Power: number;
  readonly beta2Power: number;
  readonly first: Parameters;
  readonly second: Parameters;
}

/**
 * Adam (Kingma & Ba, arXiv:1412.6980, algorithm 1); formulas and order of rounding stand with the
 * kernel, `linalg/reference/adam.ts`.
 */
export class Adam {
  readonly options: Required<AdamOptions>;
  #state: AdamState | undefined;

  /** @throws DomainError if a rate is not positive or a β is not in [0, 1). */
  constructor(options: AdamOptions, state?: AdamState) {
    this.options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
    const { learningRate, beta1, beta2, epsilon } = this.options;
    for (const [what, value, fits] of [
      ['learningRate', learningRate, learningRate > 0 && learningRate < Infinity],
      ['beta1', beta1, beta1 >= 0 && beta1 < 1],
      ['beta2', beta2, beta2 >= 0 && beta2 < 1],
      ['epsilon', epsilon, epsilon > 0 && epsilon < Infinity],
    ] as const) {
      if (!fits) throw new DomainError(`Adam: ${what} is out of its range, got ${value}`);
    }
    this.#state = state;
  }

  /**
   * The parameters after one step along −`gradients`, at `learningRate` if a schedule says so.
   *
   * @throws DomainError if that rate is negative or not finite.
   */
  step(
    parameters: Parameters,
    gradients: Parameters,
    learningRate: number = this.options.learningRate,
  ): Parameters {
    if (!(learningRate >= 0 && learningRate < Infinity)) {
      throw new DomainError(`Adam: learningRate is out of its range, got ${learningRate}`);
    }
    const { beta1, beta2, epsilon } = this.options;
    const zeros = (): Parameters => mapParameters(parameters, (p) => matrix(p.rows, p.cols));
    const before = this.#state ?? { beta1Power: 1, beta2Power: 1, first: zeros(), second: zeros() };
    const beta1Power = before.beta1Power * beta1;
    const beta2Power = before.beta2Power * beta2;
    const step = {
      learningRate,
      beta1,
      beta2,
      epsilon,
      correction1: 1 - beta1Power,
      correction2: Math.sqrt(1 - beta2Power),
    };
    const first = mapParameters(before.first, copy);
    const second = mapParameters(before.second, copy);
    const moved = mapParameters(parameters, (theta, name) => {
      const value = copy(theta);
      kernels.adam(step, value.data, gradients[name].data, first[name].data, second[name].data);
      return value;
    });
    this.#state = { beta1Power, beta2Power, first, second };
    return moved;
  }

  /** The moments so far. @throws StateError before the first step. */
  get state(): AdamState {
    if (!this.#state) throw new StateError('Adam: a step is required before there is a state');
    return this.#state;
  }
}

const copy = (m: Matrix): Matrix => matrix(m.rows, m.cols, m.data.slice());
