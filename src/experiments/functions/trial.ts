/**
 * What one prompt shows of a trained model: its error after each number of pairs, and the theorem on it.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import { networkPatch } from '../../icl/index.ts';
import { matrix, rowMatrix } from '../../linalg/index.ts';
import {
  type Baseline,
  foldPrompts,
  type LinearPrompt,
  type Parameters,
  predictQuery,
  sequenceOf,
} from '../../model/index.ts';
import { networkResiduals } from '../network-residuals.ts';
import { type FunctionModel, predictSequences } from './model.ts';

/** Squared errors after 0, 1 … N pairs. */
export interface PromptErrors {
  readonly model: Float64Array;
  /** Those of each baseline. */
  readonly baselines: readonly Float64Array[];
  /** That of always answering 0: the squared label. */
  readonly zero: number;
}

/** The errors on some prompts of equal length. */
export function errorsOn(
  model: FunctionModel,
  parameters: Parameters,
  baselines: readonly Baseline[],
  prompts: readonly LinearPrompt[],
): PromptErrors[] {
  const pairs = prompts[0].context.rows;
  const predictions = Array.from({ length: pairs + 1 }, (_, i) => {
    const { sequences } = foldPrompts(prompts.map((prompt) => cut(prompt, i)));
    return predictSequences(model, parameters, sequences, prompts.length);
  });
  return prompts.map((prompt, b) => {
    const error = (prediction: number): number =>
      (prediction - prompt.target) * (prediction - prompt.target);
    return {
      model: Float64Array.from(predictions, (each) => error(each[b])),
      baselines: baselines.map((baseline) => predictQuery(baseline, prompt).map(error)),
      zero: error(0),
    };
  });
}

/** The prompt with its first i pairs only. */
function cut({ context: { cols, data }, query, target }: LinearPrompt, i: number): LinearPrompt {
  return { context: matrix(i, cols, data.slice(0, i * cols)), query, target };
}

/** The network on the query alone, patched block by block, beside the network on the whole prompt. */
export interface PromptProof {
  /** The worst block: what differs after it over its own bound. */
  readonly overBound: number;
  /** |ŷ_patched − ŷ|. */
  readonly difference: number;
  /** |ŷ_without − ŷ|, without context and without patches. */
  readonly unpatched: number;
}

export function proveOn(
  model: FunctionModel,
  parameters: Parameters,
  { context, query }: LinearPrompt,
): PromptProof {
  const { network, embed } = model;
  const stream = embed(eager, parameters, sequenceOf(context, query));
  const keep = [context.rows];
  const found = networkPatch(network, ownOf(model, parameters), stream, keep, { mode: 'last' });
  const last = network.blocks.length - 1;
  const readAt = (output: Float64Array): number =>
    model.read(eager, parameters, rowMatrix(output)).data[0];
  const whole = readAt(found.contextual[last][context.rows].output);
  let overBound = 0;
  for (const each of networkResiduals(network, parameters, keep, found)) {
    overBound = Math.max(overBound, each.overBound);
  }
  return {
    overBound,
    difference: Math.abs(readAt(found.patched[last][0].output) - whole),
    unpatched: Math.abs(readAt(found.base[last][0].output) - whole),
  };
}

/** The parameters of the network, without those of the maps in and out. */
const ownOf = ({ network }: FunctionModel, parameters: Parameters): Parameters =>
  Object.fromEntries(Object.keys(network.shapes).map((name) => [name, parameters[name]]));
