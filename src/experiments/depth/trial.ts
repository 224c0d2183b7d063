/**
 * One prompt through a deep random network: what is left of the context without patches, with patches block by
 * block, and with patches computed beforehand.
 *
 * @module
 */
import type { Evaluator } from '../../autograd/index.ts';
import { blockBounds, blockPatch, residual } from '../../icl/index.ts';
import {
  type Matrix,
  matrix,
  multiplyNT,
  norm,
  Random,
  rowOf,
  subtract,
} from '../../linalg/index.ts';
import {
  asRun,
  type Block,
  type BlockPatch,
  type BlockRun,
  gpt2Block,
  type LinearPrompt,
  linearPrompt,
  type Network,
  network,
  type Parameters,
  sequenceOf,
} from '../../model/index.ts';
import {
  DOUBLE_BITS,
  evaluatorOf,
  normalParameters,
  runAlone,
  runAt,
  stored,
  storedPatch,
} from '../precision.ts';
import type { DepthValues } from './settings.ts';

/** Random streams of the seed. */
const STREAM = { network: 1140, prompts: 1141 } as const;

/** The network of the experiment, and what lifts tokens to its width. */
export interface DeepNetwork {
  readonly net: Network;
  readonly parameters: Parameters;
  /** width×(d+1). */
  readonly lift: Matrix;
}

/** Pre-LN blocks with entries N(0, 1/fan-in). Its first L blocks are the network of depth L. */
export function deepNetwork(values: DepthValues, seed: number): DeepNetwork {
  const { blocks, width, heads, hidden, dimension } = values;
  const random = new Random(seed, STREAM.network);
  const block = gpt2Block({ width, heads, hidden, activation: 'gelu' });
  const net = network(Array.from({ length: blocks }, () => block));
  const { lift } = normalParameters(
    { lift: { rows: width, cols: dimension + 1, fanIn: dimension + 1 } },
    random,
  );
  return { net, parameters: normalParameters(net.shapes, random), lift };
}

/** The prompts, in order. */
export function depthPrompts(
  { dimension, pairs, tasks }: DepthValues,
  seed: number,
): LinearPrompt[] {
  const random = new Random(seed, STREAM.prompts);
  return Array.from({ length: tasks }, () => linearPrompt({ dimension, pairs }, random));
}

/** Distances ‖patched − full‖ of the query's residual stream after each block. */
export interface DepthTrial {
  readonly unpatched: Float64Array;
  /** Each patch computed from the state that the patched run has reached. */
  readonly sequential: Float64Array;
  /** Each patch computed from the full run's state before its block. */
  readonly precomputed: Float64Array;
  /** ‖E‖ of the bound of each block for `sequential`, in float64; empty elsewhere. */
  readonly bound: Float64Array;
  /** The largest |patched − full| over E, entry by entry; 0 where there is no bound. */
  readonly overBound: number;
}

/** The network as numbers of so many bits, ready for trials. */
export interface StoredNetwork {
  readonly bits: number;
  readonly on: Evaluator<Matrix>;
  readonly blocks: readonly { readonly block: Block; readonly own: Parameters }[];
  readonly lift: Matrix;
}

export function storeNetwork({ net, parameters, lift }: DeepNetwork, bits: number): StoredNetwork {
  const on = evaluatorOf(bits);
  const rounded = stored(on, parameters);
  const blocks = net.blocks.map((block, l) => ({ block, own: net.own(rounded, l) }));
  return { bits, on, blocks, lift: on.constant(lift) };
}

/** Mode last with the query alone: the tokens of the context are removed, and the query is patched. */
export function depthTrial(
  { bits, on, blocks, lift }: StoredNetwork,
  { context, query }: LinearPrompt,
): DepthTrial {
  const position = context.rows;
  const full = on.constant(multiplyNT(sequenceOf(context, query), lift));
  const trial = {
    unpatched: new Float64Array(blocks.length),
    sequential: new Float64Array(blocks.length),
    precomputed: new Float64Array(blocks.length),
    bound: new Float64Array(bits === DOUBLE_BITS ? blocks.length : 0),
  };
  let overBound = 0;
  let stream = full;
  const queryRow = matrix(1, full.cols, rowOf(full, position));
  const states = { unpatched: queryRow, sequential: queryRow, precomputed: queryRow };
  blocks.forEach(({ block, own }, l) => {
    const values = block.finish(on, own, block.mix(on, own, stream, 1, 'each'));
    const before = matrix(1, stream.cols, rowOf(stream, position));
    const contextual = runAt(values, position);
    stream = values.output;
    const alone = (x: Matrix) => runAlone(on, block, own, x, position);
    const patchFrom = (run: BlockRun): BlockPatch =>
      storedPatch(on, blockPatch(block, own, run, contextual));
    const arrive = (name: keyof typeof states, { output }: BlockRun): void => {
      trial[name][l] = norm(subtract(output, contextual.output));
      states[name] = matrix(1, output.length, output);
    };
    arrive('unpatched', alone(states.unpatched).run);
    const actual = alone(states.sequential);
    const patch = patchFrom(actual.run);
    const patched = asRun(block.finish(on, own, actual.mixed, patch));
    arrive('sequential', patched);
    const fixed = patchFrom(alone(before).run);
    arrive('precomputed', asRun(block.finish(on, own, alone(states.precomputed).mixed, fixed)));
    if (bits !== DOUBLE_BITS) return;
    const runs = { base: actual.run, contextual };
    const { output } = blockBounds(block, own, runs, 'default', 'factored', patch);
    trial.bound[l] = norm(output);
    const ratio = residual(patched.output, contextual.output, output).overBound;
    overBound = Math.max(overBound, ratio);
  });
  return { ...trial, overBound };
}
