/**
 * Reading safetensors: the header when the file is opened, then one tensor at a time.
 *
 * The file is never in memory as a whole. A tensor takes its values, 8 bytes a number, and a buffer of
 * at most 1 MiB through which its bytes pass; that buffer is aligned, wherever the tensor begins.
 *
 * @module
 */
import { type Matrix, matrix } from '../linalg/index.ts';
import { type FormatError, quoted, refusing } from './format-error.ts';
import { OpenFile } from './open-file.ts';
import {
  LONGEST_HEADER,
  parseSafetensorsHeader,
  type SafetensorsHeader,
  type TensorInfo,
} from './safetensors-header.ts';
import { WIDENINGS } from './widening.ts';

/** Bytes that are widened at once; a multiple of every width. */
const CHUNK = 2 ** 20;

/** Numbers with the sizes they are arranged in, slowest index first. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Tensors on disk, in one file or several. */
export interface TensorSource {
  /** Which there are, without their values. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** What a writer noted: of all files together, of the first that has the key. */
  readonly metadata: ReadonlyMap<string, string>;
  /**
   * The values of a tensor, widened exactly, as memory of its own.
   *
   * @throws FormatError naming file and tensor if there is none of that name, if its dtype is not
   * F64, F32, F16 or BF16, if the file was cut short since, or if `finite` was asked for and a number
   * is not. FileError if the source is closed, the file cannot be read or memory does not suffice.
   */
  read(name: string): Tensor;
  /**
   * A tensor of at most two sizes as a matrix; one of one size, such as a bias, is a row.
   *
   * @throws FormatError as `read`, and if it has more sizes.
   */
  readMatrix(name: string): Matrix;
  /** Lets go of the files. */
  close(): void;
}

export interface ReadOptions {
  /** Refuse NaN and infinities when a tensor is read. Default false: they are passed on. */
  readonly finite?: boolean;
}

/**
 * Opens a safetensors file and checks its header; no tensor is read.
 *
 * @throws FormatError naming the file, the tensor and what was wrong: see `parseSafetensorsHeader`, and a header
 * longer than the file or than 100 MB. FileError if there is no such file or it cannot be read.
 */
export function openSafetensors(path: string, options: ReadOptions = {}): TensorSource {
  return new SafetensorsFile(path, options);
}

class SafetensorsFile implements TensorSource {
  readonly tensors: SafetensorsHeader['tensors'];
  readonly metadata: SafetensorsHeader['metadata'];
  readonly #file: OpenFile;
  readonly #dataStart: number;
  readonly #finite: boolean;

  constructor(path: string, { finite = false }: ReadOptions) {
    this.#finite = finite;
    this.#file = new OpenFile('openSafetensors', path);
    try {
      const header = readHeader(this.#file);
      this.tensors = header.tensors;
      this.metadata = header.metadata;
      this.#dataStart = header.dataStart;
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  read(name: string): Tensor {
    const info = this.tensors.get(name);
    if (info === undefined) throw this.#refuse(name, 'must be in the file', 'none of that name');
    const { dtype, shape, count, begin, end } = info;
    const widening = WIDENINGS.get(dtype);
    if (widening === undefined) {
      throw this.#refuse(name, `must be ${[...WIDENINGS.keys()].join(', ')} to be read`, dtype);
    }
    const data = this.#allocate(name, count);
    const chunk = new Uint8Array(Math.min(CHUNK, end - begin));
    for (let at = begin; at < end; at += chunk.length) {
      const bytes = chunk.subarray(0, Math.min(chunk.length, end - at));
      this.#file.read(bytes, this.#dataStart + at);
      const view = new DataView(bytes.buffer, 0, bytes.length);
      widening.widen(view, data, (at - begin) / widening.width);
    }
    if (this.#finite) this.#requireFinite(name, shape, data);
    return { shape: [...shape], data };
  }

  readMatrix(name: string): Matrix {
    const shape = this.tensors.get(name)?.shape ?? [];
    if (shape.length > 2) {
      throw this.#refuse(name, 'must have at most two sizes to be a matrix', `[${shape}]`);
    }
    const { data } = this.read(name);
    const cols = shape.at(-1) ?? 1;
    return matrix(shape.length === 2 ? shape[0] : 1, cols, data);
  }

  close(): void {
    this.#file.close();
  }

  #allocate(name: string, count: number): Float64Array {
    try {
      return new Float64Array(count);
    } catch {
      throw this.#refuse(name, 'must fit in memory', `${count} numbers`);
    }
  }

  #requireFinite(name: string, shape: readonly number[], data: Float64Array): void {
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) {
        throw this.#refuse(name, 'must be finite', `${data[i]} at [${indices(shape, i)}]`);
      }
    }
  }

  #refuse(name: string, required: string, got: string): FormatError {
    return refusing('readTensor', this.#file.path)(`tensor ${quoted(name)} ${required}`, got);
  }
}

function readHeader(file: OpenFile): SafetensorsHeader & { readonly dataStart: number } {
  const refuse = refusing('openSafetensors', file.path);
  if (file.bytes < 8) {
    throw refuse('8 bytes that tell the length of the header are required', `${file.bytes}`);
  }
  const prefix = new Uint8Array(8);
  file.read(prefix, 0);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > LONGEST_HEADER) {
    throw refuse(`the header must have at most ${LONGEST_HEADER} bytes`, `${length}`);
  }
  const dataStart = 8 + length;
  if (dataStart > file.bytes) {
    throw refuse(`the header must end within the file's ${file.bytes} bytes`, `${dataStart}`);
  }
  const header = new Uint8Array(length);
  file.read(header, 8);
  return { ...parseSafetensorsHeader(header, file.bytes - dataStart, refuse), dataStart };
}

/** The index in every direction of an entry, the last running fastest. */
function indices(shape: readonly number[], entry: number): number[] {
  let rest = entry;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = (rest - index) / size;
      return index;
    })
    .toReversed();
}
