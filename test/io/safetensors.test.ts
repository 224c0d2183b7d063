import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileError, FormatError, openSafetensors, type Tensor } from '../../src/io/index.ts';
import { Random } from '../../src/linalg/index.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { decodeFloat, entry, fileOf } from '../support/safetensors-files.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** The path of a file with these bytes. */
function stored(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'x.safetensors');
  writeFileSync(path, bytes);
  return path;
}

/** One tensor of a file with these bytes. */
function readOne(bytes: Uint8Array, name: string, finite = false): Tensor {
  const source = openSafetensors(stored(bytes), { finite });
  try {
    return source.read(name);
  } finally {
    source.close();
  }
}

/** A file of one tensor `x` of 16-bit patterns. */
const halves = (dtype: string, patterns: Uint16Array): Uint8Array => {
  const data = Buffer.alloc(2 * patterns.length);
  patterns.forEach((pattern, i) => {
    data.writeUInt16LE(pattern, 2 * i);
  });
  return fileOf(`{"x":${entry(dtype, [patterns.length], [0, data.length])}}`, data);
};

test('a file made by hand, byte for byte', () => {
  // biome-ignore format: 8 bytes of length, 57 of header padded to 64, then 1, -2 and 0.5 as float32
  const bytes = Uint8Array.from([
    64, 0, 0, 0, 0, 0, 0, 0,
    ...Buffer.from('{"a":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]}}       '),
    0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f,
  ]);
  const source = openSafetensors(stored(bytes));
  expect(source.tensors).toEqual(
    new Map([['a', { dtype: 'F32', shape: [3, 1], count: 3, begin: 0, end: 12 }]]),
  );
  expect(source.read('a')).toEqual({ shape: [3, 1], data: Float64Array.of(1, -2, 0.5) });
  expect(source.readMatrix('a')).toEqual({ rows: 3, cols: 1, data: Float64Array.of(1, -2, 0.5) });
  source.close();
});

test('every one of the 65536 float16 and bfloat16 patterns widens to its own value', () => {
  const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const { data } = readOne(halves('F16', patterns), 'x');
  assertSameBits(
    data,
    Array.from(patterns, (p) => decodeFloat(p, 5, 10)),
    'F16',
  );
  const upper = readOne(halves('BF16', patterns), 'x');
  assertSameBits(
    upper.data,
    Array.from(patterns, (p) => decodeFloat(p, 8, 7)),
    'BF16',
  );
});

test('random bit patterns of float32 and float64 widen to their own values', () => {
  const random = new Random(7);
  const patterns = Uint32Array.from({ length: 100_000 }, (_, i) => {
    // Every tenth is subnormal, every tenth has the greatest exponent.
    const bits = Math.floor(random.uniform() * 2 ** 32);
    return i % 10 === 0 ? bits & 0x807fffff : i % 10 === 1 ? bits | 0x7f800000 : bits;
  });
  const data = Buffer.alloc(4 * patterns.length);
  patterns.forEach((pattern, i) => {
    data.writeUInt32LE(pattern, 4 * i);
  });
  const singles = readOne(fileOf(`{"x":${entry('F32', [100_000], [0, 400_000])}}`, data), 'x');
  assertSameBits(
    singles.data,
    Array.from(patterns, (p) => decodeFloat(p, 8, 23)),
    'F32',
  );
  const doubles = readOne(fileOf(`{"x":${entry('F64', [50_000], [0, 400_000])}}`, data), 'x');
  const expected = Array.from({ length: 50_000 }, (_, i) => data.readDoubleLE(8 * i));
  assertSameBits(doubles.data, expected, 'F64');
});

test('a tensor that begins at an odd place, after a header of odd length, is read all the same', () => {
  const data = Buffer.alloc(11);
  data.writeDoubleLE(Math.PI, 3);
  const header = `{"x":${entry('F64', [1], [3, 11])},"flags":${entry('BOOL', [3], [0, 3])}}`;
  for (const pad of ['', ' ', '  ']) {
    expect(readOne(fileOf(header + pad, data), 'x').data).toEqual(Float64Array.of(Math.PI));
  }
});

test('names that JavaScript knows, escapes, white space and empty tensors are nothing special', () => {
  const names = ['__proto__', 'constructor', '', '\ufeffmark', '😀', 'a"b\\c\u0007', 'toString'];
  const members = names.map((name, i) => {
    return `${JSON.stringify(name)} :\n\t${entry('F64', [], [8 * i, 8 * i + 8])}`;
  });
  members.push(`"none":${entry('F32', [2, 0, 5], [16, 16])}`);
  members.push('"__metadata__":{"__proto__":"x","caf\\u00e9":"\\ud83d\\ude00"}');
  const data = new Uint8Array(Float64Array.from(names, (_, i) => i + 0.5).buffer);
  const source = openSafetensors(stored(fileOf(`{${members.join(' ,\r\n')} }  `, data)));
  expect([...source.tensors.keys()]).toEqual([...names, 'none']);
  names.forEach((name, i) => {
    expect(source.read(name)).toEqual({ shape: [], data: Float64Array.of(i + 0.5) });
  });
  expect(source.read('none')).toEqual({ shape: [2, 0, 5], data: new Float64Array(0) });
  expect(source.metadata).toEqual(new Map([['__proto__', 'x'], ['café', '😀']])); // biome-ignore format: pairs
  source.close();
});

test('what comes out is memory of its own', () => {
  const source = openSafetensors(stored(halves('F16', Uint16Array.of(0x3c00, 0x4000))));
  const first = source.read('x');
  first.data.fill(7);
  (first.shape as number[])[0] = 9;
  expect(source.read('x')).toEqual({ shape: [2], data: Float64Array.of(1, 2) });
  source.close();
});

test('matrices: two sizes, one as a row, none as a single number; three are refused', () => {
  const data = new Uint8Array(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer);
  const header = [
    `"m":${entry('F64', [1, 2], [0, 16])}`,
    `"b":${entry('F64', [3], [16, 40])}`,
    `"s":${entry('F64', [], [40, 48])}`,
    `"t":${entry('F64', [1, 2, 1], [48, 64])}`,
  ];
  const source = openSafetensors(stored(fileOf(`{${header}}`, data)));
  expect(source.readMatrix('m')).toEqual({ rows: 1, cols: 2, data: Float64Array.of(1, 2) });
  expect(source.readMatrix('b')).toEqual({ rows: 1, cols: 3, data: Float64Array.of(3, 4, 5) });
  expect(source.readMatrix('s')).toEqual({ rows: 1, cols: 1, data: Float64Array.of(6) });
  expect(() => source.readMatrix('t')).toThrow(/"t" must have at most two sizes.*got \[1,2,1\]/);
  expect(() => source.readMatrix('u')).toThrow(/tensor "u" must be in the file, got none/);
  source.close();
  expect(() => source.read('m')).toThrow(/x\.safetensors must be open, got one that was closed/);
});

test('a dtype that is no float is listed, and refused by its name when it is read', () => {
  const header = `{"q":${entry('I8', [4], [0, 4])},"f":${entry('F4', [3, 2], [4, 7])}}`;
  const source = openSafetensors(stored(fileOf(header, new Uint8Array(7))));
  expect(source.tensors.get('f')).toMatchObject({ dtype: 'F4', count: 6 });
  expect(() => source.read('q')).toThrow(/"q" must be F64, F32, F16, BF16 to be read, got I8/);
  expect(() => source.read('f')).toThrow(FormatError);
  source.close();
});

test('NaN and infinities are passed on, or refused with tensor and index where that is asked for', () => {
  for (const [pattern, text] of [
    [0x7e00, 'NaN'],
    [0x7c00, 'Infinity'],
    [0xfc00, '-Infinity'],
  ] as const) {
    // biome-ignore format: pairs
    const data = Buffer.alloc(24);
    data.writeUInt16LE(pattern, 2 * 7);
    const bytes = fileOf(`{"w":${entry('F16', [2, 3, 2], [0, 24])}}`, data);
    expect(String(readOne(bytes, 'w').data[7])).toBe(text);
    expect(() => readOne(bytes, 'w', true)).toThrow(FormatError);
    expect(() => readOne(bytes, 'w', true)).toThrow(
      `x.safetensors: tensor "w" must be finite, got ${text} at [1,0,1]`,
    );
  }
});

const four = new Uint8Array(4);
const a = entry('F32', [1], [0, 4]);
const deep = 100_000;

test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
  ['nothing', new Uint8Array(0), /8 bytes that tell the length.*got 0/],
  ['seven bytes', new Uint8Array(7), /8 bytes that tell the length.*got 7/],
  ['no header', fileOf(''), /must begin with \{, got nothing/],
  ['a header longer than the file', fileOf('{}', four, 7), /within the file's 14 bytes, got 15/],
  ['one above 100 MB', fileOf('{}', four, 100_000_001), /at most 100000000 bytes, got 100000001/],
  ['one of 2^64 - 1', fileOf('{}', four, 2n ** 64n - 1n), /at most 100000000 bytes/],
  ['white space before it', fileOf(' {}'), /must begin with \{, got 32/],
  ['a byte order mark', fileOf('\ufeff{}'), /must begin with \{, got 239/],
  ['an array', fileOf('[]'), /must begin with \{/],
  ['text that ends early', fileOf('{"a":'), /"a": an object is required, got the end/],
  ['text after its end', fileOf('{} {}'), /the end is required/],
  [
    'a comma too many',
    fileOf('{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}', four),
    /"a": "shape": a whole number/,
  ],
  ['bytes that are no UTF-8', fileOf(Buffer.from('{"\xff":1}', 'latin1')), /Unicode characters/],
  ['half a surrogate pair', fileOf(`{"\\ud800":${a}}`, four), /Unicode characters/],
  ['an unknown escape', fileOf(`{"\\x41":${a}}`, four), /Unicode characters/],
  ['a line break in a string', fileOf('{"a\nb":1}'), /a string that ends/],
  ['a tensor twice', fileOf(`{"a":${a},"a":${a}}`, four), /names must differ, got "a"/],
  [
    'a tensor twice, once escaped',
    fileOf(`{"a":${a},"\\u0061":${a}}`, four),
    /must differ, got "a"/,
  ],
  [
    'a field twice',
    fileOf(`{"a":{"dtype":"F16",${a.slice(1)}}`, four),
    /"a": names must differ, got "dtype"/,
  ],
  [
    'metadata twice',
    fileOf('{"__metadata__":{},"__metadata__":{}}'),
    /must differ, got "__metadata__"/,
  ],
  ['a key of metadata twice', fileOf('{"__metadata__":{"k":"1","k":"2"}}'), /must differ, got "k"/],
  ['metadata that is a number', fileOf('{"__metadata__":{"k":1}}'), /"k": a string is required/],
  ['metadata that is null', fileOf('{"__metadata__":null}'), /"__metadata__": an object is/],
  ['a field more', fileOf(`{"a":{"x":1,${a.slice(1)}}`, four), /only, got "x"/],
  [
    'no shape',
    fileOf('{"a":{"dtype":"F32","data_offsets":[0,4]}}', four),
    /"a" must have dtype, shape and data_offsets, got not all/,
  ],
  [
    'an unknown dtype',
    fileOf(`{"a":${entry('F31', [1], [0, 4])}}`, four),
    /"a" must have a known dtype, got "F31"/,
  ],
  [
    'a dtype of Object',
    fileOf(`{"a":${entry('constructor', [1], [0, 4])}}`, four),
    /a known dtype/,
  ],
  [
    'a negative size',
    fileOf(`{"a":${entry('F32', [-1], [0, 4])}}`, four),
    /"shape": a whole number.*got "-1/,
  ],
  ['minus zero', fileOf(`{"a":${entry('F32', ['-0'], [0, 0])}}`), /a whole number/],
  ['half a size', fileOf(`{"a":${entry('F32', [0.5], [0, 4])}}`, four), /a whole number/],
  ['1.0', fileOf(`{"a":${entry('F32', ['1.0'], [0, 4])}}`, four), /a whole number/],
  ['1e0', fileOf(`{"a":${entry('F32', ['1e0'], [0, 4])}}`, four), /a whole number/],
  ['01', fileOf(`{"a":${entry('F32', ['01'], [0, 4])}}`, four), /a whole number/],
  ['2^53', fileOf(`{"a":${entry('F32', ['9007199254740992'], [0, 4])}}`, four), /a whole number/],
  [
    'a number of a million digits',
    fileOf(`{"a":${entry('F32', ['1'.repeat(1e6)], [0, 4])}}`, four),
    /a whole number/,
  ],
  [
    'sizes whose product passes 2^53',
    fileOf(`{"a":${entry('F32', [2 ** 27, 2 ** 27], [0, 4])}}`, four),
    /less than 2\^53 bits/,
  ],
  [
    'sizes whose product is 2^64',
    fileOf(`{"a":${entry('U8', [2 ** 32, 2 ** 32], [0, 0])}}`),
    /less than 2\^53 bits/,
  ],
  [
    '65 sizes',
    fileOf(`{"a":${entry('F32', Array(65).fill(1), [0, 4])}}`, four),
    /64 sizes at most/,
  ],
  [
    'a shape of null',
    fileOf('{"a":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}', four),
    /"shape": an array/,
  ],
  ['one offset', fileOf(`{"a":${entry('F32', [1], [4])}}`, four), /two offsets, got 1/],
  ['three offsets', fileOf(`{"a":${entry('F32', [1], [0, 4, 4])}}`, four), /two offsets, got more/],
  [
    'an end before the begin',
    fileOf(`{"a":${entry('F32', [1], [4, 0])}}`, four),
    /not before its begin, got 4 to 0/,
  ],
  [
    'fewer bytes than the shape',
    fileOf(`{"a":${entry('F32', [2], [0, 4])}}`, four),
    /bytes of F32 \[2\], so 8, got 4/,
  ],
  [
    'an odd number of F4',
    fileOf(`{"a":${entry('F4', [7], [0, 4])}}`, four),
    /bytes of F4 \[7\], so 3\.5, got 4/,
  ],
  [
    'an end past the file',
    fileOf(`{"a":${entry('F32', [2], [0, 8])}}`, four),
    /"a" must end within the file's 4 bytes of data, got 8/,
  ],
  [
    'a hole before',
    fileOf(`{"a":${entry('F32', [1], [4, 8])}}`, new Uint8Array(8)),
    /"a" must begin where the header ends, at 0, got 4, a hole/,
  ],
  [
    'a hole between',
    fileOf(`{"b":${entry('U8', [1], [5, 6])},"a":${a}}`, new Uint8Array(6)),
    /"b" must begin where tensor "a" ends, at 4, got 5, a hole/,
  ],
  [
    'an overlap',
    fileOf(`{"a":${a},"b":${entry('F32', [1], [2, 6])}}`, new Uint8Array(6)),
    /"b" must begin where tensor "a" ends, at 4, got 2, an overlap/,
  ],
  ['two names for the same bytes', fileOf(`{"a":${a},"b":${a}}`, four), /an overlap/],
  [
    'an empty tensor within another',
    fileOf(`{"a":${a},"b":${entry('F32', [0], [2, 2])}}`, four),
    /"b".*an overlap/,
  ],
  [
    'bytes left over',
    fileOf(`{"a":${a}}`, new Uint8Array(5)),
    /"a" must end with the file, at 5, got 4, bytes left/,
  ],
  ['bytes without tensors', fileOf('{}', four), /the header must end with the file, at 4, got 0/],
  [
    'arrays nested deep',
    fileOf(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`),
    /"a": an object is required/,
  ],
  ['objects nested deep', fileOf(`{"a":`.repeat(deep)), /only, got "a"/],
])('%s is refused, by the name of the file', (_what, bytes, message) => {
  const path = stored(bytes);
  expect(() => openSafetensors(path)).toThrow(FormatError);
  expect(() => openSafetensors(path)).toThrow(message);
  expect(() => openSafetensors(path)).toThrow(`openSafetensors: ${path}: `);
});

test('a header of very many names is refused before they fill the memory', () => {
  const names = Array.from({ length: 2 ** 20 + 1 }, (_, i) => `"${i.toString(36)}":""`);
  const path = stored(fileOf(`{"__metadata__":{${names}}}`));
  expect(() => openSafetensors(path)).toThrow(/"__metadata__": at most 1048576 names are read/);
});

test('what is no file is an error that names it', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'folder'));
  expect(() => openSafetensors(join(folder, 'none'))).toThrow(/none must be a file.*ENOENT/);
  expect(() => openSafetensors(join(folder, 'folder'))).toThrow(FileError);
  expect(() => openSafetensors(join(folder, 'folder'))).toThrow(/folder must be a file/);
});

test('a file cut short after it was opened is an error', () => {
  const path = stored(halves('F16', new Uint16Array(100)));
  const source = openSafetensors(path);
  truncateSync(path, 150);
  expect(() => source.read('x')).toThrow(FormatError);
  expect(() => source.read('x')).toThrow(/x\.safetensors must have \d+ bytes, got 150/);
  source.close();
});

test('no descriptor stays open, whatever is wrong', () => {
  const lowest = (): number => {
    const descriptor = openSync(import.meta.filename, 'r');
    closeSync(descriptor);
    return descriptor;
  };
  const paths = [fileOf('{}', four), fileOf('{'), halves('F32', Uint16Array.of(1))].map(stored);
  const before = lowest();
  for (const path of paths) expect(() => openSafetensors(path)).toThrow(FormatError);
  openSafetensors(stored(fileOf('{}'))).close();
  expect(lowest()).toBe(before);
});

/** A file of 9 GiB that takes no room on the disk: zeros, and last the float32 numbers 1, 2 and 3. */
function hugeFile(): string {
  const path = join(temporaryFolder(), 'huge.safetensors');
  const GIB = 2 ** 30;
  const header = `{"big":${entry('F32', [9, GIB / 4], [0, 9 * GIB])},"end":${entry('F32', [3], [9 * GIB, 9 * GIB + 12])}}`;
  const start = fileOf(header);
  const file = openSync(path, 'w');
  writeSync(file, start);
  writeSync(file, new Uint8Array(Float32Array.of(1, 2, 3).buffer), 0, 12, start.length + 9 * GIB);
  closeSync(file);
  return path;
}

test('of a file of 9 GiB the last tensor is read, and no more memory taken than it needs', () => {
  const path = hugeFile();
  const before = process.memoryUsage().arrayBuffers;
  const source = openSafetensors(path);
  const { data } = source.read('end');
  // The header and its text, 24 bytes of values, 12 of buffer, and small change of Node's.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 16);
  expect(data).toEqual(Float64Array.of(1, 2, 3));
  source.close();
});

test('a tensor takes its values in memory and a buffer of at most 1 MiB', () => {
  for (const dtype of ['F16', 'F32', 'F64']) {
    const width = Number(dtype.slice(1)) / 8;
    const count = 3 * 2 ** 18;
    const bytes = width * count;
    const header = ['a', 'b', 'c'].map(
      (name, i) => `"${name}":${entry(dtype, [count], [i * bytes, (i + 1) * bytes])}`,
    );
    const source = openSafetensors(stored(fileOf(`{${header}}`, new Uint8Array(3 * bytes))));
    for (const name of ['a', 'b', 'c']) {
      const before = process.memoryUsage().arrayBuffers;
      expect(source.read(name).data.length).toBe(count);
      const taken = process.memoryUsage().arrayBuffers - before;
      expect(taken).toBeLessThanOrEqual(8 * count + 2 ** 20 + 2 ** 16);
    }
    source.close();
  }
});
