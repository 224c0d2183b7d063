/**
 * Arrays for NumPy: .npy of format 1.0, float64, rows one after another.
 *
 * 6 bytes "\x93NUMPY", the version 1 0, the length of the header (uint16, little-endian), the header (a
 * Python dictionary, padded with spaces to end the first multiple of 64 bytes and a line), the numbers
 * as little-endian float64. (NEP 1; numpy.lib.format.)
 *
 * @module
 */
import { DomainError, ShapeError } from '../linalg/index.ts';
import { writeInParts } from './files.ts';
import { quoted, refusing } from './format-error.ts';
import { OpenFile } from './open-file.ts';
import type { Tensor } from './safetensors-reader.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
const CHUNK = 2 ** 16;

/**
 * Writes an array, whole or not at all; NaN and infinities are kept.
 *
 * @throws ShapeError if the shape does not ask for as many numbers as there are; DomainError for a
 * header that format 1.0 cannot hold; FileError if the file cannot be written.
 */
export function writeNpy(path: string, { shape, data }: Tensor): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const sizes = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!sizes || count !== data.length) {
    throw new ShapeError(`writeNpy: [${shape}] needs ${count} numbers, got ${data.length}`);
  }
  const header = npyHeader(shape);
  writeInParts(path, (append) => {
    append(header);
    for (let start = 0; start < count; start += CHUNK) {
      const part = data.subarray(start, start + CHUNK);
      const bytes = new DataView(new ArrayBuffer(8 * part.length));
      part.forEach((x, i) => {
        bytes.setFloat64(8 * i, x, true);
      });
      append(new Uint8Array(bytes.buffer));
    }
  });
}

function npyHeader(shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${tuple}), }`;
  const total = Math.ceil((MAGIC.length + 2 + text.length + 1) / 64) * 64;
  const length = total - MAGIC.length - 2;
  if (length > 0xffff) {
    throw new DomainError(`writeNpy: a header below 65536 bytes is required, got ${length}`);
  }
  const bytes = new Uint8Array(total);
  bytes.set(MAGIC);
  bytes.set([length & 0xff, length >>> 8], MAGIC.length);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), MAGIC.length + 2);
  return bytes;
}

/**
 * The array of a file that NumPy or `writeNpy` wrote: format 1.0, '<f8', rows one after another.
 *
 * @throws FormatError naming the file if it is anything else, is cut short or has bytes left over;
 * FileError if it cannot be read.
 */
export function readNpy(path: string): Tensor {
  const refuse = refusing('readNpy', path);
  const file = new OpenFile('readNpy', path);
  try {
    const start = new Uint8Array(MAGIC.length + 2);
    file.read(start, 0);
    if (MAGIC.some((byte, i) => start[i] !== byte)) {
      throw refuse('an array of NumPy, format 1.0, is required', `bytes ${start.subarray(0, 8)}`);
    }
    const header = new Uint8Array(start[8] + 256 * start[9]);
    file.read(header, start.length);
    const text = new TextDecoder().decode(header);
    const form =
      /^\{'descr': '<f8', 'fortran_order': False, 'shape': \(((?:\d{1,16}, )*\d{1,16},?)?\), \} *\n$/;
    const found = form.exec(text);
    if (found === null) throw refuse("descr '<f8' and C order are required", quoted(text));
    const shape = (found[1] ?? '')
      .split(/, ?/)
      .filter((size) => size !== '')
      .map(Number);
    const count = shape.reduce((product, size) => product * size, 1);
    const dataStart = start.length + header.length;
    if (dataStart + 8 * count !== file.bytes) {
      throw refuse(`[${shape}] needs ${dataStart + 8 * count} bytes`, `${file.bytes}`);
    }
    const bytes = new Uint8Array(8 * count);
    file.read(bytes, dataStart);
    const view = new DataView(bytes.buffer);
    return {
      shape,
      data: Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true)),
    };
  } finally {
    file.close();
  }
}
