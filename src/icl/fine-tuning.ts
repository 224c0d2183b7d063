/**
 * Explicit against implicit learning: fine-tuning one matrix on the examples of a prompt, one at a
 * time, beside the update that reading the same examples performs.
 *
 * Source: arXiv:2507.16003v1, section 4.3 and figure 3: SGD on the first MLP matrix only, a single
 * example a step in the order of the prompt, test loss on the query after each.
 *
 * @module
 */
import { column, squaredError, Tape } from '../autograd/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  type RankOne,
  rowMatrix,
  rowOf,
  subtractMatrices,
} from '../linalg/index.ts';
import {
  type Block,
  type LinearPrompt,
  mapParameters,
  type Parameters,
  part,
  predict,
  runBlock,
  sgdStep,
} from '../model/index.ts';
import { alignment } from './alignment.ts';
import { blockBounds } from './block-bounds.ts';
import { withoutPositions } from './context-patch.ts';
import { prefixVectors } from './implicit-descent.ts';
import { patchWeight } from './patch-weight.ts';
import { residual, runPatched } from './prove-patch.ts';

/** After i examples, i = 0 … M. */
export interface FineTuningRow {
  /** (T_{W^FT_i}(x) − y)². */
  readonly fineTunedLoss: number;
  /** (T_{W+ΔW_i}(x) − y)²: the context read as a weight update. */
  readonly updatedLoss: number;
  /** (T_W(C_i, x) − y)²: the context read as a context. Equal to the former up to rounding. */
  readonly contextLoss: number;
  /** T_{W+ΔW_i}(x) and T_W(C_i, x), whose losses these are. */
  readonly updatedPrediction: number;
  readonly contextPrediction: number;
  /** Their difference over the a-priori bound of the output. */
  readonly overBound: number;
  /** cos(ΔW_i, W^FT_i − W_0); null where one of them is 0. */
  readonly alignment: number | null;
  readonly fineTuned: Matrix;
  readonly update: RankOne;
  /** Loss and gradient of example i − 1 before step i; null at i = 0. */
  readonly trainLoss: number | null;
  readonly gradient: Matrix | null;
}

/**
 * The trajectory of one prompt.
 *
 * Example j is the single token (x_j; 0) with label y_j, both read off the context token (x_j; y_j);
 * its loss is (T − y_j)², no ½. Only `mlp.W1` moves.
 *
 * @throws DomainError if the block is not plain, the prompt has no examples, or the rate is not
 * finite.
 */
export function fineTuningTrajectory(
  block: Block,
  parameters: Parameters,
  prompt: LinearPrompt,
  learningRate: number,
): FineTuningRow[] {
  const { context, query, target } = prompt;
  if (block.name !== 'plain') {
    throw new DomainError(`fineTuningTrajectory: a plain block is required, got ${block.name}`);
  }
  if (context.rows === 0 || !Number.isFinite(learningRate)) {
    throw new DomainError(
      `fineTuningTrajectory: examples and a finite rate are required, got ${context.rows} examples ` +
        `and rate ${learningRate}`,
    );
  }
  const W0 = parameters['mlp.W1'];
  const prefixes = prefixVectors(block.layer, part(parameters, 'layer'), context, query);
  const nothing = matrix(0, context.cols);
  const base = runBlock(block, parameters, nothing, query);
  const dimension = context.cols - 1;
  const squared = (prediction: number): number => (prediction - target) * (prediction - target);
  let tuned = parameters;
  let step: ReturnType<typeof exampleGradient> | null = null;
  return prefixes.map((prefix, i): FineTuningRow => {
    if (i > 0) {
      step = exampleGradient(block, tuned, context, i - 1);
      const moved = sgdStep({ W1: tuned['mlp.W1'] }, { W1: step.gradient }, learningRate);
      if (!moved.W1.data.every(Number.isFinite)) {
        throw new DomainError(
          `fineTuningTrajectory: W1 must stay finite, got another value after example ${i}; a ` +
            `smaller rate than ${learningRate} may help`,
        );
      }
      tuned = { ...tuned, 'mlp.W1': moved.W1 };
    }
    const update = patchWeight(W0, prefixes[0], prefix);
    const patch = { weights: { W1: update }, biases: {} };
    const tail = Array.from({ length: context.rows - i }, (_, j) => i + j);
    const shorter = { context: withoutPositions(context, tail), query, target };
    const updatedPrediction = runPatched(block, parameters, nothing, query, patch).output[
      dimension
    ];
    const contextual = runBlock(block, parameters, shorter.context, query);
    const contextPrediction = contextual.output[dimension];
    const bound = blockBounds(block, parameters, { base, contextual }, 'default').output[dimension];
    const [tunedPrediction] = predict(block, tuned, [{ context: nothing, query, target }]);
    const fineTuned = tuned['mlp.W1'];
    return {
      fineTunedLoss: squared(tunedPrediction),
      updatedLoss: squared(updatedPrediction),
      contextLoss: squared(contextPrediction),
      updatedPrediction,
      contextPrediction,
      overBound: overBound(updatedPrediction, contextPrediction, bound),
      alignment: alignment(update, subtractMatrices(fineTuned, W0)),
      fineTuned,
      update,
      trainLoss: step?.loss ?? null,
      gradient: step?.gradient ?? null,
    };
  });
}

const overBound = (patched: number, contextual: number, bound: number): number =>
  residual(Float64Array.of(patched), Float64Array.of(contextual), Float64Array.of(bound)).overBound;

/** Loss and gradient with respect to `mlp.W1` of the single example j. */
function exampleGradient(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  j: number,
): { loss: number; gradient: Matrix } {
  const dimension = context.cols - 1;
  const token = rowMatrix(rowOf(context, j));
  const label = token.data[dimension];
  token.data[dimension] = 0;
  const tape = new Tape();
  const variables = mapParameters(parameters, (value, name) =>
    name === 'mlp.W1' ? tape.parameter(value) : tape.constant(value),
  );
  const { output } = block.forward(tape, variables, tape.constant(token), 1);
  const prediction = tape.apply(column(dimension), output);
  const loss = tape.apply(
    squaredError,
    prediction,
    tape.constant(rowMatrix(Float64Array.of(label))),
  );
  const [gradient] = tape.gradients(loss, [variables['mlp.W1']]);
  return { loss: loss.value.data[0], gradient };
}
