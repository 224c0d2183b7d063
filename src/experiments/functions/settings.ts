/**
 * The function classes, each with the rules it is measured against, and every number that decides their
 * figure.
 *
 * @module
 */
import { DomainError } from '../../linalg/index.ts';
import {
  averagingBaseline,
  type Baseline,
  classificationClass,
  decisionTreeClass,
  type FunctionClass,
  type InputShift,
  lassoBaseline,
  leastSquaresBaseline,
  linearClass,
  nearestNeighboursBaseline,
  noisyClass,
  orthogonalQuery,
  quadrantInputs,
  quadraticClass,
  reluNetworkClass,
  ridgeBaseline,
  scaledInputs,
  skewedInputs,
  sparseClass,
  standardInputs,
} from '../../model/index.ts';
import { NOT_NEGATIVE, POSITIVE, type Setting, type Values } from '../experiment.ts';

type Name =
  | 'dimension'
  | 'pairs'
  | 'kept'
  | 'deviation'
  | 'units'
  | 'treeDepth'
  | 'width'
  | 'heads'
  | 'hidden'
  | 'blocks'
  | 'steps'
  | 'batch'
  | 'microBatch'
  | 'learningRate'
  | 'prompts'
  | 'proofs';

export const FUNCTIONS_SETTINGS: Readonly<Record<Name, Setting>> = {
  dimension: { value: 5, help: 'inputs of a function' },
  pairs: { value: 20, quick: 8, help: 'most pairs in a prompt; training draws from 1 to so many' },
  kept: { value: 2, help: 'coordinates that sparse functions depend on' },
  deviation: { value: 1, range: NOT_NEGATIVE, help: 'standard deviation of the label noise' },
  units: { value: 100, help: 'hidden units of the ReLU networks to be learned' },
  treeDepth: { value: 2, help: 'questions from root to leaf of a decision tree' },
  width: { value: 32, quick: 8, help: 'entries of the residual stream' },
  heads: { value: 4, quick: 2, help: 'attention heads of a block' },
  hidden: { value: 64, quick: 16, help: 'hidden entries of a block' },
  blocks: { value: 2, help: 'Pre-LN blocks' },
  steps: { value: 3000, quick: 5, help: 'steps of training for each class' },
  batch: { value: 64, quick: 16, help: 'fresh prompts a step' },
  microBatch: { value: 16, quick: 8, help: 'prompts of one length' },
  learningRate: { value: 1e-3, range: POSITIVE, help: 'rate of Adam' },
  prompts: { value: 256, quick: 32, help: 'test prompts of each class' },
  proofs: {
    value: 32,
    quick: 4,
    help: 'test prompts of each class on which the theorem is checked',
  },
};

export type FunctionsValues = Values<typeof FUNCTIONS_SETTINGS>;

/** @throws DomainError */
export function requireFunctions(values: FunctionsValues): void {
  const refuse = (what: string): never => {
    throw new DomainError(`reproduce functions: ${what}`);
  };
  const { width, heads, kept, dimension, proofs, prompts, treeDepth } = values;
  if (width % heads !== 0) refuse(`width must be a multiple of heads, got ${width} and ${heads}`);
  if (kept > dimension) refuse(`kept must be at most dimension, got ${kept} and ${dimension}`);
  if (proofs > prompts) refuse(`proofs must be at most prompts, got ${proofs} and ${prompts}`);
  if (treeDepth > 20) refuse(`treeDepth must be at most 20, got ${treeDepth}`);
}

/** A class that a model is trained on. */
export interface Learned {
  readonly id: string;
  readonly title: string;
  readonly functionClass: FunctionClass;
  /** The rules it is measured against, beside always answering 0. */
  readonly baselines: readonly Baseline[];
}

/** In the order of the figure. */
export function learnedClasses(values: FunctionsValues): Learned[] {
  const { kept, deviation, units, treeDepth } = values;
  const neighbours = nearestNeighboursBaseline(3);
  const learned = (
    id: string,
    title: string,
    functionClass: FunctionClass,
    ...baselines: Baseline[]
  ): Learned => ({ id, title, functionClass, baselines });
  return [
    learned('linear', 'Linear', linearClass, leastSquaresBaseline, averagingBaseline, neighbours),
    learned(
      'sparse',
      `Sparse linear, ${kept} coordinates`,
      sparseClass(kept),
      leastSquaresBaseline,
      lassoBaseline({ alpha: 0.1 }),
    ),
    learned(
      'noisy',
      `Linear with noise ${deviation}`,
      noisyClass({ deviation }),
      leastSquaresBaseline,
      ridgeBaseline(deviation * deviation), // the posterior mean of w ~ N(0, I)
    ),
    learned('quadratic', 'Quadratic', quadraticClass, leastSquaresBaseline, neighbours),
    learned(
      'relu',
      `ReLU network, ${units} units`,
      reluNetworkClass(units),
      leastSquaresBaseline,
      neighbours,
    ),
    learned(
      'tree',
      `Decision tree, depth ${treeDepth}`,
      decisionTreeClass(treeDepth),
      leastSquaresBaseline,
      neighbours,
    ),
    learned(
      'sign',
      'Sign of a linear function',
      classificationClass,
      averagingBaseline,
      neighbours,
    ),
  ];
}

/** The class whose model is also tested on shifted inputs. */
export const SHIFTED = 'linear';

/** The shifts of its inputs; an orthogonal query needs fewer pairs than inputs. */
export const SHIFTS: readonly InputShift[] = [
  standardInputs,
  skewedInputs,
  scaledInputs(1 / 2),
  scaledInputs(2),
  quadrantInputs('opposite'),
  orthogonalQuery,
];

/** N for a shift. */
export const pairsOf = (shift: InputShift, { pairs, dimension }: FunctionsValues): number =>
  shift === orthogonalQuery ? Math.min(pairs, dimension - 1) : pairs;
