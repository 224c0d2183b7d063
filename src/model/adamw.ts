/**
 * Adam with decoupled weight decay.
 *
 * @module
 */
import { DomainError, type Matrix, matrix } from '../linalg/index.ts';
import * as kernels from '../linalg/kernels.ts';
import { Adam, type AdamOptions, type AdamState } from './optimisers.ts';
import { mapParameters, type Parameters } from './parameters.ts';

export interface AdamWOptions extends AdamOptions {
  /** λ. */
  readonly weightDecay: number;
  /** Which parameters decay. Default: all; usual is weights only, not biases and gains. */
  readonly decays?: (name: string, value: Matrix) => boolean;
}

/**
 * AdamW: θ ← (1 − η·λ)·θ where θ decays, then the step of Adam; the factor is rounded, then the product.
 *
 * Decay does not enter the moments, so the state is Adam's. Source: Loshchilov & Hutter, Decoupled
 * Weight Decay Regularization, arXiv:1711.05101, algorithm 2, with the decay scaled by η and
 * applied first, as PyTorch does.
 */
export class AdamW {
  readonly weightDecay: number;
  readonly #decays: (name: string, value: Matrix) => boolean;
  readonly #adam: Adam;

  /** @throws DomainError if the decay is negative or not finite, or as Adam. */
  constructor(options: AdamWOptions, state?: AdamState) {
    const { weightDecay, decays = () => true, ...rest } = options;
    if (!(weightDecay >= 0 && weightDecay < Infinity)) {
      throw new DomainError(
        `AdamW: weightDecay must be finite and not negative, got ${weightDecay}`,
      );
    }
    this.weightDecay = weightDecay;
    this.#decays = decays;
    this.#adam = new Adam(rest, state);
  }

  /** The parameters after one step along −`gradients`, at `learningRate` if a schedule says so. */
  step(
    parameters: Parameters,
    gradients: Parameters,
    learningRate: number = this.#adam.options.learningRate,
  ): Parameters {
    const keep = 1 - learningRate * this.weightDecay;
    const decayed = mapParameters(parameters, (theta, name) => {
      if (!this.#decays(name, theta)) return theta;
      const smaller = matrix(theta.rows, theta.cols);
      kernels.scale(keep, theta.data, smaller.data);
      return smaller;
    });
    return this.#adam.step(decayed, gradients, learningRate);
  }

  /** The moments so far. @throws StateError before the first step. */
  get state(): AdamState {
    return this.#adam.state;
  }
}
