/**
 * Patches of a whole network: one for each block and retained token, so that removed tokens go on acting.
 *
 * The contextual run is made once. Then the network is run on the retained tokens, at their original
 * positions; at each block the patch is computed from the ACTUAL state of this run to the contextual
 * one, and what leaves the block is contextual again. So the rounding errors of blocks do not add up: the
 * error after a block is the error of that block.
 *
 * Source: arXiv:2507.16003v3, Theorem C.2; arXiv:2511.17864, Theorem 2 and algorithm 1; mode everywhere is our own.
 *
 * @module
 */
import { eager, takeRows } from '../autograd/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  requireFinite,
  requireMatrix,
  rowOf,
  ShapeError,
} from '../linalg/index.ts';
import {
  asRuns,
  type Block,
  type BlockPatch,
  type BlockRun,
  type Mixed,
  type Network,
  type Parameters,
  requireBlockPatch,
  requireParameters,
} from '../model/index.ts';
import { blockPatch, type Variant } from './block-patch.ts';

/**
 * Which retained tokens are patched.
 *
 *   all          each by a patch of its own; the residual stream of all of them becomes contextual
 *   last         the last one only; its residual stream becomes contextual
 *   everywhere   all of them by the patch of the last one: the only kind that a file of weights can
 *                hold; the residual stream of the last one becomes contextual
 */
export type PatchMode = 'all' | 'last' | 'everywhere';

export interface NetworkPatchOptions {
  /** Default: all. */
  readonly mode?: PatchMode;
  /** How each block shares its change; see `Variant`. Default: default. */
  readonly variant?: Variant;
  /** The positions of the tokens of the full sequence, ascending. Default: 0, 1, 2 … */
  readonly positions?: readonly number[];
}

/** A network's runs and the patches between them. */
export interface NetworkPatch {
  readonly mode: PatchMode;
  /** patches[l][i] for block l and retained token i: null where there is none. */
  readonly patches: readonly (readonly (BlockPatch | null)[])[];
  /** contextual[l][t], base[l][i], patched[l][i]: what block l does at a token. */
  readonly contextual: readonly (readonly BlockRun[])[];
  /** On the retained tokens without any patch. */
  readonly base: readonly (readonly BlockRun[])[];
  /** Block l of the patched run before its own patch is applied: what the patch was computed from. */
  readonly actual: readonly (readonly BlockRun[])[];
  readonly patched: readonly (readonly BlockRun[])[];
}

/**
 * The patches that make up for the removal of all tokens of `sequence` but `keep`.
 *
 * Shapes: sequence T×width, what enters the first block at each token; `keep` indices of rows, ascending,
 * at least one. Encoders (attention to all tokens) and decoders alike.
 *
 * Precondition: that of the variant at every block and patched token. Tokens before the first removed one of
 * a causal network get patches that are 0 in every bit.
 *
 * Error: that of one block (`block-bounds.ts` between `actual` and `contextual`), whatever the depth.
 *
 * @throws DegenerateBase, DomainError, ShapeError or NonFiniteError.
 */
export function networkPatch(
  network: Network,
  parameters: Parameters,
  sequence: Matrix,
  keep: readonly number[],
  options: NetworkPatchOptions = {},
): NetworkPatch {
  const { mode = 'all', variant = 'default' } = options;
  const positions = options.positions ?? Array.from({ length: sequence.rows }, (_, t) => t);
  if (mode !== 'all' && mode !== 'last' && mode !== 'everywhere') {
    throw new DomainError(`networkPatch: mode must be all, last or everywhere, got ${mode}`);
  }
  requireSequence('networkPatch', network, parameters, sequence, positions);
  requireKeep('networkPatch', keep, sequence.rows);
  const kept = keep.map((t) => positions[t]);
  const retained = eager.apply(takeRows(keep), sequence);
  const contextual = runBlocks(network, parameters, sequence, positions);
  const base = runBlocks(network, parameters, retained, kept);
  const [patches, actual, patched]: [(BlockPatch | null)[][], BlockRun[][], BlockRun[][]] = [
    [],
    [],
    [],
  ];
  const lastToken = keep.length - 1;
  let stream = retained;
  network.blocks.forEach((block, l) => {
    const own = network.own(parameters, l);
    const mixed = block.mix(eager, own, stream, 1, 'each', kept);
    const before = asRuns(block.finish(eager, own, mixed));
    const target = (i: number): BlockPatch =>
      blockPatch(block, own, before[i], contextual[l][keep[i]], variant);
    const last = mode === 'all' ? null : target(lastToken);
    const here = before.map((_, i) => {
      if (mode === 'all') return target(i);
      return mode === 'everywhere' || i === lastToken ? last : null;
    });
    const after = finishRows(block, own, mixed, here, before);
    patches.push(here);
    actual.push(before);
    patched.push(after);
    stream = outputsOf(after);
  });
  return { mode, patches, contextual, base, actual, patched };
}

/**
 * What each block does at each token of a sequence at these positions, with a patch for each block and
 * token where one is given.
 *
 * Shapes: sequence T×width; T positions, ascending; T patches or nulls for each block. Parameters of
 * other names are left unread.
 *
 * @throws DomainError, ShapeError or NonFiniteError if parameters, sequence, positions or patches do not fit.
 */
export function runNetwork(
  network: Network,
  parameters: Parameters,
  sequence: Matrix,
  positions: readonly number[],
  patches?: NetworkPatch['patches'],
): BlockRun[][] {
  requireSequence('runNetwork', network, parameters, sequence, positions);
  if (patches) requirePatches(network, parameters, sequence.rows, patches);
  return runBlocks(network, parameters, sequence, positions, patches);
}

/** The same of what is known to fit. */
function runBlocks(
  network: Network,
  parameters: Parameters,
  sequence: Matrix,
  positions: readonly number[],
  patches?: NetworkPatch['patches'],
): BlockRun[][] {
  let stream = sequence;
  return network.blocks.map((block, l) => {
    const own = network.own(parameters, l);
    const mixed = block.mix(eager, own, stream, 1, 'each', positions);
    const runs = patches
      ? finishRows(block, own, mixed, patches[l])
      : asRuns(block.finish(eager, own, mixed));
    stream = outputsOf(runs);
    return runs;
  });
}

/**
 * The feed-forward part at every token, each with its patch; `unpatched`, where it is known, is what those without one
 * do. Tokens with the same patch go together: a row has the bits that it has alone.
 */
function finishRows(
  block: Block,
  own: Parameters,
  { attention, residual, input }: Mixed<Matrix>,
  patches: readonly (BlockPatch | null)[],
  unpatched?: readonly BlockRun[],
): BlockRun[] {
  const runs: BlockRun[] = unpatched ? [...unpatched] : new Array<BlockRun>(patches.length);
  for (const patch of new Set(patches)) {
    if (patch === null && unpatched) continue;
    const rows = patches.flatMap((each, i) => (each === patch ? [i] : []));
    const take = (x: Matrix): Matrix => eager.apply(takeRows(rows), x);
    const together = {
      attention: take(attention),
      residual: residual && take(residual),
      input: take(input),
    };
    asRuns(block.finish(eager, own, together, patch ?? undefined)).forEach((run, k) => {
      runs[rows[k]] = run;
    });
  }
  return runs;
}

/** The residual stream after some block, a row a token. */
export function outputsOf(runs: readonly BlockRun[]): Matrix {
  const width = runs[0].output.length;
  const all = matrix(runs.length, width);
  runs.forEach(({ output }, i) => {
    all.data.set(output, i * width);
  });
  return all;
}

/** The mixing part of a block at every token, token by token: rows do not depend on each other's rest. */
export function mixedRows(
  block: Block,
  own: Parameters,
  stream: Matrix,
  positions: readonly number[],
): Mixed<Matrix>[] {
  const { attention, residual, input } = block.mix(eager, own, stream, 1, 'each', positions);
  const row = (x: Matrix, i: number): Matrix => matrix(1, x.cols, rowOf(x, i));
  return Array.from({ length: stream.rows }, (_, i) => ({
    attention: row(attention, i),
    residual: residual && row(residual, i),
    input: row(input, i),
  }));
}

function requireSequence(
  caller: string,
  network: Network,
  parameters: Parameters,
  sequence: Matrix,
  positions: readonly number[],
): void {
  const needed = Object.keys(network.shapes).filter((name) => Object.hasOwn(parameters, name));
  const own = Object.fromEntries(needed.map((name) => [name, parameters[name]]));
  requireParameters(caller, network.shapes, own);
  requireMatrix(caller, 'the sequence', sequence);
  if (sequence.rows === 0 || sequence.cols !== network.width) {
    throw new ShapeError(
      `${caller}: the sequence must be tokens of ${network.width} entries, at least one, got ` +
        `${sequence.rows}x${sequence.cols}`,
    );
  }
  requireFinite(caller, 'the sequence', sequence.data);
  if (positions.length !== sequence.rows) {
    throw new ShapeError(
      `${caller}: a position for each of the ${sequence.rows} tokens is required, got ${positions.length}`,
    );
  }
  if (!positions.every((t, i) => Number.isFinite(t) && (i === 0 || t > positions[i - 1]))) {
    throw new DomainError(
      `${caller}: positions must be finite and ascend, got ${positions.join(', ')}`,
    );
  }
}

/** @throws DomainError, ShapeError or NonFiniteError unless there is a patch or null for each block and token. */
function requirePatches(
  network: Network,
  parameters: Parameters,
  tokens: number,
  patches: NetworkPatch['patches'],
): void {
  const { blocks } = network;
  const wrong = patches.find((layer) => layer.length !== tokens);
  if (patches.length !== blocks.length || wrong) {
    throw new ShapeError(
      `runNetwork: patches for ${blocks.length} blocks and ${tokens} tokens are required, got ` +
        `${patches.length} and ${wrong?.length ?? tokens}`,
    );
  }
  patches.forEach((layer, l) => {
    const own = network.own(parameters, l);
    for (const patch of new Set(layer)) {
      if (patch) requireBlockPatch('runNetwork', blocks[l], own, patch);
    }
  });
}

/**
 * @throws DomainError unless `keep` are ascending positions of `count` tokens, at least one; with `newest`
 * also unless the last of them is that of the last token, from which the next one is read.
 */
export function requireKeep(
  caller: string,
  keep: readonly number[],
  count: number,
  newest = false,
): void {
  const ascending = keep.every(
    (t, i) => Number.isInteger(t) && t > (keep[i - 1] ?? -1) && t < count,
  );
  if (keep.length === 0 || !ascending || (newest && keep[keep.length - 1] !== count - 1)) {
    throw new DomainError(
      `${caller}: the tokens to keep must be ascending positions below ${count}, at least one` +
        `${newest ? `, the last of them ${count - 1}, so that the next token is read there` : ''}, ` +
        `got ${keep.join(', ') || 'none'}`,
    );
  }
}
