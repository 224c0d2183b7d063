/**
 * The plain contextual block: T_W(C, x) = W2·g(W1·A(C, x) + b1) + b2.
 *
 * No skip connection and no norm: the block of the paper's theorem and of its experiments.
 *
 * @module
 */
import { type Evaluator, eager } from '../autograd/index.ts';
import type { Matrix, RankOne } from '../linalg/index.ts';
import type { ActivationName } from './activations.ts';
import { type ContextualLayer, requireTokens, sequenceOf } from './contextual-layer.ts';
import { type Mlp, type MlpValues, mlp } from './mlp.ts';
import {
  type ParameterShapes,
  type Parameters,
  part,
  prefixed,
  requireParameters,
} from './parameters.ts';

/** The values of one evaluation, one row a sequence. */
export interface BlockValues<V> extends MlpValues<V> {
  /** a = A(C, x), what the first matrix W1 is applied to. */
  readonly attention: V;
}

export interface PlainBlock {
  readonly layer: ContextualLayer;
  readonly mlp: Mlp;
  /** The layer's parameters below `layer.`, the perceptron's below `mlp.`. */
  readonly shapes: ParameterShapes;
  /** T_{W1 + p·vᵀ} of `batch` sequences whose last token is the query; `update` may be left out. */
  forward<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    update?: RankOne,
  ): BlockValues<V>;
}

export function plainBlock(options: {
  readonly layer: ContextualLayer;
  readonly hidden: number;
  readonly outputWidth: number;
  readonly activation?: ActivationName;
}): PlainBlock {
  const { layer, hidden, outputWidth, activation = 'relu' } = options;
  const perceptron = mlp({ width: layer.width, hidden, outputWidth, activation });
  return {
    layer,
    mlp: perceptron,
    shapes: { ...prefixed('layer', layer.shapes), ...prefixed('mlp', perceptron.shapes) },
    forward(on, parameters, sequences, batch, update) {
      const attention = layer.atQuery(on, part(parameters, 'layer'), sequences, batch);
      return { attention, ...perceptron.forward(on, part(parameters, 'mlp'), attention, update) };
    },
  };
}

/** The values of one evaluation as vectors. */
export type BlockRun = { readonly [name in keyof BlockValues<Matrix>]: Float64Array };

/**
 * One evaluation of the block with its intermediate values: T_W(C, x), or T_{W1 + p·vᵀ}(C, x).
 *
 * Shapes: context n×tokenWidth with n ≥ 0, query of tokenWidth numbers.
 *
 * @throws ShapeError, NonFiniteError or DomainError if tokens or parameters do not fit the block.
 */
export function runBlock(
  block: PlainBlock,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  update?: RankOne,
): BlockRun {
  requireParameters('runBlock', block.shapes, parameters);
  requireTokens('runBlock', block.layer, query);
  const { attention, preActivation, hidden, output } = block.forward(
    eager,
    parameters,
    sequenceOf(context, query),
    1,
    update,
  );
  return {
    attention: attention.data,
    preActivation: preActivation.data,
    hidden: hidden.data,
    output: output.data,
  };
}
