/**
 * Contextual blocks: a mixing layer and a perceptron, wired together.
 *
 * @module
 */
import { add, type Evaluator, eager, lastRows, layerNorm } from '../autograd/index.ts';
import { DomainError, type Matrix } from '../linalg/index.ts';
import { ACTIVATIONS, type ActivationName } from './activations.ts';
import { type ContextualLayer, requireTokens, sequenceOf } from './contextual-layer.ts';
import { type Mlp, type MlpValues, mlp } from './mlp.ts';
import {
  constantShape,
  type ParameterShapes,
  type Parameters,
  part,
  prefixed,
  requireParameters,
} from './parameters.ts';
import { type BlockPatch, requirePatch } from './sites.ts';
import { WIRINGS, type Wiring, type WiringName, type WiringTools } from './wirings.ts';

/** The values of one evaluation at the query, one row a sequence. */
export interface BlockValues<V> extends MlpValues<V> {
  /** A(C, x), the output of the mixing layer. */
  readonly attention: V;
  /** r, what the perceptron's output is added to; null where there is no residual connection. */
  readonly residual: V | null;
  /** z, what the first matrix W1 is applied to. */
  readonly input: V;
  /** r + y, or y where there is no residual connection. */
  readonly sum: V;
  readonly output: V;
}

export interface Block {
  readonly name: WiringName;
  readonly wiring: Wiring;
  readonly layer: ContextualLayer;
  readonly mlp: Mlp;
  /** ε inside the norms. */
  readonly epsilon: number;
  /** The layer's parameters below `layer.`, the perceptron's below `mlp.`, norms below their names. */
  readonly shapes: ParameterShapes;
  /** `batch` sequences whose last token is the query; `patch` may be left out. */
  forward<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    patch?: BlockPatch,
  ): BlockValues<V>;
}

export interface BlockOptions {
  readonly wiring?: WiringName;
  readonly layer: ContextualLayer;
  readonly hidden: number;
  /** Default: the layer's width, which a residual connection needs. */
  readonly outputWidth?: number;
  readonly activation?: ActivationName;
  /** ε inside the norms. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * A block of the given wiring; see `wirings.ts` for the formulas. The default is the plain block,
 * T_W(C, x) = W2·g(W1·A(C, x) + b1) + b2.
 *
 * @throws DomainError for an unknown wiring or activation, a size that is not a positive integer, or
 * a residual connection that would add vectors of different lengths.
 */
export function contextualBlock(options: BlockOptions): Block {
  const { wiring: name = 'plain', layer, hidden, activation = 'relu', epsilon = 1e-5 } = options;
  const { outputWidth = layer.width } = options;
  const wiring = WIRINGS[name];
  if (wiring === undefined) {
    const known = Object.keys(WIRINGS).join(', ');
    throw new DomainError(`contextualBlock: wiring must be one of ${known}, got ${name}`);
  }
  if (ACTIVATIONS[activation] === undefined) {
    const known = Object.keys(ACTIVATIONS).join(', ');
    throw new DomainError(`contextualBlock: activation must be one of ${known}, got ${activation}`);
  }
  for (const [what, size] of Object.entries({ hidden, outputWidth })) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new DomainError(`contextualBlock: ${what} must be a positive integer, got ${size}`);
    }
  }
  if (name !== 'plain' && (layer.tokenWidth !== layer.width || outputWidth !== layer.width)) {
    throw new DomainError(
      `contextualBlock: ${name} adds tokens, layer output and block output, so one width is required, got ` +
        `${layer.tokenWidth}, ${layer.width} and ${outputWidth}`,
    );
  }
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw new DomainError(`contextualBlock: epsilon must be positive and finite, got ${epsilon}`);
  }
  const perceptron = mlp({ width: layer.width, hidden, outputWidth, activation });
  const norms = wiring.norms.map((norm) =>
    prefixed(norm, {
      g: constantShape(1, layer.width, 1),
      b: constantShape(1, layer.width, 0),
    }),
  );
  return {
    name,
    wiring,
    layer,
    mlp: perceptron,
    epsilon,
    shapes: {
      ...prefixed('layer', layer.shapes),
      ...prefixed('mlp', perceptron.shapes),
      ...Object.assign({}, ...norms),
    },
    forward<V>(
      on: Evaluator<V>,
      parameters: Parameters<V>,
      sequences: V,
      batch: number,
      patch?: BlockPatch,
    ): BlockValues<V> {
      const tools: WiringTools<V> = {
        add: (x, y) => on.apply(add, x, y),
        norm: (which, x) =>
          on.apply(layerNorm({ epsilon }), x, parameters[`${which}.g`], parameters[`${which}.b`]),
      };
      const mixerInput = wiring.mixerInput(tools, sequences);
      const attention = layer.atQuery(on, part(parameters, 'layer'), mixerInput, batch);
      const x = on.apply(lastRows(on.read(sequences).rows / batch), sequences);
      const residual = wiring.residual(tools, x, attention);
      const input = wiring.input(tools, attention, residual);
      const values = perceptron.forward(on, part(parameters, 'mlp'), input, patch);
      const sum = residual === null ? values.update : tools.add(residual, values.update);
      return { attention, residual, input, ...values, sum, output: wiring.output(tools, sum) };
    },
  };
}

/** The values of one evaluation as vectors. */
export type BlockRun = {
  readonly [name in keyof BlockValues<Matrix>]: name extends 'residual'
    ? Float64Array | null
    : Float64Array;
};

/**
 * One evaluation of the block at the query with its intermediate values, patched if asked.
 *
 * Shapes: context n×tokenWidth with n ≥ 0, query of tokenWidth numbers.
 *
 * @throws ShapeError, NonFiniteError or DomainError if tokens, parameters or patch do not fit.
 */
export function runBlock(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  patch?: BlockPatch,
): BlockRun {
  requireParameters('runBlock', block.shapes, parameters);
  requireTokens('runBlock', block.layer, query);
  if (patch) {
    const { input, output } = block.mlp.sites;
    requirePatch('runBlock', [input, output], part(parameters, 'mlp'), patch);
  }
  const values = block.forward(eager, parameters, sequenceOf(context, query), 1, patch);
  return {
    attention: values.attention.data,
    residual: values.residual === null ? null : values.residual.data,
    input: values.input.data,
    preActivation: values.preActivation.data,
    hidden: values.hidden.data,
    update: values.update.data,
    sum: values.sum.data,
    output: values.output.data,
  };
}
