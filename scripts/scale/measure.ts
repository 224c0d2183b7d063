/**
 * Loads a checkpoint, patches a context away, verifies it in float64, and measures what that takes.
 *
 * A walk is a sum over all of the model's numbers with eight running sums, the fastest that plain code has here: the least
 * that anything costs which looks at every weight once. Stages are given in seconds and in walks, so that a loaded
 * machine, which slows both, can be compared with a free one.
 *
 * @module
 */
import { eager } from '../../src/autograd/index.ts';
import {
  blockBounds,
  logitsBound,
  type NetworkPatch,
  networkPatch,
  type PatchMode,
  residual,
} from '../../src/icl/index.ts';
import { type Checkpoint, loadCheckpoint } from '../../src/io/index.ts';
import { Random, rowMatrix } from '../../src/linalg/index.ts';
import { TextReader } from '../../src/model/index.ts';
import { sum } from './sum.ts';

export interface Task {
  /** Tokens of the context, which is removed, and of the query, which stays. */
  readonly context: number;
  readonly query: number;
  readonly mode: PatchMode;
  readonly seed: number;
}

/** What one stage took. */
export interface Stage {
  readonly name: string;
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
}

export interface Scale {
  readonly numbers: number;
  readonly stages: readonly Stage[];
  readonly walkSeconds: number;
  /** A walk over what one token reads, over the time of one token: its share of the speed of memory. */
  readonly share: number;
  /** Largest of patched − contextual over the bound, over blocks and patched tokens, and over the logits. */
  readonly blocksOverBound: number;
  readonly logitsOverBound: number;
  readonly logitDifference: number;
  readonly logitBound: number;
  readonly logitDifferenceWithoutPatch: number;
  /** Most memory that was resident, in bytes. */
  readonly peakMemory: number;
  /** Every difference is within its bound, and without the patch the logits are beyond theirs. */
  readonly ok: boolean;
}

/** The fastest of so many is taken, of tokens and of walks. */
const ROUNDS = 5;

/** Patches random token ids. @throws as `loadCheckpoint` and `networkPatch`. */
export function measure(folder: string, { context, query, mode, seed }: Task): Scale {
  const stages: Stage[] = [];
  const timed = <T>(name: string, action: () => T): T => {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const value = action();
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - start) / 1000;
    stages.push({ name, seconds, cpuSeconds: (user + system) / 1e6 });
    return value;
  };
  const checkpoint = timed('load', () => loadCheckpoint(folder));
  const { model, parameters } = checkpoint;
  const { network, vocabulary } = model.options;
  const random = new Random(seed);
  const ids = Array.from({ length: context + query }, () => random.integer(vocabulary));
  const positions = ids.map((_, t) => t);
  const keep = positions.slice(context);
  const stream = model.embed(eager, parameters, ids, positions);
  const found = timed('patch', () => networkPatch(network, parameters, stream, keep, { mode }));
  const blocksOverBound = timed('bounds of blocks', () => overBounds(checkpoint, found, keep));
  const logits = timed('logits and their bound', () => readLogits(checkpoint, found));
  const { walkSeconds, share } = speedOfToken(checkpoint, ids);
  const numbers = Object.values(parameters).reduce((all, { data }) => all + data.length, 0);
  return {
    ...{ numbers, stages, walkSeconds, share, blocksOverBound, ...logits },
    peakMemory: process.resourceUsage().maxRSS * 1024,
    ok:
      blocksOverBound <= 1 &&
      logits.logitsOverBound <= 1 &&
      logits.logitDifferenceWithoutPatch > logits.logitBound,
  };
}

/** The largest ratio of difference and bound at the outputs of blocks, at every token that the mode makes contextual. */
function overBounds(
  { model, parameters }: Checkpoint,
  { mode, patches, actual, patched, contextual }: NetworkPatch,
  keep: readonly number[],
): number {
  const { network } = model.options;
  const ratios = network.blocks.flatMap((block, l) =>
    keep.flatMap((t, i) => {
      const patch = patches[l][i];
      if (!patch || (mode !== 'all' && i < keep.length - 1)) return [];
      const runs = { base: actual[l][i], contextual: contextual[l][t] };
      const own = network.own(parameters, l);
      const { output } = blockBounds(block, own, runs, 'default', 'factored', patch);
      return [residual(patched[l][i].output, runs.contextual.output, output).overBound];
    }),
  );
  return Math.max(...ratios);
}

/** Logits at the last token: patched against contextual, beside the bound. */
function readLogits(
  { model, parameters }: Checkpoint,
  { patches, actual, patched, base, contextual }: NetworkPatch,
) {
  const last = <T>(rows: readonly (readonly T[])[]): T => rows[rows.length - 1].slice(-1)[0];
  const patch = last(patches);
  if (!patch) throw new Error('measure: every mode patches the last token');
  const runs = { base: last(actual), contextual: last(contextual) };
  const bound = logitsBound(model, parameters, runs, patch);
  const read = (output: Float64Array): Float64Array =>
    model.logits(eager, parameters, rowMatrix(output)).data;
  const target = read(runs.contextual.output);
  const { observed, overBound, bound: most } = residual(read(last(patched).output), target, bound);
  return {
    logitsOverBound: overBound,
    logitDifference: observed,
    logitBound: most,
    logitDifferenceWithoutPatch: residual(read(last(base).output), target, bound).observed,
  };
}

/** One token after the others, beside a walk through what it reads: everything but the positions. */
function speedOfToken(
  { model, parameters }: Checkpoint,
  ids: readonly number[],
): Pick<Scale, 'walkSeconds' | 'share'> {
  const read = Object.entries(parameters).filter(([name]) => name !== 'P');
  const reader = new TextReader(model, parameters);
  reader.read(ids);
  let [token, walk] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    // Alternately, so that both meet the same weather.
    token = Math.min(
      token,
      secondsOf(() => reader.read([round])),
    );
    walk = Math.min(
      walk,
      secondsOf(() => read.map(([, { data }]) => sum(data))),
    );
  }
  return { walkSeconds: walk, share: walk / token };
}

function secondsOf(action: () => unknown): number {
  const start = performance.now();
  action();
  return (performance.now() - start) / 1000;
}
