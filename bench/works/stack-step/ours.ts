/**
 * The step in deltaw: the library's network, in micro-batches of 16 sequences.
 *
 * @module
 */
import { gradientsOn, Workers } from '../../../src/io/index.ts';
import { type Matrix, matrix } from '../../../src/linalg/index.ts';
import {
  Adam,
  type Gradient,
  GradientTrainer,
  gradientOf,
  mapParameters,
  type Parameters,
  sumGradients,
} from '../../../src/model/index.ts';
import type { Program } from '../../runner/contract.ts';
import { problemFor, STACK_STEP_SERVICE, toNetwork } from './service.ts';
import { dataFor, LEARNING_RATE, outcome, parametersFor, type StackSizes } from './task.ts';

/** Sequences a tape: what they need stays in the cache. */
const MICRO_BATCH = 16;

export async function ours(sizes: StackSizes, threads: number): Promise<Program> {
  const { x, y } = dataFor(sizes);
  const microBatches = microBatchesOf(sizes, x, y);
  const problem = problemFor(sizes);
  const initial = toNetwork(parametersFor(sizes));
  const adam = new Adam({ learningRate: LEARNING_RATE });
  const trainer = new GradientTrainer(problem, initial, adam);
  const workers = new Workers(threads, STACK_STEP_SERVICE, sizes);
  const source = gradientsOn(workers);
  return {
    run: () =>
      threads === 1 ? trainer.advance(microBatches) : trainer.advanceWith(source, microBatches),
    /** Loss and gradient of the step that is timed: Adam keeps (1 − β₁)·g of its first one. */
    async result() {
      const loss = await (threads === 1
        ? trainer.advance(microBatches)
        : trainer.advanceWith(source, microBatches));
      const keep = 1 - adam.options.beta1;
      const gradients = mapParameters(adam.state.first, ({ rows, cols, data }) =>
        matrix(
          rows,
          cols,
          data.map((m) => m / keep),
        ),
      );
      return outcome(loss, inTaskOrder(sizes, gradients));
    },
  };
}

/** Loss and gradients of the whole batch, the gradients in the order of the task's parameters. */
export function lossAndGradients(sizes: StackSizes): { loss: number; gradients: Parameters } {
  const { x, y } = dataFor(sizes);
  const parameters = toNetwork(parametersFor(sizes));
  const parts: Gradient[] = microBatchesOf(sizes, x, y).map((microBatch) =>
    gradientOf(problemFor(sizes), parameters, microBatch),
  );
  const { loss, gradients } = sumGradients(parts);
  return { loss, gradients: inTaskOrder(sizes, gradients) };
}

function inTaskOrder(sizes: StackSizes, gradients: Parameters): Parameters {
  const order = Object.keys(toNetwork(parametersFor(sizes)));
  return Object.fromEntries(order.map((name) => [name, gradients[name]]));
}

function microBatchesOf({ batch, tokens }: StackSizes, x: Matrix, y: Matrix): Matrix[][] {
  const rowsOf = (m: Matrix, from: number, to: number): Matrix =>
    matrix(to - from, m.cols, m.data.slice(from * m.cols, to * m.cols));
  const starts = Array.from({ length: Math.ceil(batch / MICRO_BATCH) }, (_, i) => i * MICRO_BATCH);
  return starts.map((from) => {
    const to = Math.min(batch, from + MICRO_BATCH);
    return [rowsOf(x, from * tokens, to * tokens), rowsOf(y, from, to)];
  });
}
