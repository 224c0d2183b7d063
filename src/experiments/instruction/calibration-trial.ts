/**
 * Figure `instruction`: the instruction moved into the weights by K calibration questions, judged by others.
 *
 * @module
 */
import { eager } from '../../autograd/index.ts';
import { type ThoughtOptions, thoughtNetwork } from '../../icl/index.ts';
import type { LanguageModel, Parameters } from '../../model/index.ts';
import { greedyAnswers, nextTokens, shareRight } from './answers.ts';
import { withComparison } from './static-changes.ts';
import { ANSWER, answerOf, promptOf, READ, RETAINED, TASKS } from './tasks.ts';

export interface CalibrationTask {
  readonly parameters: Parameters;
  /** Index of the task. */
  readonly task: number;
  /** Calibration questions, of which the first K are used, and others. */
  readonly questions: readonly number[];
  readonly heldOut: readonly number[];
  readonly counts: readonly number[];
  /** ρ_0 of the fits with a ridge. */
  readonly ridge: number;
}

export const CHANGES = ['weights', 'ridged', 'bias', 'averaged', 'vector'] as const;

export type Change = (typeof CHANGES)[number];

/** An entry for each K. */
export interface ChangeCurve {
  /** Share of held-out questions answered rightly, and of the K calibration questions. */
  readonly accuracy: Float64Array;
  readonly calibrated: Float64Array;
  /** Share of the digits of answers, each after the right ones, that are those with the instruction. */
  readonly agreement: Float64Array;
}

export type CalibrationTrial = Readonly<Record<Change, ChangeCurve>>;

export function calibrationTrial(
  model: LanguageModel,
  { parameters, task: t, questions, heldOut, counts, ridge }: CalibrationTask,
): CalibrationTrial {
  const task = TASKS[t];
  const ask = (asked: readonly number[]) => {
    const prompts = asked.map((question) => promptOf(task, question));
    const answers = greedyAnswers(model, parameters, prompts, 0);
    return {
      bare: prompts.map((prompt) => prompt.slice(1)),
      /** Teacher-forced with what the model answers with the instruction. */
      read: prompts.map((prompt, s) => [...prompt, ...answers[s].slice(0, -1)]),
      answers,
      right: asked.map((question) => answerOf(task, question)),
    };
  };
  const [known, others] = [ask(questions), ask(heldOut)];
  const fits: Record<'weights' | 'ridged' | 'bias', ThoughtOptions> = {
    weights: {},
    ridged: { relativeRidge: ridge },
    bias: { relativeRidge: ridge, version: 'bias' },
  };
  const changed = (change: Change, read: readonly (readonly number[])[]): Parameters => {
    if (change === 'averaged' || change === 'vector') {
      return withComparison(model, parameters, read, change);
    }
    const positions = Array.from({ length: READ }, (_, i) => i);
    const calibration = read.map((ids) => ({
      sequence: model.embed(eager, parameters, ids, positions),
      keep: RETAINED,
    }));
    const { network } = model.options;
    return thoughtNetwork(network, parameters, calibration, fits[change]).parameters;
  };
  const curveOf = (change: Change): ChangeCurve => {
    const rows = counts.map((K) => {
      const own = changed(change, known.read.slice(0, K));
      const right = (bare: readonly number[][], answers: readonly number[][]): number =>
        shareRight(greedyAnswers(model, own, bare, 1), answers);
      const next = nextTokens(
        model,
        own,
        others.read.map((ids) => ids.slice(1)),
        1,
        'each',
      );
      const digits = next.flatMap((tokens, s) =>
        tokens.slice(-ANSWER).map((token, k) => token === others.answers[s][k]),
      );
      return {
        accuracy: right(others.bare, others.right),
        calibrated: right(known.bare.slice(0, K), known.right),
        agreement: digits.filter(Boolean).length / digits.length,
      };
    });
    return {
      accuracy: Float64Array.from(rows, ({ accuracy }) => accuracy),
      calibrated: Float64Array.from(rows, ({ calibrated }) => calibrated),
      agreement: Float64Array.from(rows, ({ agreement }) => agreement),
    };
  };
  return {
    weights: curveOf('weights'),
    ridged: curveOf('ridged'),
    bias: curveOf('bias'),
    averaged: curveOf('averaged'),
    vector: curveOf('vector'),
  };
}
