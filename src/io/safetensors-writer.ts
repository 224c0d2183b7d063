/**
 * Writing safetensors, tensor by tensor.
 *
 * The same tensors give the same bytes, in whatever order they come, and those of the reference
 * implementation: wider numbers first and then by name, header without spaces but for those that
 * pad it to a multiple of 8 bytes.
 *
 * @module
 */
import { DomainError, NonFiniteError, ShapeError } from '../linalg/index.ts';
import { writeInParts } from './files.ts';
import { quoted } from './format-error.ts';
import { LONGEST_HEADER } from './safetensors-header.ts';

/** Numbers that become bytes at once. */
const CHUNK = 2 ** 16;

const WIDTHS = { F64: 8, F32: 4 } as const;

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  /** F64 keeps every bit; F32 rounds to the nearest float32, ties to even. */
  readonly dtype: 'F64' | 'F32';
  /** Sizes, slowest index first; none for a single number. */
  readonly shape: readonly number[];
  /** The numbers, or what makes them when their turn comes, so that only one tensor is in memory. */
  readonly data: Float64Array | (() => Float64Array);
}

/**
 * Writes the tensors and the metadata to a file, whole or not at all.
 *
 * Preconditions: names are Unicode, differ, and are not `__metadata__`; data has the numbers that its
 * shape asks for; they are finite, and stay so as float32.
 *
 * @throws DomainError for a name, a dtype or a size that cannot be written and for a number beyond float32's range,
 * ShapeError if data and shape differ, NonFiniteError for NaN and infinities, each naming the tensor;
 * FileError if the file cannot be written.
 */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string> = new Map(),
): void {
  const sorted = inOrder(tensors);
  const header = headerOf(sorted, metadata);
  writeInParts(path, (append) => {
    append(header);
    for (const tensor of sorted) appendData(tensor, append);
  });
}

const utf8 = new TextEncoder();

function inOrder(tensors: readonly TensorToWrite[]): readonly TensorToWrite[] {
  const names = new Set<string>();
  for (const { name, dtype, shape } of tensors) {
    requireUnicode('a name', name);
    if (name === '__metadata__' || names.has(name)) {
      throw new DomainError(
        `writeSafetensors: names must differ and not be "__metadata__", got ${quoted(name)}`,
      );
    }
    names.add(name);
    if (!Object.hasOwn(WIDTHS, dtype)) {
      throw new DomainError(
        `writeSafetensors: the dtype of ${quoted(name)} must be F64 or F32, got ${dtype}`,
      );
    }
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new DomainError(
        `writeSafetensors: sizes of ${quoted(name)} must be non-negative integers, got [${shape}]`,
      );
    }
  }
  return tensors.toSorted((a, b) => {
    return (
      WIDTHS[b.dtype] - WIDTHS[a.dtype] || Buffer.compare(utf8.encode(a.name), utf8.encode(b.name))
    );
  });
}

/** The length of the header in 8 bytes, and the header. */
function headerOf(
  tensors: readonly TensorToWrite[],
  metadata: ReadonlyMap<string, string>,
): Uint8Array {
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const text of pairs.flat()) requireUnicode('metadata', text);
    const noted = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    members.push(`"__metadata__":{${noted.join(',')}}`);
  }
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    const begin = end;
    end += shape.reduce((count, size) => count * size, WIDTHS[dtype]);
    const info = { dtype, shape, data_offsets: [begin, end] };
    members.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const text = utf8.encode(`{${members.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (!(end <= Number.MAX_SAFE_INTEGER) || length > LONGEST_HEADER) {
    throw new DomainError(
      `writeSafetensors: at most ${LONGEST_HEADER} bytes of header and 2^53 of data are possible, ` +
        `got ${length} and ${end}`,
    );
  }
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

function appendData(
  { name, dtype, shape, data }: TensorToWrite,
  append: (bytes: Uint8Array) => void,
): void {
  const numbers = typeof data === 'function' ? data() : data;
  const count = shape.reduce((product, size) => product * size, 1);
  if (numbers.length !== count) {
    throw new ShapeError(
      `writeSafetensors: tensor ${quoted(name)} of [${shape}] needs ${count} numbers, got ` +
        `${numbers.length}`,
    );
  }
  const width = WIDTHS[dtype];
  const bytes = new DataView(new ArrayBuffer(width * Math.min(CHUNK, count)));
  for (let start = 0; start < count; start += CHUNK) {
    const end = Math.min(start + CHUNK, count);
    for (let i = start; i < end; i++) {
      const x = numbers[i];
      const written = dtype === 'F64' ? x : Math.fround(x);
      if (!Number.isFinite(written)) throw notFinite(name, x, i);
      if (dtype === 'F64') bytes.setFloat64(8 * (i - start), x, true);
      else bytes.setFloat32(4 * (i - start), written, true);
    }
    append(new Uint8Array(bytes.buffer, 0, width * (end - start)));
  }
}

function notFinite(name: string, x: number, i: number): Error {
  const what = `writeSafetensors: tensor ${quoted(name)} must`;
  return Number.isFinite(x)
    ? new DomainError(`${what} stay finite as float32, got ${x} at entry ${i}`)
    : new NonFiniteError(`${what} be finite, got ${x} at entry ${i}`);
}

/** Half of a surrogate pair would be written as another character. */
function requireUnicode(what: string, text: string): void {
  if (/\p{Surrogate}/u.test(text)) {
    throw new DomainError(`writeSafetensors: ${what} must be Unicode, got ${quoted(text)}`);
  }
}
