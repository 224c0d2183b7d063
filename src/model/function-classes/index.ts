/**
 * function-classes: what a prompt can show by example, and inputs unlike those of training.
 *
 *   function-class.ts            the record: a name, and how a function is drawn
 *   linear.ts                    linear, sparse, noisy, scaled, quadratic, classification
 *   relu-network.ts, decision-tree.ts
 *   labels.ts                    noise, renormalising
 *   input-shifts.ts, covariance.ts, orthogonal-query.ts   where the inputs lie
 *   prompts.ts                   prompts of any class and shift
 *
 * @module
 */
import { halfSubspaceInputs, skewedInputs } from './covariance.ts';
import { decisionTreeClass } from './decision-tree.ts';
import type { FunctionClass } from './function-class.ts';
import {
  type InputShift,
  quadrantInputs,
  repeatedQuery,
  scaledInputs,
  standardInputs,
} from './input-shifts.ts';
import {
  classificationClass,
  linearClass,
  noisyClass,
  quadraticClass,
  sparseClass,
} from './linear.ts';
import { orthogonalQuery } from './orthogonal-query.ts';
import { reluNetworkClass } from './relu-network.ts';

export {
  covarianceTransform,
  halfSubspaceInputs,
  randomOrthogonal,
  skewedInputs,
  transformedInputs,
} from './covariance.ts';
export { type DecisionTree, decisionTree, decisionTreeClass } from './decision-tree.ts';
export type { FunctionClass, LabelNoise, ScalarFunction } from './function-class.ts';
export {
  type InputShift,
  quadrantInputs,
  repeatedQuery,
  scaledInputs,
  standardInputs,
} from './input-shifts.ts';
export { noisyLabels, renormalisedLabels } from './labels.ts';
export {
  classificationClass,
  halfSpace,
  linearClass,
  linearFunction,
  noisyClass,
  quadraticClass,
  quadraticFunction,
  scaledClass,
  sparseClass,
} from './linear.ts';
export { orthogonalPart, orthogonalQuery } from './orthogonal-query.ts';
export { type FunctionPromptOptions, functionPrompts } from './prompts.ts';
export { reluNetwork, reluNetworkClass } from './relu-network.ts';

/** The classes with the settings of the source: s = 3, σ = 1, H = 100, depth 4. */
export const FUNCTION_CLASSES: readonly FunctionClass[] = [
  linearClass,
  sparseClass(),
  noisyClass(),
  noisyClass({ renormalised: true }),
  quadraticClass,
  reluNetworkClass(),
  decisionTreeClass(),
  classificationClass,
];

/** The factors of inputs and labels in the source. */
export const SHIFT_FACTORS: readonly number[] = [1 / 3, 1 / 2, 2, 3];

/** The input shifts of the source, the standard inputs first. */
export const INPUT_SHIFTS: readonly InputShift[] = [
  standardInputs,
  skewedInputs,
  halfSubspaceInputs,
  ...SHIFT_FACTORS.map(scaledInputs),
  quadrantInputs('random'),
  quadrantInputs('opposite'),
  orthogonalQuery,
  repeatedQuery,
];
