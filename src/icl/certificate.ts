/**
 * Certificates: how far a patched block can be from the contextual one in exact arithmetic.
 *
 * A run leaves doubles: z and r of the patched run, z' and r' of the contextual one, and the patch. What the block
 * would make of them without any rounding is enclosed twice, with the patch and in the context, and so is
 * the difference:
 *
 *   patched(z, r) − contextual(z', r') ∈ [−R, R] in every entry
 *
 * at each input site that the patch changes, at the output of each block, and, starting from the last block, at
 * the logits. It is a statement on each block by itself, from the doubles on: attention, which led to them, is as it was
 * computed. Nothing is said of the exact trajectory through the whole network,
 * of which the doubles are a rounded copy. `certificate-verifier.ts` checks such a statement by other means.
 *
 * Source: section 9.7 of README.md beside this file.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, NonFiniteError, rowMatrix } from '../linalg/index.ts';
import {
  type Block,
  type BlockPatch,
  type BlockRun,
  type BlockValues,
  type LanguageModel,
  mapParameters,
  type Network,
  type Parameters,
} from '../model/index.ts';
import { type Enclosure, enclosing, exactly } from './enclosing.ts';
import type { NetworkPatch, PatchMode } from './network-patch.ts';
import { enlarge } from './rounding-bounds.ts';

/** What a block's feed-forward part reads: r (null without residual connection) and z. */
export interface BlockInput {
  readonly residual: Float64Array | null;
  readonly input: Float64Array;
}

/** What is certified of one block at one token. */
export interface BlockCertificate {
  /** Of the run that is patched. */
  readonly base: BlockInput;
  readonly contextual: BlockInput;
  /** R at the output of each input site that the patch changes, by the name of its weight. */
  readonly sites: Readonly<Record<string, number>>;
  /** R at the output of the block. */
  readonly output: number;
}

/** Everything that is needed to check the statement again, but for the network and its parameters. */
export interface Certificate {
  /** What entered the first block, T×width, and the positions of these tokens. */
  readonly sequence: Matrix;
  readonly positions: readonly number[];
  /** The tokens that were kept, as indices of rows; all others were removed. */
  readonly keep: readonly number[];
  readonly mode: PatchMode;
  /** patches[l][i] for block l and retained token i: null where there is none. */
  readonly patches: NetworkPatch['patches'];
  /** blocks[l][i]: null where the mode says nothing of token i. */
  readonly blocks: readonly (readonly (BlockCertificate | null)[])[];
  /** R of every logit at the last token; null where there are none. */
  readonly logits: number | null;
}

export interface CertificateOptions {
  /** The positions of the tokens of the full sequence. Default: 0, 1, 2 … */
  readonly positions?: readonly number[];
  /** The model that reads logits from the network, so that they are certified too. */
  readonly model?: LanguageModel;
}

/**
 * The certificate of the patches that `networkPatch` found for this sequence and these retained tokens.
 *
 * Error: none; every R is rounded up. How large it is: the enclosures grow by γ_n·|W|·|s| at a site of n inputs,
 * so R is a few n·u times the size of what is added up.
 *
 * @throws DomainError if the patches are of another number of blocks or tokens, or an operation has no rule; DegenerateBase
 * where the selection of experts cannot be told; NonFiniteError where an enclosure overflows.
 */
export function certify(
  network: Network,
  parameters: Parameters,
  sequence: Matrix,
  keep: readonly number[],
  found: NetworkPatch,
  {
    positions = Array.from({ length: sequence.rows }, (_, t) => t),
    model,
  }: CertificateOptions = {},
): Certificate {
  const { mode, patches, actual, contextual } = found;
  if (patches.length !== network.blocks.length || patches[0].length !== keep.length) {
    throw new DomainError(
      `certify: patches of ${network.blocks.length} blocks and ${keep.length} tokens are required, got ` +
        `${patches.length} and ${patches[0]?.length}`,
    );
  }
  const points = mapParameters(parameters, exactly);
  const last = keep.length - 1;
  let logits: number | null = null;
  const blocks = network.blocks.map((block, l) =>
    keep.map((t, i) => {
      const patch = patches[l][i];
      if (!patch || (mode !== 'all' && i !== last)) return null;
      const [base, target] = [actual[l][i], contextual[l][t]].map(inputOf);
      const own = network.own(points, l);
      const runs = enclosePair(block, own, base, target, patch);
      if (model && l === network.blocks.length - 1 && i === last) {
        const [p, c] = [runs.patched, runs.contextual].map(({ output }) =>
          model.logits(enclosing, points, output),
        );
        logits = largestDifference(p, c);
      }
      return { base, contextual: target, ...radii(block, patch, runs) };
    }),
  );
  return {
    ...{ mode, patches, blocks, logits },
    sequence: matrix(sequence.rows, sequence.cols, sequence.data.slice()),
    positions: [...positions],
    keep: [...keep],
  };
}

const inputOf = ({ residual, input }: BlockRun): BlockInput => ({
  residual: residual === null ? null : residual.slice(),
  input: input.slice(),
});

interface Pair {
  readonly patched: BlockValues<Enclosure>;
  readonly contextual: BlockValues<Enclosure>;
}

function enclosePair(
  block: Block,
  points: Parameters<Enclosure>,
  base: BlockInput,
  contextual: BlockInput,
  patch: BlockPatch,
): Pair {
  const finish = (from: BlockInput, patched?: BlockPatch): BlockValues<Enclosure> => {
    const input = exactly(rowMatrix(from.input));
    const residual = from.residual && exactly(rowMatrix(from.residual));
    return block.finish(enclosing, points, { attention: input, residual, input }, patched);
  };
  return { patched: finish(base, patch), contextual: finish(contextual) };
}

function radii(
  block: Block,
  patch: BlockPatch,
  { patched, contextual }: Pair,
): Pick<BlockCertificate, 'sites' | 'output'> {
  const sites = certifiedSites(block, patch).map((name) => [
    name,
    largestDifference(patched.sites[name].output, contextual.sites[name].output),
  ]);
  return {
    sites: Object.fromEntries(sites),
    output: largestDifference(patched.output, contextual.output),
  };
}

/** The input sites that a patch makes contextual: those it has a part for. */
export const certifiedSites = ({ feedForward }: Block, patch: BlockPatch): string[] =>
  feedForward.inputs
    .filter(({ weight, bias }) => patch.weights[weight] || patch.biases[bias])
    .map(({ weight }) => weight);

/**
 * At least the largest |x − y| over all entries and all x and y in the enclosures.
 *
 * @throws NonFiniteError if that overflows.
 */
function largestDifference(x: Enclosure, y: Enclosure): number {
  const largest = x.rad.reduce((most, rad, i) => {
    const apart = Math.abs(x.mid.data[i] - y.mid.data[i]);
    return Math.max(most, enlarge(apart + rad + y.rad[i], 4));
  }, 0);
  if (!(largest < Infinity)) {
    throw new NonFiniteError(`certify: a finite difference is required, got ${largest}`);
  }
  return largest;
}
