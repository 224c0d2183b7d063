/**
 * Certificates as bytes and as text.
 *
 * The format is that of `model/state-bytes.ts` (versioned, with a checksum), of kind 'certificate': the patches
 * as in `saved-patches.ts`, and BLOCK.TOKEN.base.z, .base.r, .context.z, .context.r beside each other with the
 * radii BLOCK.TOKEN.R.SITE and BLOCK.TOKEN.R. The checksum finds accidents; what was altered on purpose the verifier
 * finds.
 *
 * @module
 */
import { matrix, StateError } from '../linalg/index.ts';
import { decodeState, encodeState } from '../model/index.ts';
import type { BlockCertificate, BlockInput, Certificate } from './certificate.ts';
import { patchArrays, patchesOf } from './saved-patches.ts';

const KIND = 'certificate';

/** The certificate as bytes. The same certificate gives the same bytes. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  const { sequence, positions, keep, blocks, logits } = certificate;
  const { settings, arrays } = patchArrays(certificate);
  const more: Record<string, Float64Array> = {
    sequence: sequence.data,
    positions: Float64Array.from(positions),
    keep: Float64Array.from(keep),
    ...(logits !== null && { logits: Float64Array.of(logits) }),
  };
  const add = (at: string, { residual, input }: BlockInput): void => {
    more[`${at}.z`] = input;
    if (residual) more[`${at}.r`] = residual;
  };
  blocks.forEach((layer, l) => {
    layer.forEach((stated, i) => {
      if (!stated) return;
      add(`${l}.${i}.base`, stated.base);
      add(`${l}.${i}.context`, stated.contextual);
      for (const [name, R] of Object.entries(stated.sites)) {
        more[`${l}.${i}.R.${name}`] = Float64Array.of(R);
      }
      more[`${l}.${i}.R`] = Float64Array.of(stated.output);
    });
  });
  return encodeState({ kind: KIND, settings, arrays: { ...arrays, ...more } });
}

/**
 * The certificate that `encodeCertificate` made the bytes of. Its statements are as good as what
 * `verifyCertificate` says of them.
 *
 * @throws StateError if the bytes are cut short, altered, or of something else.
 */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  const { kind, settings, arrays } = decodeState(bytes);
  if (kind !== KIND) {
    throw new StateError(`decodeCertificate: a ${KIND} is required, got ${kind}`);
  }
  const take = (name: string): Float64Array => {
    const array = arrays[name];
    if (!array) throw new StateError(`decodeCertificate: the array ${name} is required, got none`);
    return array;
  };
  const isPatch = (name: string): boolean => /^\d+\.\d+\.(p|v|bias|gain)\./.test(name);
  const { mode, patches } = patchesOf('decodeCertificate', {
    settings,
    arrays: Object.fromEntries(Object.entries(arrays).filter(([name]) => isPatch(name))),
  });
  const positions = Array.from(take('positions'));
  const data = take('sequence');
  const width = data.length / positions.length;
  if (!(Number.isInteger(width) && width > 0)) {
    throw new StateError(
      `decodeCertificate: ${positions.length} tokens of one width are required, got ${data.length} numbers`,
    );
  }
  const inputAt = (at: string): BlockInput => ({
    residual: arrays[`${at}.r`] ?? null,
    input: take(`${at}.z`),
  });
  const blocks = patches.map((layer, l) =>
    layer.map((_, i): BlockCertificate | null => {
      const at = `${l}.${i}`;
      if (!arrays[`${at}.R`]) return null;
      const prefix = `${at}.R.`;
      const sites = Object.keys(arrays)
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length), arrays[name][0]]);
      return {
        base: inputAt(`${at}.base`),
        contextual: inputAt(`${at}.context`),
        sites: Object.fromEntries(sites),
        output: take(`${at}.R`)[0],
      };
    }),
  );
  return {
    ...{ mode, patches, blocks, positions },
    sequence: matrix(positions.length, width, data),
    keep: Array.from(take('keep')),
    logits: arrays.logits ? arrays.logits[0] : null,
  };
}

/**
 * The statements of a certificate, a line each:
 *
 *   block 0, token 7: patched − contextual ∈ [−1.9e-12, 1.9e-12] (Wg 3.1e-13, Wu 2.8e-13)
 *
 * A number printed, read as a double, is at least R. The statement begins at the stored z and r of each block.
 */
export function describeCertificate({ blocks, keep, logits }: Certificate): string {
  const lines = blocks.flatMap((layer, l) =>
    layer.flatMap((stated, i) => {
      if (!stated) return [];
      const sites = Object.entries(stated.sites).map(([name, R]) => `${name} ${roundedUp(R)}`);
      const R = roundedUp(stated.output);
      const more = sites.length > 0 ? ` (${sites.join(', ')})` : '';
      return [`block ${l}, token ${keep[i]}: patched − contextual ∈ [−${R}, ${R}]${more}`];
    }),
  );
  if (logits !== null) {
    const R = roundedUp(logits);
    lines.push(`every logit, from the last block: patched − contextual ∈ [−${R}, ${R}]`);
  }
  return lines.join('\n');
}

/** Two digits, not below x. */
function roundedUp(x: number): string {
  const near = x.toExponential(1);
  if (Number(near) >= x) return near;
  const [digits, exponent] = near.split('e');
  const next = (Number(digits) + 0.1).toFixed(1);
  return Number(next) < 10 ? `${next}e${exponent}` : `1.0e${Number(exponent) + 1}`;
}
