import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FileError,
  openSafetensors,
  type TensorToWrite,
  writeInParts,
  writeSafetensors,
} from '../../src/io/index.ts';
import { DomainError, NonFiniteError, ShapeError } from '../../src/linalg/index.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { readPlainly } from '../support/safetensors-files.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** The bytes that are written. */
function written(
  tensors: readonly TensorToWrite[],
  metadata?: ReadonlyMap<string, string>,
): Buffer {
  const path = join(temporaryFolder(), 'x.safetensors');
  writeSafetensors(path, tensors, metadata);
  return readFileSync(path);
}

const f32 = (name: string, shape: number[], ...data: number[]): TensorToWrite => {
  return { name, dtype: 'F32', shape, data: Float64Array.from(data) };
};

test('the bytes are those that the reference implementation states in its own tests', () => {
  // safetensors/src/tensor.rs (huggingface/safetensors): test_serialization, …_forced_alignement, test_empty.
  const data = [0, 1, 2, 3, 4, 5];
  const bytes = Buffer.from(Float32Array.from(data).buffer);
  const file = (length: number, header: string): Buffer =>
    Buffer.concat([Uint8Array.of(length, 0, 0, 0, 0, 0, 0, 0), Buffer.from(header)]);
  expect(written([f32('attn.0', [1, 2, 3], ...data)])).toEqual(
    Buffer.concat([
      file(64, '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}'),
      bytes,
    ]),
  );
  expect(written([f32('attn0', [1, 1, 2, 3], ...data)])).toEqual(
    Buffer.concat([
      file(72, '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       '),
      bytes,
    ]),
  );
  expect(written([])).toEqual(file(8, '{}      '));
  expect(written([], new Map([['framework', 'pt']]))).toEqual(
    file(40, '{"__metadata__":{"framework":"pt"}}     '),
  );
});

test('the order in which tensors and metadata come changes no byte: wide ones first, then by name', () => {
  // By their UTF-8 bytes, '￿' (ef bf bf) stands before '😀' (f0 9f 98 80); by UTF-16 it is the other way round.
  const tensors: TensorToWrite[] = [
    { name: 'z', dtype: 'F64', shape: [1], data: Float64Array.of(1) },
    f32('a', [1], 2),
    f32('b', [1], 3),
    f32('\uffff', [1], 4),
    f32('😀', [1], 5),
  ];
  const metadata = [['format', 'pt'], ['a', 'ü'], ['10', '']] as const; // biome-ignore format: pairs
  const bytes = written(tensors, new Map(metadata));
  const other = written(tensors.toReversed(), new Map([...metadata].reverse()));
  expect(other).toEqual(bytes);
  expect([...(readPlainly(bytes)?.tensors.keys() ?? [])]).toEqual(tensors.map(({ name }) => name));
  expect(
    bytes.subarray(8).toString().startsWith('{"__metadata__":{"10":"","a":"ü","format":"pt"},"z":'),
  ).toBe(true);
});

test('what is written is read again, by us and by a plain reader: F64 to the bit, F32 rounded once', () => {
  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
  const tensor = fc.record({
    name: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'a', 'toString')),
    wide: fc.boolean(),
    rows: fc.array(fc.tuple(numbers, numbers, numbers), { maxLength: 5 }),
  });
  const small = (x: number): boolean => Math.abs(x) < 3.4e38;
  const metadata = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
  const path = join(temporaryFolder(), 'x.safetensors');
  fc.assert(
    fc.property(
      fc.uniqueArray(tensor, { selector: ({ name }) => name }),
      metadata,
      (list, notes) => {
        const noted = new Map(Object.entries(notes));
        const tensors = list.map(({ name, wide, rows }): TensorToWrite => {
          const data = Float64Array.from(rows.flat());
          const dtype = wide || !data.every(small) ? 'F64' : 'F32';
          return { name, dtype, shape: [rows.length, 3], data };
        });
        writeSafetensors(path, tensors, noted);
        const source = openSafetensors(path);
        const plain = readPlainly(readFileSync(path));
        expect(source.metadata).toEqual(noted);
        expect(plain?.metadata).toEqual(noted);
        expect(source.tensors.size).toBe(tensors.length);
        for (const { name, dtype, shape, data } of tensors) {
          const expected = (data as Float64Array).map(dtype === 'F32' ? Math.fround : (x) => x);
          expect(source.read(name).shape).toEqual(shape);
          assertSameBits(source.read(name).data, expected, name);
          assertSameBits(plain?.tensors.get(name)?.values ?? [], expected, name);
        }
        source.close();
      },
    ),
    { seed: 5, numRuns: 60 },
  );
});

test('tensors beyond one buffer are whole, and those that are made come one at a time', () => {
  const count = 2 ** 16 + 3;
  const order: string[] = [];
  const made = (name: string, dtype: 'F64' | 'F32'): TensorToWrite => ({
    name,
    dtype,
    shape: [count],
    data: () => {
      order.push(name);
      return Float64Array.from({ length: count }, (_, i) => i / 7);
    },
  });
  const path = join(temporaryFolder(), 'x.safetensors');
  writeSafetensors(path, [made('c', 'F32'), made('b', 'F32'), made('a', 'F64')]);
  expect(order).toEqual(['a', 'b', 'c']);
  const source = openSafetensors(path);
  const expected = Float64Array.from({ length: count }, (_, i) => i / 7);
  assertSameBits(source.read('a').data, expected, 'F64');
  assertSameBits(source.read('c').data, expected.map(Math.fround), 'F32');
  source.close();
});

const largest = (2 - 2 ** -23) * 2 ** 127;

test('float32: the largest number is kept, what rounds to it as well, and what rounds to infinity refused', () => {
  const half = largest + 2 ** 103; // ties to the even neighbour, which is infinity
  const below = half - 2 ** 75;
  expect(readPlainly(written([f32('x', [2], largest, -below)]))?.tensors.get('x')?.values).toEqual([
    largest,
    -largest,
  ]);
  const refused = (): unknown => written([f32('x', [2], 0, half)]);
  expect(refused).toThrow(DomainError);
  expect(refused).toThrow(/"x" must stay finite as float32, got 3\.40\d+e\+38 at entry 1/);
});

test.each<[string, TensorToWrite[], new () => Error, RegExp]>([
  ['NaN', [f32('x', [2], 1, Number.NaN)], NonFiniteError, /"x" must be finite, got NaN at entry 1/],
  ['an infinity', [{ ...f32('x', [1], -Infinity), dtype: 'F64' }], NonFiniteError, /got -Infinity/],
  ['too few numbers', [f32('x', [2, 3], 1)], ShapeError, /"x" of \[2,3\] needs 6 numbers, got 1/],
  ['a size of 0.5', [f32('x', [0.5], 1)], DomainError, /non-negative integers, got \[0\.5\]/],
  ['a size below 0', [f32('x', [-1], 1)], DomainError, /non-negative integers/],
  [
    'a dtype of another kind',
    [{ ...f32('x', [1], 1), dtype: 'F16' as 'F32' }],
    DomainError,
    /must be F64 or F32, got F16/,
  ],
  ['a name twice', [f32('x', [1], 1), f32('x', [1], 1)], DomainError, /must differ.*got "x"/],
  ['the name of the metadata', [f32('__metadata__', [1], 1)], DomainError, /not be "__metadata__"/],
  ['half a surrogate pair', [f32('\ud800', [1], 1)], DomainError, /a name must be Unicode/],
  ['more than 2^53 bytes', [f32('x', [2 ** 52], 1)], DomainError, /2\^53 of data are possible/],
])('%s is refused, and no file left behind', (_what, tensors, type, message) => {
  const folder = temporaryFolder();
  const path = join(folder, 'x.safetensors');
  writeFileSync(path, 'old');
  expect(() => writeSafetensors(path, tensors)).toThrow(type);
  expect(() => writeSafetensors(path, tensors)).toThrow(message);
  expect(readdirSync(folder)).toEqual(['x.safetensors']);
  expect(readFileSync(path, 'utf8')).toBe('old');
});

test('what cannot be written is an error that names it, and an error of the writer leaves nothing', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(() => writeSafetensors(join(folder, 'file', 'x'), [])).toThrow(FileError);
  expect(() => writeSafetensors(join(folder, 'file', 'x'), [])).toThrow(/must be writable/);
  expect(() => writeSafetensors(folder, [])).toThrow(/must be writable, got E/);
  const broken = (): void => {
    writeInParts(join(folder, 'new'), (append) => {
      append(Uint8Array.of(1));
      throw new DomainError('of the writer');
    });
  };
  expect(broken).toThrow(new DomainError('of the writer'));
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a tensor that is made takes no more memory than itself and a buffer', () => {
  const count = 2 ** 20;
  const data = new Float64Array(count);
  const path = join(temporaryFolder(), 'x.safetensors');
  const before = process.memoryUsage().arrayBuffers;
  writeSafetensors(path, [{ name: 'x', dtype: 'F64', shape: [count], data: () => data }]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
