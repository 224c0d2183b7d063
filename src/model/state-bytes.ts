/**
 * A state as bytes, and back.
 *
 * Layout: 8 bytes "deltaw\0\x01" (the last is the version), the length of the header (uint32, little-
 * endian), the header (JSON: a kind, numbers and settings by name, and the lengths of the arrays), the arrays as
 * little-endian float64 one after another, and last a CRC-32 of all before it. The same state gives
 * the same bytes.
 *
 * @module
 */
import { StateError } from '../linalg/index.ts';

/** A state: what it is, what made it, and its numbers. */
export interface State {
  readonly kind: string;
  /** What the state belongs to; a state is of use only under the same settings. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly arrays: Readonly<Record<string, Float64Array>>;
}

const MAGIC = [0x64, 0x65, 0x6c, 0x74, 0x61, 0x77, 0x00, 0x01];

export function encodeState({ kind, settings, arrays }: State): Uint8Array {
  const lengths = Object.entries(arrays).map(([name, array]) => [name, array.length]);
  const header = new TextEncoder().encode(JSON.stringify({ kind, settings, lengths }));
  const numbers = Object.values(arrays).reduce((sum, array) => sum + array.length, 0);
  const bytes = new Uint8Array(MAGIC.length + 4 + header.length + 8 * numbers + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, header.length, true);
  bytes.set(header, MAGIC.length + 4);
  let at = MAGIC.length + 4 + header.length;
  for (const array of Object.values(arrays)) {
    for (const entry of array) {
      view.setFloat64(at, entry, true);
      at += 8;
    }
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return bytes;
}

/**
 * The state that `encodeState` made `bytes` of.
 *
 * @throws StateError if the bytes are of another format or version, truncated, or altered.
 */
export function decodeState(bytes: Uint8Array): State {
  if (bytes.length < MAGIC.length + 8 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new StateError(
      `decodeState: a deltaw state of version ${MAGIC[7]} is required, got ${bytes.length} bytes ` +
        'that do not begin like one',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 4;
  const expected = view.getUint32(end, true);
  const found = crc32(bytes.subarray(0, end));
  if (expected !== found) {
    throw new StateError(
      `decodeState: the checksum must be that of the bytes, ${hex(found)}, got ${hex(expected)}: ` +
        `the ${bytes.length} bytes were cut short or altered`,
    );
  }
  const start = MAGIC.length + 4;
  let at = start + view.getUint32(MAGIC.length, true);
  const { kind, settings, lengths } = readHeader(bytes.subarray(start, Math.min(at, end)));
  const numbers = lengths.reduce((sum, [, size]) => sum + size, 0);
  if (at + 8 * numbers !== end) {
    throw new StateError(
      `decodeState: the header must tell the length, ${end + 4}, got ${at + 8 * numbers + 4}`,
    );
  }
  const arrays: Record<string, Float64Array> = {};
  for (const [name, size] of lengths) {
    arrays[name] = Float64Array.from({ length: size }, (_, i) => view.getFloat64(at + 8 * i, true));
    at += 8 * size;
  }
  return { kind, settings, arrays };
}

interface Header extends Omit<State, 'arrays'> {
  readonly lengths: readonly (readonly [name: string, size: number])[];
}

/** @throws StateError if the checksum fits and yet this is no header: another program wrote it. */
function readHeader(bytes: Uint8Array): Header {
  let header: Partial<Record<keyof Header, unknown>> | null;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new StateError('decodeState: the header must be JSON, got something else');
  }
  if (!isHeader(header)) {
    throw new StateError(
      'decodeState: the header must hold a kind, settings and lengths, got something else',
    );
  }
  return header;
}

function isHeader(x: Partial<Record<keyof Header, unknown>> | null): x is Header {
  return (
    typeof x?.kind === 'string' &&
    typeof x.settings === 'object' &&
    x.settings !== null &&
    Array.isArray(x.lengths) &&
    x.lengths.every((pair) => {
      return (
        Array.isArray(pair) &&
        typeof pair[0] === 'string' &&
        pair[1] >= 0 &&
        Number.isInteger(pair[1])
      );
    })
  );
}

const hex = (x: number): string => `0x${x.toString(16).padStart(8, '0')}`;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 as in ISO 3309 (polynomial 0xedb88320, reflected). */
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC_TABLE[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
