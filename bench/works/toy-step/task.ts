/**
 * A training step of the toy transformer of the paper, with the settings of `deltaw reproduce fig1`.
 *
 *   a = Wo·attention(C, x),  ŷ = the last component of W2·relu(W1·a + b1) + b2 at the query
 *   loss = (1/B)·Σ (ŷ − y)²,  64 fresh prompts a step, Adam
 *
 * @module
 */
import { type ToySettings, toyBlock } from '../../../src/experiments/toy-settings.ts';
import { Random } from '../../../src/linalg/index.ts';
import {
  foldPrompts,
  initialise,
  linearPrompt,
  type Parameters,
  Training,
} from '../../../src/model/index.ts';

/** A training that has not begun. */
export const newTraining = (settings: ToySettings): Training =>
  new Training(toyBlock(settings), settings);

/** The parameters it begins with. Matrices are [out, in]. */
export const parametersFor = (settings: ToySettings): Parameters =>
  initialise(toyBlock(settings).shapes, new Random(settings.seed, 1));

/** Draws batch after batch: the prompts that our training draws. */
export function promptSource(settings: ToySettings): () => ReturnType<typeof foldPrompts> {
  const random = new Random(settings.seed, 2);
  return () =>
    foldPrompts(Array.from({ length: settings.batch }, () => linearPrompt(settings, random)));
}

/**
 * What is compared: the loss of a first step, the gradient of every parameter, and every parameter after
 * it. The gradients are what Adam keeps of them, m = (1 − β₁)·g.
 */
export function firstStep(training: Training): readonly ArrayLike<number>[] {
  const loss = training.advance();
  const arrays = training.arrays();
  const names = Object.keys(training.parameters);
  return [
    [loss],
    ...names.map((name) => arrays[`adam.first.${name}`].map((m) => m / (1 - 0.9))),
    ...names.map((name) => arrays[`parameters.${name}`]),
  ];
}
