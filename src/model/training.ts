/**
 * Training a block on in-context regression.
 *
 * A `Training` is everything that the next step depends on: parameters, moments and the state of
 * the generator. Its state, written and read back, continues bit for bit.
 *
 * @module
 */
import { column, eager } from '../autograd/index.ts';
import { DomainError, type Matrix, matrix, Random, StateError } from '../linalg/index.ts';
import type { Block } from './block.ts';
import { GradientTrainer } from './gradient-trainer.ts';
import type { GradientSource } from './gradients.ts';
import { foldPrompts, type LinearPrompt, linearPrompt } from './linear-task.ts';
import { Adam } from './optimisers.ts';
import { initialise, mapParameters, type Parameters, requireParameters } from './parameters.ts';
import { blockRegression } from './regression.ts';

export interface TrainingOptions {
  readonly dimension: number;
  readonly pairs: number;
  /** Fresh prompts a step. */
  readonly batch: number;
  /** Prompts a micro-batch: the gradient is the sum over micro-batches, in ascending order. */
  readonly microBatch: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** Streams of the seed, one a purpose. */
const STREAM = { initialise: 1, train: 2 } as const;

export class Training {
  readonly block: Block;
  readonly options: TrainingOptions;
  #trainer: GradientTrainer;
  #random: Random;

  /**
   * @throws DomainError if batch or microBatch is not a positive integer, or the block does not fit
   * tokens of dimension + 1 entries.
   */
  constructor(block: Block, options: TrainingOptions) {
    for (const what of ['batch', 'microBatch'] as const) {
      if (!(Number.isInteger(options[what]) && options[what] > 0)) {
        throw new DomainError(`Training: ${what} must be a positive integer, got ${options[what]}`);
      }
    }
    const { dimension, seed, learningRate } = options;
    if (block.layer.tokenWidth !== dimension + 1 || block.feedForward.outputWidth <= dimension) {
      throw new DomainError(
        `Training: tokens of ${dimension + 1} entries and an output of more than ${dimension} are ` +
          `required, got ${block.layer.tokenWidth} and ${block.feedForward.outputWidth}`,
      );
    }
    this.block = block;
    this.options = options;
    this.#trainer = trainerOf(
      block,
      options,
      initialise(block.shapes, new Random(seed, STREAM.initialise)),
      new Adam({ learningRate }),
    );
    this.#random = new Random(seed, STREAM.train);
  }

  /** The parameters as they are now; a step replaces them and changes none in place. */
  get parameters(): Parameters {
    return this.#trainer.parameters;
  }

  /** Mean loss of each step's batch, before that step. */
  get losses(): readonly number[] {
    return this.#trainer.losses;
  }

  /** Steps taken so far. */
  get step(): number {
    return this.#trainer.step;
  }

  /**
   * One step of Adam on a fresh batch. Returns the batch's loss (1/B)·Σ(ŷ − y)² before the step.
   *
   * A step that throws leaves the parameters as they were, but its prompts are drawn.
   *
   * @throws DomainError if the loss, an attention score, or a parameter after the step, is not finite.
   */
  advance(): number {
    return this.#trainer.advance(this.#draw());
  }

  /**
   * The same step, to the bit, on gradients from `source`; one at a time.
   *
   * @throws DomainError as `advance`, and whatever the source rejects with.
   */
  advanceWith(source: GradientSource): Promise<number> {
    return this.#trainer.advanceWith(source, this.#draw());
  }

  /** The next batch, as its micro-batches [sequences, targets]. */
  #draw(): Matrix[][] {
    const { batch, microBatch } = this.options;
    const drawn: Matrix[][] = [];
    for (let from = 0; from < batch; from += microBatch) {
      const length = Math.min(microBatch, batch - from);
      const prompts = Array.from({ length }, () => linearPrompt(this.options, this.#random));
      const { sequences, targets } = foldPrompts(prompts);
      drawn.push([sequences, targets]);
    }
    return drawn;
  }

  /** Everything the next step depends on, as arrays by name. */
  arrays(): Record<string, Float64Array> {
    const arrays: Record<string, Float64Array> = {
      losses: Float64Array.from(this.losses),
      random: this.#random.state(),
    };
    const add = (prefix: string, parameters: Parameters): void => {
      for (const [name, { data }] of Object.entries(parameters)) arrays[`${prefix}.${name}`] = data;
    };
    add('parameters', this.parameters);
    if (this.step > 0) {
      const { beta1Power, beta2Power, first, second } = this.#trainer.adam.state;
      arrays['adam.powers'] = Float64Array.of(beta1Power, beta2Power);
      add('adam.first', first);
      add('adam.second', second);
    }
    return arrays;
  }

  /**
   * The training that `arrays()` was taken from, under the same block and options.
   *
   * @throws StateError naming an array that is missing or has another length.
   */
  static restore(
    block: Block,
    options: TrainingOptions,
    arrays: Readonly<Record<string, Float64Array>>,
  ): Training {
    const training = new Training(block, options);
    const take = (name: string, length?: number): Float64Array => {
      const array = arrays[name];
      if (!array || (length !== undefined && array.length !== length)) {
        const got = array ? array.length : 'none';
        throw new StateError(
          `Training.restore: array ${name} needs ${length ?? 'some'} numbers, got ${got}`,
        );
      }
      return array;
    };
    const record = (prefix: string): Parameters =>
      mapParameters(training.parameters, ({ rows, cols }, name) =>
        matrix(rows, cols, take(`${prefix}.${name}`, rows * cols).slice()),
      );
    const losses = take('losses');
    const { learningRate } = options;
    let adam = new Adam({ learningRate });
    if (losses.length > 0) {
      const [beta1Power, beta2Power] = take('adam.powers', 2);
      const [first, second] = [record('adam.first'), record('adam.second')];
      adam = new Adam({ learningRate }, { beta1Power, beta2Power, first, second });
    }
    training.#random = Random.restore(take('random', training.#random.state().length));
    training.#trainer = trainerOf(block, options, record('parameters'), adam, losses);
    return training;
  }
}

const trainerOf = (
  block: Block,
  { batch }: TrainingOptions,
  parameters: Parameters,
  adam: Adam,
  losses: ArrayLike<number> = [],
): GradientTrainer =>
  new GradientTrainer(blockRegression(block, { batch }), parameters, adam, {
    losses: Array.from(losses),
    caller: 'Training',
  });

/** The predictions for some prompts: the last read component of the block's output at each query. */
export function predict(
  block: Block,
  parameters: Parameters,
  prompts: readonly LinearPrompt[],
): Float64Array {
  requireParameters('predict', block.shapes, parameters);
  const { sequences } = foldPrompts(prompts);
  const { output } = block.forward(eager, parameters, sequences, prompts.length);
  return column(block.layer.tokenWidth - 1).forward([output]).value.data;
}

/** How `train` is told what to do between steps. */
export interface TrainingCallbacks {
  /** Called at step 0, then whenever `every` more steps are done, and at the last. */
  readonly onCheckpoint?: (training: Training) => void | Promise<void>;
  /** Called after every step; `false` stops the loop there. */
  readonly onStep?: (training: Training) => boolean | Promise<boolean>;
}

/**
 * Advances `training` until it has taken `steps` steps in all. Returns whether it got there: false
 * if `onStep` stopped it. Stopped and called again, also in another process on the restored state,
 * it takes the same steps and makes the same calls as if it had never been stopped.
 *
 * Gradients are computed here, unless there is a `source`; the bits are the same.
 */
export async function train(
  training: Training,
  steps: number,
  every: number,
  { onCheckpoint, onStep }: TrainingCallbacks,
  source?: GradientSource,
): Promise<boolean> {
  if (training.step === 0) await onCheckpoint?.(training);
  while (training.step < steps) {
    if (source) await training.advanceWith(source);
    else training.advance();
    if (training.step % every === 0 || training.step === steps) await onCheckpoint?.(training);
    if (onStep && !(await onStep(training)) && training.step < steps) return false;
  }
  return true;
}
