/**
 * What is computed in threads: gradients of one layer's training, and what each further token changes.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import { marginalNorms, predictionMarginals, prefixVectors } from '../../icl/index.ts';
import { answerThreads, gradientHandlers, type Service, Workers } from '../../io/index.ts';
import { matrixFromRows } from '../../linalg/index.ts';
import { type Block, blockRegression, type Parameters, part } from '../../model/index.ts';
import type { GradientsOf } from '../gradients-of.ts';
import type { PromptTask } from '../toy-service.ts';
import type { ToySettings } from '../toy-settings.ts';
import { worstPrefix } from '../toy-trials.ts';
import { type Kind, type RecurrentValues, recurrentBlock } from './settings.ts';

/** What one prompt shows of a layer. */
export interface RecurrentTrial {
  /** g_1 … g_{N−1}. */
  readonly norms: Float64Array;
  /** |ŷ_{i+1} − ŷ_i| for i = 1 … N−1. */
  readonly moves: Float64Array;
  /** The worst prefix over its bound. */
  readonly overBound: number;
}

/** One prompt, and the layer that is measured on it. */
export interface RecurrentTask extends PromptTask {
  readonly kind: Kind;
}

interface Setup {
  readonly toy: ToySettings;
  readonly values: RecurrentValues;
}

type Handlers = {
  readonly gradientsOf: (message: GradientsOf<Kind>) => readonly number[];
  readonly trial: (task: RecurrentTask) => RecurrentTrial;
};

export type RecurrentWorkers = Workers<Setup, Handlers>;

const SERVICE: Service<Setup, Handlers> = {
  url: import.meta.url,
  serve({ toy, values }) {
    const block = (kind: Kind): Block => recurrentBlock(kind, toy, values);
    const { batch } = toy;
    return {
      gradientsOf: ({ key, task }) =>
        gradientHandlers(blockRegression(block(key), { batch })).gradients(task),
      trial: ({ kind, ...task }) => recurrentTrial(block(kind), task),
    };
  },
};

/** Results have the same bits for any number of workers. */
export const recurrentWorkers = (count: number, setup: Setup): RecurrentWorkers =>
  new Workers(count, SERVICE, setup);

/** All from the layer's output on every prefix, A_0 … A_N. */
export function recurrentTrial(block: Block, { parameters, prompt }: PromptTask): RecurrentTrial {
  const { context, query } = prompt;
  const W = parameters['mlp.W1'];
  const prefixes = prefixVectors(block.layer, part(parameters, 'layer'), context, query);
  const predictions = predictionsAt(block, parameters, prefixes);
  return {
    norms: marginalNorms(W, prefixes).slice(1),
    moves: predictionMarginals(predictions).slice(1),
    overBound: worstPrefix(W, prefixes),
  };
}

/** The last read component of what the perceptron makes of each A_i. */
function predictionsAt(
  block: Block,
  parameters: Parameters,
  prefixes: readonly Float64Array[],
): Float64Array {
  const input = matrixFromRows(prefixes);
  const mixed = { attention: input, residual: null, input };
  const { rows, cols, data } = block.finish(eager, parameters, mixed).output;
  const read = block.layer.tokenWidth - 1;
  return Float64Array.from({ length: rows }, (_, i) => data[i * cols + read]);
}

answerThreads(SERVICE);
