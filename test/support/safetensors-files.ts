/**
 * Safetensors files made by hand, and read by another, careless way: the whole file in memory, names
 * found by a regular expression, numbers taken apart by their formula.
 *
 * @module
 */

/** The bytes of a file with this text as its header; `length` lies about it. */
export function fileOf(
  header: string | Uint8Array,
  data: Uint8Array = new Uint8Array(0),
  length?: number | bigint,
): Uint8Array {
  const text = typeof header === 'string' ? Buffer.from(header, 'utf8') : header;
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? text.length));
  return Buffer.concat([prefix, text, data]);
}

/** A tensor's entry in a header. */
export const entry = (
  dtype: string,
  shape: readonly unknown[],
  offsets: readonly unknown[],
): string => `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${offsets}]}`;

/** (−1)^s · (f + [e > 0]·2^bits) · 2^(max(e, 1) − bias − bits), by the definition of IEEE 754. */
export function decodeFloat(pattern: number, exponentBits: number, fractionBits: number): number {
  const f = pattern % 2 ** fractionBits;
  const e = Math.floor(pattern / 2 ** fractionBits) % 2 ** exponentBits;
  const sign = Math.floor(pattern / 2 ** (fractionBits + exponentBits)) % 2 === 1 ? -1 : 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (e === 2 ** exponentBits - 1) return f === 0 ? sign * Infinity : Number.NaN;
  const significand = e === 0 ? f : f + 2 ** fractionBits;
  return sign * significand * 2 ** (Math.max(e, 1) - bias - fractionBits);
}

const READERS: Record<string, { width: number; value: (data: Buffer, at: number) => number }> = {
  F64: { width: 8, value: (data, at) => data.readDoubleLE(at) },
  F32: { width: 4, value: (data, at) => decodeFloat(data.readUInt32LE(at), 8, 23) },
  F16: { width: 2, value: (data, at) => decodeFloat(data.readUInt16LE(at), 5, 10) },
  BF16: { width: 2, value: (data, at) => decodeFloat(data.readUInt16LE(at), 8, 7) },
};
const WIDTHS: Record<string, number> = {
  ...Object.fromEntries(Object.entries(READERS).map(([dtype, { width }]) => [dtype, width])),
  ...{ I64: 8, U64: 8, C64: 8, I32: 4, U32: 4, I16: 2, U16: 2, BOOL: 1, U8: 1, I8: 1 },
  ...{ F8_E5M2: 1, F8_E4M3: 1, F8_E8M0: 1, F8_E4M3FNUZ: 1, F8_E5M2FNUZ: 1 },
  ...{ F6_E2M3: 0.75, F6_E3M2: 0.75, F4: 0.5 },
};

/** What a file holds: values, or undefined where the dtype is not read. */
export interface Plain {
  readonly metadata: Map<string, string>;
  readonly tensors: Map<string, { dtype: string; shape: number[]; values: number[] | undefined }>;
}

/** The content of a file, or undefined if it is not a right one. */
export function readPlainly(file: Uint8Array): Plain | undefined {
  try {
    return parse(Buffer.from(file.buffer, file.byteOffset, file.length));
  } catch {
    return undefined;
  }
}

function parse(file: Buffer): Plain {
  const length = Number(file.readBigUInt64LE(0));
  demand(length <= 1e8 && 8 + length <= file.length);
  const header = parseJson(file.subarray(8, 8 + length), true);
  demand(file[8] === 0x7b);
  const data = file.subarray(8 + length);
  const used = new Uint8Array(data.length);
  const tensors: Plain['tensors'] = new Map();
  const spans: number[][] = [];
  for (const [name, info] of Object.entries(header) as [string, Record<string, unknown>][]) {
    if (name === '__metadata__') continue;
    demand(Object.keys(info).sort().join() === 'data_offsets,dtype,shape');
    const [dtype, shape, offsets] = [info.dtype, info.shape, info.data_offsets];
    demand(typeof dtype === 'string' && Object.hasOwn(WIDTHS, dtype));
    demand(isSizes(shape) && shape.length <= 64 && isSizes(offsets) && offsets.length === 2);
    const [begin, end] = offsets;
    const count = shape.reduce((product, size) => {
      demand(product * size * WIDTHS[dtype] * 8 < 2 ** 53);
      return product * size;
    }, 1);
    demand(begin <= end && end <= data.length && end - begin === count * WIDTHS[dtype]);
    for (let i = begin; i < end; i++) demand(++used[i] === 1);
    spans.push([begin, end]);
    const reader = READERS[dtype];
    const values =
      reader &&
      Array.from({ length: count }, (_, i) => reader.value(data, begin + i * reader.width));
    tensors.set(name, { dtype, shape, values });
  }
  demand(used.every((times) => times === 1));
  // An empty tensor lies between two others, not within one.
  demand(spans.every(([at, end]) => at < end || spans.every(([b, e]) => at <= b || e <= at)));
  const metadata = Object.entries(header.__metadata__ ?? {}) as [string, string][];
  demand(header.__metadata__ === undefined || isRecord(header.__metadata__));
  demand(metadata.every(([, value]) => typeof value === 'string'));
  return { metadata: new Map(metadata), tensors };
}

/** JSON.parse, where no name comes twice in an object; with `sizes`, every number is a plain whole one. */
export function parseJson(bytes: Buffer, sizes: boolean): Record<string, unknown> {
  const text = bytes.toString('utf8');
  demand(Buffer.from(text, 'utf8').equals(bytes));
  const value: unknown = JSON.parse(text);
  demand(isRecord(value));
  const open: (Set<string> | undefined)[] = [];
  for (const token of text.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]|[^\s{}[\]",:]+/g) ?? []) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token[0] === '"') {
      const string: string = JSON.parse(token.replace(/\s*:$/, ''));
      demand(Buffer.from(string, 'utf8').toString('utf8') === string);
      const names = open.at(-1);
      if (!token.endsWith(':')) continue;
      demand(names !== undefined && !names.has(string));
      names.add(string);
    } else demand(!sizes || /^(?:0|[1-9]\d*)$/.test(token));
    demand(open.length < 64);
  }
  return value;
}

export function demand(condition: boolean): asserts condition {
  if (condition !== true) throw new Error('not a right file');
}

export const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);

const isSizes = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((size) => Number.isSafeInteger(size) && size >= 0);
