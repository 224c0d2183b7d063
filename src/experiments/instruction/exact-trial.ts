/**
 * Figure `instruction`: the instruction taken away, and exact patches of this one question in its place.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import { logitsBound, networkPatch, outputsOf, residual } from '../../icl/index.ts';
import { rowOf } from '../../linalg/index.ts';
import { type LanguageModel, largest, type Parameters } from '../../model/index.ts';
import { greedyAnswers } from './answers.ts';
import { ANSWER, answerOf, promptOf, RETAINED, TASKS } from './tasks.ts';

export interface ExactTask {
  readonly parameters: Parameters;
  /** Index of the task, and the question. */
  readonly task: number;
  readonly question: number;
}

export interface ExactTrial {
  /** Whether the patched model answers as the model with the instruction does, and whether that is right. */
  readonly same: boolean;
  readonly right: boolean;
  /** The largest |patched − contextual| of a logit, and over its bound. */
  readonly difference: number;
  readonly overBound: number;
}

/**
 * By causality the patches of a token do not depend on later ones, so all digits of the answer are read
 * from one run on the whole of it: what generation token by token would give.
 */
export function exactTrial(
  model: LanguageModel,
  { parameters, task: t, question }: ExactTask,
): ExactTrial {
  const { network } = model.options;
  const task = TASKS[t];
  const prompt = promptOf(task, question);
  const [answer] = greedyAnswers(model, parameters, [prompt], 0);
  const ids = [...prompt, ...answer.slice(0, -1)];
  const positions = ids.map((_, i) => i);
  const sequence = model.embed(eager, parameters, ids, positions);
  const found = networkPatch(network, parameters, sequence, RETAINED);
  const last = network.blocks.length - 1;
  const logitsAfter = (runs: typeof found.patched) =>
    model.logits(eager, parameters, outputsOf(runs[last]));
  const [patched, contextual] = [logitsAfter(found.patched), logitsAfter(found.contextual)];
  const read = RETAINED.map((position, i) => ({ position, i })).slice(-ANSWER);
  const residuals = read.map(({ position, i }) => {
    const runs = { base: found.actual[last][i], contextual: found.contextual[last][position] };
    const patch = found.patches[last][i];
    if (patch === null) return { observed: Number.NaN, overBound: Number.NaN }; // mode all has one everywhere
    const bound = logitsBound(model, parameters, runs, patch);
    return residual(rowOf(patched, i), rowOf(contextual, position), bound);
  });
  return {
    same: read.every(({ i }, k) => largest(rowOf(patched, i)) === answer[k]),
    right: answer.every((token, k) => token === answerOf(task, question)[k]),
    difference: Math.max(...residuals.map(({ observed }) => observed)),
    overBound: Math.max(...residuals.map(({ overBound }) => overBound)),
  };
}
