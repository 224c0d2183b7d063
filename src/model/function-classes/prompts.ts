/**
 * Prompts of any function class and any input shift, in the token layout of `linear-task.ts`.
 *
 *   tokens (x_i; y_i), query token (x_query; 0), target the label of x_query
 *
 * @module
 */
import { type Matrix, matrix, type Random, rowOf } from '../../linalg/index.ts';
import type { LinearPrompt } from '../linear-task.ts';
import { type FunctionClass, normalVector, requireInteger } from './function-class.ts';
import { type InputShift, standardInputs } from './input-shifts.ts';
import { noisyLabels, renormalisedLabels } from './labels.ts';

export interface FunctionPromptOptions {
  readonly functionClass: FunctionClass;
  /** `standardInputs` if left out. */
  readonly shift?: InputShift;
  /** d, the number of inputs. */
  readonly dimension: number;
  /** N, the number of pairs. */
  readonly pairs: number;
  /** How many prompts, each with a function of its own; 1 if left out. */
  readonly prompts?: number;
}

/**
 * Prompts drawn from `random`, one after another: the function, its inputs, then one normal number a
 * label if the class has noise (the query's last). The target is a label like the others, so it
 * has noise too. Renormalising takes the labels of all these prompts together, targets included.
 *
 * With `linearClass` and standard inputs these are the prompts of `linearPrompt`, bit for bit.
 *
 * @throws DomainError for counts that are none, or that the class or the shift cannot have.
 */
export function functionPrompts(
  {
    functionClass,
    shift = standardInputs,
    dimension,
    pairs,
    prompts: count = 1,
  }: FunctionPromptOptions,
  random: Random,
): LinearPrompt[] {
  requireInteger('functionPrompts', 'the dimension', dimension, 1);
  requireInteger('functionPrompts', 'the number of pairs', pairs, 0);
  requireInteger('functionPrompts', 'the number of prompts', count, 1);
  const { noise } = functionClass;
  const drawn = Array.from({ length: count }, () => {
    const f = functionClass.draw(random, dimension);
    const inputs = shift.draw(random, dimension, pairs);
    const values = Float64Array.from({ length: pairs + 1 }, (_, i) => f(rowOf(inputs, i)));
    if (noise === undefined) return { inputs, labels: values };
    const labels = noisyLabels(values, normalVector(random, pairs + 1), noise.deviation);
    return { inputs, labels };
  });
  const labels = drawn.map((prompt) => prompt.labels);
  const final = noise?.renormalised ? renormalisedLabels(labels, dimension) : labels;
  return drawn.map(({ inputs }, b) => tokens(inputs, final[b]));
}

/** The prompt of the inputs, query last, and their labels. */
function tokens(inputs: Matrix, labels: Float64Array): LinearPrompt {
  const d = inputs.cols;
  const pairs = inputs.rows - 1;
  const context = matrix(pairs, d + 1);
  for (let i = 0; i < pairs; i++) {
    context.data.set(rowOf(inputs, i), i * (d + 1));
    context.data[i * (d + 1) + d] = labels[i];
  }
  const query = new Float64Array(d + 1);
  query.set(rowOf(inputs, pairs));
  return { context, query, target: labels[pairs] };
}
