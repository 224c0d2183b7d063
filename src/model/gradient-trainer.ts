/**
 * Adam on the gradient of any problem.
 *
 * @module
 */
import { DomainError, type Matrix, NonFiniteError, StateError } from '../linalg/index.ts';
import {
  type Gradient,
  type GradientSource,
  gradientOf,
  type Problem,
  sumGradients,
} from './gradients.ts';
import type { Adam } from './optimisers.ts';
import { type Parameters, requireParameters } from './parameters.ts';

/** What a training that goes on begins with. */
export interface TrainerOptions {
  /** The losses of the steps taken so far. Default: none. */
  readonly losses?: readonly number[];
  /** Who errors speak of. Default: 'GradientTrainer'. */
  readonly caller?: string;
}

/** Parameters and their optimiser, moved by one batch a step. */
export class GradientTrainer {
  readonly problem: Problem;
  readonly adam: Adam;
  /** The loss of each step's batch, before that step. */
  readonly losses: number[];
  #parameters: Parameters;
  readonly #caller: string;

  /**
   * @throws DomainError, ShapeError or NonFiniteError unless the parameters are those of the
   * problem's shapes.
   */
  constructor(problem: Problem, parameters: Parameters, adam: Adam, options: TrainerOptions = {}) {
    const { losses = [], caller = 'GradientTrainer' } = options;
    requireParameters(caller, problem.shapes, parameters);
    this.problem = problem;
    this.adam = adam;
    this.losses = [...losses];
    this.#parameters = parameters;
    this.#caller = caller;
  }

  /** The parameters as they are now; a step replaces them and changes none in place. */
  get parameters(): Parameters {
    return this.#parameters;
  }

  /** Steps taken so far. */
  get step(): number {
    return this.losses.length;
  }

  /**
   * One step on a batch, given as its micro-batches. Returns the batch's loss before the step. A
   * step that throws leaves the parameters as they were.
   *
   * @throws DomainError if the loss, an attention score, or a parameter after the step, is not
   * finite, or if there is no micro-batch.
   */
  advance(microBatches: readonly (readonly Matrix[])[]): number {
    try {
      return this.#take(sumGradients(this.#partsOf(microBatches)));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * The same step, to the bit, on gradients from `source`.
   *
   * @throws DomainError as `advance`, or if the source does not return one gradient a micro-batch;
   * StateError if another step was taken meanwhile; and whatever the source rejects with.
   */
  async advanceWith(
    source: GradientSource,
    microBatches: readonly (readonly Matrix[])[],
  ): Promise<number> {
    const before = this.#parameters;
    try {
      const parts = await source(before, microBatches);
      if (parts.length !== microBatches.length) {
        throw new DomainError(
          `${this.#caller}: a source must return one gradient a micro-batch, so ` +
            `${microBatches.length}, got ${parts.length}`,
        );
      }
      if (this.#parameters !== before) {
        throw new StateError(`${this.#caller}: steps must be taken one at a time, got two at once`);
      }
      return this.#take(sumGradients(parts));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** The gradients of micro-batches, each computed when it is asked for. */
  *#partsOf(microBatches: readonly (readonly Matrix[])[]): Generator<Gradient, void, void> {
    for (const microBatch of microBatches) {
      yield gradientOf(this.problem, this.#parameters, microBatch);
    }
  }

  #take({ loss, gradients }: Gradient): number {
    if (!Number.isFinite(loss)) throw this.#diverged(`a loss of ${loss}`);
    const moved = this.adam.step(this.#parameters, gradients);
    for (const [name, { data }] of Object.entries(moved)) {
      if (!isFiniteArray(data)) throw this.#diverged(`parameter ${name} not finite`);
    }
    this.#parameters = moved;
    this.losses.push(loss);
    return loss;
  }

  /** An attention score that overflows is a divergence too; say where, and what may help. */
  #explained(error: unknown): unknown {
    return error instanceof NonFiniteError ? this.#diverged(error.message) : error;
  }

  #diverged(what: string): DomainError {
    return new DomainError(
      `${this.#caller}: everything must stay finite, got ${what} at step ${this.step}; a smaller ` +
        `learning rate than ${this.adam.options.learningRate} may help`,
    );
  }
}

/** A loop, for `every` takes 7 ns an entry: a millisecond a step of 150 000 parameters. */
function isFiniteArray(data: Float64Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}
