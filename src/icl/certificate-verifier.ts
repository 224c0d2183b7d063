/**
 * The verifier of certificates: everything that one says is computed again, by other means than it was made with.
 *
 * The network is run again on the tokens, with the certificate's patches and in the context, and must leave the
 * doubles of the certificate bit for bit; then each block is evaluated on them in enclosures about double-doubles
 * (`precise-enclosing.ts`), and the difference of patched and contextual block must lie in [−R, R]. They are
 * sharper than those that R comes from wherever products stay above about 2⁻⁹⁰⁰; there a certificate is confirmed as it
 * was made.
 *
 * @module
 */
import { rowMatrix, rowOf } from '../linalg/index.ts';
import {
  type BlockPatch,
  type LanguageModel,
  mapParameters,
  type Network,
  type Parameters,
} from '../model/index.ts';
import {
  type BlockCertificate,
  type BlockInput,
  type Certificate,
  certifiedSites,
} from './certificate.ts';
import { runNetwork } from './network-patch.ts';
import {
  largestApart,
  type PreciseMatrix,
  preciseEnclosing,
  preciseOf,
} from './precise-enclosing.ts';
import { requireNetworkPatches } from './saved-patches.ts';

/** A certificate whose statement could not be confirmed. */
export class CertificateError extends Error {
  override readonly name: string = 'CertificateError';
}

/** What a verification found. */
export interface Verification {
  /** How many statements were confirmed: sites, blocks and logits. */
  readonly confirmed: number;
  /** The largest difference found over the R that is certified for it, of all statements: at most 1. */
  readonly largest: number;
}

/**
 * Confirms each statement of a certificate for this network, or throws.
 *
 * Preconditions: the network and the parameters that it was made for, and the model if logits are certified.
 *
 * @throws CertificateError naming block and token of what could not be confirmed; also as `runNetwork` and
 * `requireNetworkPatches`, and DegenerateBase or DomainError as the evaluator, if sequence, mode, patches or
 * parameters do not fit.
 */
export function verifyCertificate(
  network: Network,
  parameters: Parameters,
  certificate: Certificate,
  model?: LanguageModel,
): Verification {
  const { sequence, positions, keep, mode, patches, blocks, logits } = certificate;
  requireShape(network, certificate, model);
  requireNetworkPatches('verifyCertificate', network, parameters, certificate);
  const kept = keep.map((t) => positions[t]);
  const retained = rowsOf(sequence, keep);
  const contextual = runNetwork(network, parameters, sequence, positions);
  const patched = runNetwork(network, parameters, retained, kept, patches);
  const all = mapParameters(parameters, preciseOf);
  const last = keep.length - 1;
  let [confirmed, largest] = [0, 0];
  const confirm = (at: string, x: PreciseMatrix, y: PreciseMatrix, R: number): void => {
    largest = Math.max(largest, requireWithin(at, largestApart(x, y), R));
    confirmed++;
  };
  network.blocks.forEach((block, l) => {
    const own = network.own(all, l);
    keep.forEach((t, i) => {
      const at = `block ${l}, token ${t}`;
      const stated = blocks[l][i];
      const patch = patches[l][i];
      const expected = mode === 'all' || i === last;
      requireTrue(at, expected ? 'a statement' : 'no statement', expected === (stated !== null));
      if (!stated || !patch) return; // the patches were found to be of the mode
      requireSameRun(at, stated.base, patched[l][i]);
      requireSameRun(at, stated.contextual, contextual[l][t]);
      const finish = (from: BlockInput, change?: BlockPatch) => {
        const input = preciseOf(rowMatrix(from.input));
        const residual = from.residual && preciseOf(rowMatrix(from.residual));
        return block.finish(preciseEnclosing, own, { attention: input, residual, input }, change);
      };
      const [p, c] = [finish(stated.base, patch), finish(stated.contextual)];
      for (const name of sitesOf(at, certifiedSites(block, patch), stated)) {
        const [x, y] = [p, c].map(({ sites }) => sites[name].output);
        confirm(`${at}, site ${name}`, x, y, stated.sites[name]);
      }
      confirm(at, p.output, c.output, stated.output);
      if (model && logits !== null && l === blocks.length - 1 && i === last) {
        const [x, y] = [p, c].map(({ output }) => model.logits(preciseEnclosing, all, output));
        confirm('the logits', x, y, logits);
      }
    });
  });
  return { confirmed, largest };
}

/** found/R. @throws CertificateError if that is above 1. */
function requireWithin(at: string, found: number, R: number): number {
  if (!(typeof R === 'number' && found <= R && R < Infinity)) {
    throw new CertificateError(
      `verifyCertificate: ${at}: patched and contextual must be within ${R}, got an enclosure of up to ${found}`,
    );
  }
  return found === 0 ? 0 : found / R;
}

/** The doubles must be those that the run leaves, in every bit. */
function requireSameRun(at: string, stated: BlockInput, run: BlockInput): void {
  const same = (x: Float64Array | null, y: Float64Array | null): boolean =>
    x === y ||
    (x !== null &&
      y !== null &&
      x.length === y.length &&
      x.every((entry, j) => Object.is(entry, y[j])));
  requireTrue(
    at,
    'the numbers of the run',
    same(stated.input, run.input) && same(stated.residual, run.residual),
  );
}

function sitesOf(
  at: string,
  expected: readonly string[],
  { sites }: BlockCertificate,
): readonly string[] {
  const named = Object.keys(sites);
  requireTrue(
    at,
    `statements on ${expected.join(', ') || 'no site'}`,
    named.length === expected.length && expected.every((name) => named.includes(name)),
  );
  return expected;
}

function requireShape(
  { blocks: own }: Network,
  { sequence, positions, keep, patches, blocks, logits }: Certificate,
  model: LanguageModel | undefined,
): void {
  const fits = (table: readonly (readonly unknown[])[]): boolean =>
    table.length === own.length && table.every((row) => row.length === keep.length);
  const ascending = keep.every(
    (t, i) => Number.isInteger(t) && t > (keep[i - 1] ?? -1) && t < sequence.rows,
  );
  const all = 'the whole';
  requireTrue(all, `${own.length} blocks and ${keep.length} tokens`, fits(patches) && fits(blocks));
  requireTrue(all, 'tokens to keep among those of the sequence', ascending && keep.length > 0);
  requireTrue(all, 'a position for each token', positions.length === sequence.rows);
  requireTrue(
    all,
    'logits exactly where a model is given',
    (logits === null) === (model === undefined),
  );
}

function requireTrue(at: string, what: string, truth: boolean): void {
  if (!truth) {
    throw new CertificateError(
      `verifyCertificate: ${at}: ${what} must be in the certificate, got others`,
    );
  }
}

const rowsOf = (x: Certificate['sequence'], rows: readonly number[]): Certificate['sequence'] => ({
  rows: rows.length,
  cols: x.cols,
  data: Float64Array.from(rows.flatMap((t) => Array.from(rowOf(x, t)))),
});
