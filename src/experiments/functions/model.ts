/**
 * The small transformer that learns a function class: a linear map in, Pre-LN blocks, a linear map out.
 *
 *   s_t = E·token_t + e,  blocks on s_0 … s_n,  ŷ = u·s_n + c
 *
 * No positions: pairs may come in any order. Source: the model of Garg et al., arXiv:2208.01066, section 3,
 * far smaller, without the last norm and on tokens (x; y).
 *
 * @module
 */
import {
  addBias,
  type Evaluator,
  eager,
  linear,
  scale,
  squaredError,
} from '../../autograd/index.ts';
import type { Matrix } from '../../linalg/index.ts';
import {
  biasShape,
  gpt2Block,
  type Network,
  network,
  type ParameterShapes,
  type Parameters,
  type Problem,
  weightShape,
} from '../../model/index.ts';

export interface ModelSizes {
  /** d, inputs of a function; tokens have d + 1 entries. */
  readonly dimension: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
  readonly blocks: number;
}

export interface FunctionModel {
  readonly network: Network;
  readonly shapes: ParameterShapes;
  /** What enters the first block, a row a token. */
  embed<V>(on: Evaluator<V>, parameters: Parameters<V>, tokens: V): V;
  /** ŷ, from the last block's output, a row a prediction. */
  read<V>(on: Evaluator<V>, parameters: Parameters<V>, outputs: V): V;
}

export function functionModel({
  dimension,
  width,
  heads,
  hidden,
  blocks,
}: ModelSizes): FunctionModel {
  const block = gpt2Block({ width, heads, hidden });
  const net = network(Array.from({ length: blocks }, () => block));
  return {
    network: net,
    shapes: {
      E: weightShape(width, dimension + 1),
      e: biasShape(width, dimension + 1),
      ...net.shapes,
      u: weightShape(1, width),
      c: biasShape(1, width),
    },
    embed: (on, { E, e }, tokens) => on.apply(addBias, on.apply(linear, tokens, E), e),
    read: (on, { u, c }, outputs) => on.apply(addBias, on.apply(linear, outputs, u), c),
  };
}

/** The predictions for `batch` sequences of equal length whose last token is the query, batch×1. */
function predictionsOf<V>(
  { network: net, embed, read }: FunctionModel,
  on: Evaluator<V>,
  parameters: Parameters<V>,
  sequences: V,
  batch: number,
): V {
  const outputs = net.forward(on, parameters, embed(on, parameters, sequences), batch, 'query');
  return read(on, parameters, outputs);
}

/** The predictions as numbers. */
export const predictSequences = (
  model: FunctionModel,
  parameters: Parameters,
  sequences: Matrix,
  batch: number,
): Float64Array => predictionsOf(model, eager, parameters, sequences, batch).data;

/** (1/B)·Σ(ŷ − y)², B = `batch`; a micro-batch is [sequences, targets], its sequences of one length. */
export const functionRegression = (model: FunctionModel, batch: number): Problem => ({
  shapes: model.shapes,
  loss(tape, variables, [sequences, targets]) {
    const predictions = predictionsOf(
      model,
      tape,
      variables,
      tape.constant(sequences),
      targets.rows,
    );
    return tape.apply(
      scale(1 / batch),
      tape.apply(squaredError, predictions, tape.constant(targets)),
    );
  },
});
