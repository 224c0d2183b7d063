/**
 * One evaluation of a block at a query, with everything in between, as vectors.
 *
 * @module
 */
import { eager } from '../autograd/index.ts';
import { type Matrix, rowOf } from '../linalg/index.ts';
import type { Block, BlockValues } from './block.ts';
import { requireTokens, sequenceOf } from './contextual-layer.ts';
import {
  biasShape,
  type ParameterShapes,
  type Parameters,
  part,
  requireParameters,
} from './parameters.ts';
import { type BlockPatch, requireGains, requirePatch } from './sites.ts';

/** The values of one evaluation at one token, as vectors. */
export type BlockRun = Run<BlockValues<Matrix>>;

type Run<T> = {
  readonly [name in keyof T]: T[name] extends Matrix
    ? Float64Array
    : T[name] extends Matrix | null
      ? Float64Array | null
      : Run<T[name]>;
};

/**
 * One evaluation of the block at the query with its intermediate values, patched if asked.
 *
 * Shapes: context n×tokenWidth with n ≥ 0, query of tokenWidth numbers. A site of the feed-forward network
 * may have a bias that the block has not, as `addPatch` leaves it. `positions` are those of the n + 1 tokens,
 * ascending; default: 0 … n.
 *
 * @throws ShapeError, NonFiniteError or DomainError if tokens, parameters or patch do not fit.
 */
export function runBlock(
  block: Block,
  parameters: Parameters,
  context: Matrix,
  query: Float64Array,
  patch?: BlockPatch,
  positions?: readonly number[],
): BlockRun {
  requireParameters('runBlock', block.shapes, parameters, siteBiases(block));
  requireTokens('runBlock', block.layer, query);
  if (patch) requireBlockPatch('runBlock', block, parameters, patch);
  return asRun(block.forward(eager, parameters, sequenceOf(context, query), 1, patch, positions));
}

/** The biases that the sites of the feed-forward network may have. */
function siteBiases({ feedForward, shapes }: Block): ParameterShapes {
  const sites = [...feedForward.inputs, ...feedForward.outputs];
  return Object.fromEntries(
    sites.map(({ weight, bias }) => {
      const { rows, cols } = shapes[`mlp.${weight}`];
      return [`mlp.${bias}`, biasShape(rows, cols)];
    }),
  );
}

/** Values at one token as vectors. */
export function asRun(values: BlockValues<Matrix>): BlockRun {
  const sites = Object.entries(values.sites).map(([name, { input, output }]) => [
    name,
    { input: input.data, output: output.data },
  ]);
  return {
    attention: values.attention.data,
    residual: values.residual === null ? null : values.residual.data,
    input: values.input.data,
    sites: Object.fromEntries(sites),
    preActivation: values.preActivation.data,
    hidden: values.hidden.data,
    update: values.update.data,
    sum: values.sum.data,
    output: values.output.data,
  };
}

/** Values at several tokens as the vectors of each: those that `asRun` gives for each token by itself. */
export function asRuns(values: BlockValues<Matrix>): BlockRun[] {
  return Array.from({ length: values.output.rows }, (_, i) => {
    const at = (x: Matrix): Float64Array => rowOf(x, i);
    const sites = Object.entries(values.sites).map(([name, { input, output }]) => [
      name,
      { input: at(input), output: at(output) },
    ]);
    return {
      attention: at(values.attention),
      residual: values.residual && at(values.residual),
      input: at(values.input),
      sites: Object.fromEntries(sites),
      preActivation: at(values.preActivation),
      hidden: at(values.hidden),
      update: at(values.update),
      sum: at(values.sum),
      output: at(values.output),
    };
  });
}

/** @throws DomainError, ShapeError or NonFiniteError if the patch is not one of this block. */
export function requireBlockPatch(
  caller: string,
  { feedForward, wiring, layer }: Block,
  parameters: Parameters,
  patch: BlockPatch,
): void {
  const sites = [...feedForward.inputs, ...feedForward.outputs];
  requirePatch(caller, sites, part(parameters, 'mlp'), patch);
  requireGains(caller, Object.keys(wiring.norms), layer.width, patch);
}
