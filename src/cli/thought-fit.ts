/**
 * A context moved into the weights, and how far that serves queries: the work of `deltaw thought`.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import {
  type CalibrationSequence,
  meanSquaredDistance,
  retainedOutputs,
  type ThoughtNetworkOptions,
  type ThoughtPatch,
  thoughtNetwork,
} from '../icl/index.ts';
import type { Checkpoint } from '../io/index.ts';
import { DomainError, rowOf } from '../linalg/index.ts';
import { largest, type Parameters } from '../model/index.ts';
import type { Prompt } from './model-input.ts';

/** What a change of the weights does at the tokens of some queries. */
export interface Served {
  /** Tokens that the logits were read at. */
  readonly tokens: number;
  /**
   * mean ‖patched − contextual‖² / mean ‖without − contextual‖² over the logits at these tokens: 0 is the model with the
   * context, 1 as far from it as the model without context and patch.
   */
  readonly error: number;
  /** Share of tokens at which the most probable next token is the contextual one. */
  readonly agreement: { readonly patched: number; readonly without: number };
}

export interface ThoughtFit {
  readonly changes: readonly ThoughtPatch[];
  /** The model's parameters with all changes added in. */
  readonly parameters: Parameters;
  readonly train: Served;
  readonly heldout: Served;
}

/**
 * Fits the changes of all blocks on the calibration prompts, and looks what they do there and on others.
 *
 * Teacher-forced: every token of a query is read as it stands, and the logits at all of them count.
 *
 * @throws DomainError where the context changes no logit at all of one set, so that there is nothing to be measured by;
 * also as `thoughtNetwork`.
 */
export function fitThought(
  { model, parameters }: Checkpoint,
  calibration: readonly Prompt[],
  heldout: readonly Prompt[],
  options: ThoughtNetworkOptions,
): ThoughtFit {
  const { network } = model.options;
  const sequenceOf = ({ ids, keep }: Prompt): CalibrationSequence => {
    const positions = ids.map((_, t) => t);
    return { sequence: model.embed(eager, parameters, ids, positions), keep };
  };
  const found = thoughtNetwork(network, parameters, calibration.map(sequenceOf), options);
  const served = (what: string, prompts: readonly Prompt[]): Served => {
    const read = (which: Parameters, context: 'with' | 'without'): Float64Array[] =>
      prompts.flatMap((prompt) => {
        const outputs = retainedOutputs(network, which, sequenceOf(prompt), context);
        const logits = model.logits(eager, parameters, outputs);
        // A begin token is kept, but belongs to no query.
        const first = prompt.keep.length - prompt.query;
        return Array.from({ length: prompt.query }, (_, i) => rowOf(logits, first + i));
      });
    const contextual = read(parameters, 'with');
    const without = read(parameters, 'without');
    return compare(what, contextual, without, read(found.parameters, 'without'));
  };
  return {
    changes: found.changes,
    parameters: found.parameters,
    train: served('calibration', calibration),
    heldout: served('held-out', heldout),
  };
}

function compare(
  what: string,
  contextual: readonly Float64Array[],
  without: readonly Float64Array[],
  patched: readonly Float64Array[],
): Served {
  const unpatched = meanSquaredDistance(without, contextual);
  if (!(unpatched > 0)) {
    throw new DomainError(
      `thought: a context that changes the logits of the ${what} queries is required, got one that changes none`,
    );
  }
  const wanted = contextual.map(largest);
  const share = (logits: readonly Float64Array[]): number =>
    logits.filter((row, i) => largest(row) === wanted[i]).length / wanted.length;
  return {
    tokens: wanted.length,
    error: meanSquaredDistance(patched, contextual) / unpatched,
    agreement: { patched: share(patched), without: share(without) },
  };
}
