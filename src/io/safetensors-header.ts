/**
 * The header of a safetensors file: which tensors it holds, and where.
 *
 * {"__metadata__":{…strings}, "name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, …}, padded
 * with white space; offsets count from the end of the header, and the tensors fill the rest of the
 * file without hole or overlap.
 *
 * @module
 */
import { quoted, type Refuse } from './format-error.ts';
import { JsonScanner } from './json-scanner.ts';

/** Bytes a header may have; the limit of the reference implementation. */
export const LONGEST_HEADER = 100_000_000;

/** Sizes a shape may have. Nothing is known to make more than 64 of them. */
const MOST_DIMENSIONS = 64;

/** Bits of a number of each dtype that the reference implementation knows (safetensors 0.7). */
const BITS: ReadonlyMap<string, number> = new Map([
  ...['F64', 'I64', 'U64', 'C64'].map((dtype) => [dtype, 64] as const),
  ...['F32', 'I32', 'U32'].map((dtype) => [dtype, 32] as const),
  ...['F16', 'BF16', 'I16', 'U16'].map((dtype) => [dtype, 16] as const),
  ...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0'].map((dtype) => [dtype, 8] as const),
  ...['F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map((dtype) => [dtype, 8] as const),
  ...['F6_E2M3', 'F6_E3M2'].map((dtype) => [dtype, 6] as const),
  ['F4', 4],
]);

/** A tensor of a file, without its values. */
export interface TensorInfo {
  readonly dtype: string;
  /** Sizes, slowest index first; none for a single number. */
  readonly shape: readonly number[];
  /** How many numbers: the product of the sizes. */
  readonly count: number;
  /** First byte, counted from the end of the header, and the byte after the last. */
  readonly begin: number;
  readonly end: number;
}

/** Maps, since a tensor may be called `__proto__`. In the order of the header. */
export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/**
 * What the header says, every statement of it checked against the others and against the
 * `dataBytes` that follow it.
 *
 * @throws FormatError made by `refuse`, naming the tensor, for text that is not such JSON, a name
 * that comes twice, metadata other than strings, an unknown dtype, a number that is no size, a
 * product of sizes beyond 2^53, and offsets that do not fit the shape, overlap, leave a hole, pass
 * the end or leave bytes over.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  dataBytes: number,
  refuse: Refuse,
): SafetensorsHeader {
  if (bytes[0] !== 0x7b) {
    throw refuse('the header must begin with {', bytes.length === 0 ? 'nothing' : `${bytes[0]}`);
  }
  const json = new JsonScanner(bytes, refuse);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorInfo>();
  json.object((name) => {
    if (name === '__metadata__') json.object((key) => metadata.set(key, json.string()));
    else tensors.set(name, readTensor(json, name, refuse));
  });
  json.end();
  requireCover(tensors, dataBytes, refuse);
  return { metadata, tensors };
}

function readTensor(json: JsonScanner, name: string, refuse: Refuse): TensorInfo {
  const fail = (required: string, got: string): Error =>
    refuse(`tensor ${quoted(name)} must have ${required}`, got);
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  /** At most so many sizes, as an array. */
  const sizes = (most: number, what: string): number[] => {
    const list: number[] = [];
    json.array(() => {
      if (list.length === most) throw fail(what, 'more');
      list.push(json.size());
    });
    return list;
  };
  json.object((field) => {
    if (field === 'dtype') dtype = json.string();
    else if (field === 'shape') shape = sizes(MOST_DIMENSIONS, `${MOST_DIMENSIONS} sizes at most`);
    else if (field === 'data_offsets') offsets = sizes(2, 'two offsets');
    else throw fail('dtype, shape and data_offsets only', quoted(field));
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw fail('dtype, shape and data_offsets', 'not all of them');
  }
  const bits = BITS.get(dtype);
  if (bits === undefined) throw fail('a known dtype', quoted(dtype));
  if (offsets.length !== 2) throw fail('two offsets', `${offsets.length}`);
  const [begin, end] = offsets;
  if (end < begin) throw fail('an end that is not before its begin', `${begin} to ${end}`);
  let count = 1;
  for (const size of shape) {
    count *= size;
    // A product that was rounded is above the limit as well.
    if (count * bits > Number.MAX_SAFE_INTEGER) throw fail('less than 2^53 bits', `[${shape}]`);
  }
  if (count * bits !== (end - begin) * 8) {
    throw fail(
      `the bytes of ${dtype} [${shape}], so ${(count * bits) / 8}`,
      `${end - begin}, ${begin} to ${end}`,
    );
  }
  return { dtype, shape, count, begin, end };
}

/** The tensors, in the order of their bytes, must follow one another from 0 to the end. */
function requireCover(
  tensors: ReadonlyMap<string, TensorInfo>,
  dataBytes: number,
  refuse: Refuse,
): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  let before = 'the header';
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== at) {
      const fault = begin < at ? 'an overlap with it' : 'a hole';
      throw refuse(
        `tensor ${quoted(name)} must begin where ${before} ends, at ${at}`,
        `${begin}, ${fault}`,
      );
    }
    at = end;
    before = `tensor ${quoted(name)}`;
    if (at > dataBytes) {
      throw refuse(`${before} must end within the file's ${dataBytes} bytes of data`, `${at}`);
    }
  }
  if (at !== dataBytes) {
    throw refuse(`${before} must end with the file, at ${dataBytes}`, `${at}, bytes left over`);
  }
}
