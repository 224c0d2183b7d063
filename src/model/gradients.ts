/**
 * The gradient of a batch: the sum of the gradients of its micro-batches, in ascending order.
 *
 * That is its definition, to the bit. So it makes no difference where the parts are computed: here
 * one after another, or by any number of threads.
 *
 * @module
 */
import { Tape, type Variable } from '../autograd/index.ts';
import { DomainError, type Matrix, matrix } from '../linalg/index.ts';
import * as kernels from '../linalg/kernels.ts';
import { inWorkspace, resultMatrix } from '../linalg/wasm/workspace.ts';
import { mapParameters, type ParameterShapes, type Parameters } from './parameters.ts';

/** What a gradient is taken of: a loss that is a sum over the micro-batches of a batch. */
export interface Problem {
  readonly shapes: ParameterShapes;
  /**
   * What one micro-batch adds to the loss of the batch, 1×1. A mean is divided by the size of the
   * whole batch here, once, so that the parts only have to be added.
   *
   * It runs in a workspace: nothing that it computes may be kept, for its memory is handed out again.
   * What is wanted afterwards must be copied (`data.slice()`).
   */
  loss(tape: Tape, variables: Parameters<Variable>, microBatch: readonly Matrix[]): Variable;
}

/** A loss and dL/dθ for each parameter θ, under the parameters' names. */
export interface Gradient {
  readonly loss: number;
  readonly gradients: Parameters;
}

/** Computes the gradients of micro-batches, one each and in their order: in other threads, say. */
export type GradientSource = (
  parameters: Parameters,
  microBatches: readonly (readonly Matrix[])[],
) => Promise<readonly Gradient[]>;

/**
 * Loss and gradient of one micro-batch.
 *
 * Preconditions: parameters as `problem.shapes`. The computation runs in a workspace; the result
 * is ordinary memory that nothing else holds.
 *
 * @throws whatever `problem.loss` throws, and ShapeError if its loss is not 1×1.
 */
export function gradientOf(
  problem: Problem,
  parameters: Parameters,
  microBatch: readonly Matrix[],
): Gradient {
  return inWorkspace(() => {
    const tape = new Tape();
    const variables = mapParameters(parameters, (value) => tape.parameter(brought(value)));
    const loss = problem.loss(tape, variables, microBatch.map(brought));
    const names = Object.keys(variables);
    const parts = tape.gradients(loss, Object.values(variables)); // copies, out of the workspace
    return {
      loss: loss.value.data[0],
      gradients: Object.fromEntries(names.map((name, i) => [name, parts[i]])),
    };
  });
}

/** A copy in the workspace, where several operations read it without copying it again. */
function brought({ rows, cols, data }: Matrix): Matrix {
  const inside = resultMatrix(rows, cols);
  inside.data.set(data);
  return inside;
}

/**
 * ((g_0 + g_1) + g_2) + …, losses and gradients. Each part is added as it comes and not kept, so of a
 * generator's parts one at a time needs memory.
 *
 * @throws DomainError if there is no part.
 */
export function sumGradients(parts: Iterable<Gradient>): Gradient {
  let total: { loss: number; readonly gradients: Parameters } | undefined;
  for (const { loss, gradients } of parts) {
    if (total === undefined) {
      total = { loss, gradients: mapParameters(gradients, copied) };
    } else {
      total.loss += loss;
      for (const [name, { data }] of Object.entries(total.gradients)) {
        kernels.add(data, gradients[name].data, data);
      }
    }
  }
  if (total === undefined) {
    throw new DomainError('sumGradients: a part is required, got none');
  }
  return total;
}

const copied = ({ rows, cols, data }: Matrix): Matrix => matrix(rows, cols, data.slice());
