/**
 * Ten thousand damaged files: each is refused in words, or read as a reader of another make reads it.
 *
 * @module
 */
import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  FileError,
  FormatError,
  openSafetensors,
  openShards,
  type TensorSource,
} from '../../src/io/index.ts';
import { Random } from '../../src/linalg/index.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import {
  demand,
  entry,
  fileOf,
  isRecord,
  type Plain,
  parseJson,
  readPlainly,
} from '../support/safetensors-files.ts';
import { assertSameBits } from '../support/same-bits.ts';

const SEED = 20260;

type Entry = [name: string, dtype: string, shape: unknown[], offsets: unknown[]];

const DTYPES: readonly [dtype: string, width: number][] = [
  ['F64', 8],
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I8', 1],
];
const NAMES = ['w', '__proto__', 'h.0.bias', 'é', '', 'ln "f"', 'x\n'];

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)];

/** A right file: up to five small tensors, in any order, and random bits as their values. */
function someFile(random: Random): { entries: Entry[]; data: Uint8Array } {
  const entries: Entry[] = [];
  let at = 0;
  for (const name of NAMES.slice(random.integer(3), 3 + random.integer(5))) {
    const [dtype, width] = pick(random, DTYPES);
    const shape = Array.from({ length: random.integer(4) }, () => random.integer(4));
    const end = at + shape.reduce((product, size) => product * size, width);
    entries.push([name, dtype, shape, [at, end]]);
    at = end;
  }
  const data = Uint8Array.from({ length: at }, () => random.integer(256));
  if (random.integer(2) === 1) entries.reverse();
  return { entries, data };
}

const METADATA = '"__metadata__":{"format":"pt","note":"\\u00e9"}';

const headerOf = (entries: readonly Entry[], first = METADATA): string => {
  const members = entries.map(([name, ...info]) => `${JSON.stringify(name)}:${entry(...info)}`);
  const text = `{${[first, ...members].join(',')}}`;
  return text.padEnd(Math.ceil(text.length / 8) * 8);
};

const HUGE = ['9007199254740991', '9007199254740992', '1e999', '4294967296', '18446744073709551615', '-1', '1.5', '-0', '1e0', '00', 'null', '"4"', '[]', 'NaN', '9'.repeat(400)]; // biome-ignore format: one line

/** What is done to a file; each returns other bytes. */
const DAMAGE: Record<string, (random: Random) => Uint8Array> = {
  'bits of the header'(random) {
    const { entries, data } = someFile(random);
    const header = Buffer.from(headerOf(entries));
    for (let n = random.integer(3); n >= 0; n--) {
      header[random.integer(header.length)] ^= 1 << random.integer(8);
    }
    return fileOf(header, data);
  },
  'bytes of the header'(random) {
    const { entries, data } = someFile(random);
    const header = Buffer.from(headerOf(entries));
    header[random.integer(header.length)] = Buffer.from(
      pick(random, [...'0123456789{}[]",:\\ -.eu']),
    )[0];
    return fileOf(header, data);
  },
  'bits of the data'(random) {
    const { entries, data } = someFile(random);
    if (data.length > 0) data[random.integer(data.length)] ^= 1 << random.integer(8);
    return fileOf(headerOf(entries), data);
  },
  truncation(random) {
    const { entries, data } = someFile(random);
    const bytes = fileOf(headerOf(entries), data);
    return bytes.subarray(0, random.integer(bytes.length + 1));
  },
  'bytes more'(random) {
    const { entries, data } = someFile(random);
    return Buffer.concat([fileOf(headerOf(entries), data), new Uint8Array(random.integer(9))]);
  },
  'another length of the header'(random) {
    const { entries, data } = someFile(random);
    const header = headerOf(entries);
    const right = Buffer.byteLength(header);
    const length = pick(random, [right - 1, right + 1, right + 8, 0, 1, 1e8, 1e8 + 1, 2 ** 53]);
    const bits =
      random.integer(2) === 1 ? BigInt(length) : BigInt(right) ^ (1n << BigInt(random.integer(64)));
    return fileOf(header, data, bits);
  },
  'swapped offsets'(random) {
    const { entries, data } = someFile(random);
    if (entries.length > 1) {
      const [i, j] = [random.integer(entries.length), random.integer(entries.length)];
      [entries[i][3], entries[j][3]] = [entries[j][3], entries[i][3]];
    } else if (entries.length === 1) entries[0][3].reverse();
    return fileOf(headerOf(entries), data);
  },
  'moved offsets'(random) {
    const { entries, data } = someFile(random);
    if (entries.length > 0) {
      const offsets = pick(random, entries)[3] as number[];
      const by = pick(random, [-8, -1, 1, 4, 2 ** 40]);
      if (random.integer(2) === 1) offsets[0] += by;
      offsets[1] += by;
    }
    return fileOf(headerOf(entries), data);
  },
  'a name twice'(random) {
    const { entries, data } = someFile(random);
    if (entries.length === 0) return fileOf(headerOf([], `${METADATA},${METADATA}`), data);
    entries.splice(random.integer(entries.length + 1), 0, pick(random, entries));
    const header = headerOf(entries);
    // Half of them are spelled in another way, and half of those become another name.
    const other = header.replace('"w"', pick(random, ['"w"', '"\\u0077"', '"\\u0057"']));
    return fileOf(other, data);
  },
  'another shape'(random) {
    const { entries, data } = someFile(random);
    if (entries.length > 0) {
      const changed = pick(random, entries);
      const shape = changed[2] as number[];
      const way = random.integer(4);
      if (way === 0) shape.push(1);
      else if (way === 1) shape.reverse();
      else if (way === 2) shape[0] = random.integer(2 ** 20);
      else changed[2] = Array.from({ length: 60 + random.integer(9) }, () => 1);
    }
    return fileOf(headerOf(entries), data);
  },
  'another dtype'(random) {
    const { entries, data } = someFile(random);
    if (entries.length > 0) {
      pick(random, entries)[1] = pick(random, ['F31', '', 'f32', 'toString', 'I64', 'F4', 'F6_E2M3', 'F32', 'F16']); // biome-ignore format: one line
    }
    return fileOf(headerOf(entries), data);
  },
  'huge and odd numbers'(random) {
    const { entries, data } = someFile(random);
    if (entries.length > 0) {
      const list = pick(random, entries)[2 + random.integer(2)] as unknown[];
      list[random.integer(list.length + 1)] = pick(random, HUGE);
    }
    return fileOf(headerOf(entries), data);
  },
  'deep nesting'(random) {
    const { entries, data } = someFile(random);
    const depth = pick(random, [1, 2, 60, 5000]);
    const [open, close] = pick(random, [['[', ']'], ['{"a":', '}'], ['[{"":', '}]']]); // biome-ignore format: pairs
    const value = `${open.repeat(depth)}1${random.integer(4) === 0 ? '' : close.repeat(depth)}`;
    const name = pick(random, ['"deep"', '"__metadata__"', '"w"']);
    return fileOf(headerOf(entries, `${name}:${value}`), data);
  },
  'other metadata'(random) {
    const { entries, data } = someFile(random);
    const values = ['{}', '{"a":""}', '{"__proto__":"1"}', '{"a":"1","a":"1"}', '{"a":1}', 'null', '[]', '"x"', '{"a":{}}', '{"\\ud83d":"x"}']; // biome-ignore format: one line
    return fileOf(headerOf(entries, `"__metadata__":${pick(random, values)}`), data);
  },
  noise(random) {
    const bytes = Uint8Array.from({ length: random.integer(200) }, () => random.integer(256));
    return random.integer(2) === 1 ? bytes : fileOf(bytes, bytes);
  },
};

/** Damage that leaves no file right. */
const HOPELESS: readonly string[] = ['another length of the header', 'deep nesting', 'noise'];

/** Puts a file's content in the place of another's; a new file each time would wait for the disk. */
function replaceContent(descriptor: number, bytes: Uint8Array): void {
  writeSync(descriptor, bytes, 0, bytes.length, 0);
  ftruncateSync(descriptor, bytes.length);
}

/** Every tensor of the source is what the plain reader says, or has a dtype that is not read. */
function compare(source: TensorSource, plain: Plain): void {
  assert.deepEqual(source.metadata, plain.metadata);
  assert.deepEqual(new Set(source.tensors.keys()), new Set(plain.tensors.keys()));
  for (const [name, { dtype, shape, values }] of plain.tensors) {
    const info = source.tensors.get(name);
    assert.deepEqual([info?.dtype, info?.shape], [dtype, shape]);
    if (values === undefined) assert.throws(() => source.read(name), FormatError);
    else {
      const tensor = source.read(name);
      assert.deepEqual(tensor.shape, shape);
      assertSameBits(tensor.data, values, name);
    }
  }
}

/** What is opened, or undefined if it is refused as a file, in words that name it. */
function opened(open: () => TensorSource, path: string): TensorSource | undefined {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof FileError && error.message.includes(path))) throw error;
    assert.ok(error.message.length < 1000, error.message);
    return undefined;
  }
}

test.each(Object.keys(DAMAGE))('600 files with %s: a clear error or the right values', (kind) => {
  const path = join(temporaryFolder(), 'x.safetensors');
  const descriptor = openSync(path, 'w');
  let right = 0;
  for (let i = 0; i < 600; i++) {
    const bytes = DAMAGE[kind](new Random(SEED, Object.keys(DAMAGE).indexOf(kind), i));
    replaceContent(descriptor, bytes);
    const plain = readPlainly(bytes);
    const before = process.memoryUsage().arrayBuffers;
    const source = opened(() => openSafetensors(path), path);
    const taken = process.memoryUsage().arrayBuffers - before;
    // The header and the buffers of Node; no tensor yet, whatever sizes are claimed.
    assert.ok(taken <= 2 * bytes.length + 2 ** 16, `seed ${SEED}, ${kind} ${i}: ${taken} bytes`);
    assert.equal(source !== undefined, plain !== undefined, `seed ${SEED}, ${kind} ${i}`);
    if (source !== undefined && plain !== undefined) {
      compare(source, plain);
      right++;
    }
    source?.close();
  }
  closeSync(descriptor);
  if (HOPELESS.includes(kind)) expect(right).toBe(0);
  else expect(right).toBeGreaterThan(0);
  if (kind === 'bits of the data') expect(right).toBe(600);
  else expect(right).toBeLessThan(600);
});

const SHARDS = ['one', 'two'];
const RIGHT: readonly [tensor: string, file: string][] = [
  ['a', 'one'],
  ['__proto__', 'one'],
  ['c', 'two'],
];
/** Names of files that would be found, were they followed. */
const CLIMBING = ['../outside', '..', '.', '', './one', 'sub/one', 'out', '/dev/null', '..\\outside', 'one\u0000', 'three', 'ONE ']; // biome-ignore format: one line

const indexOf = (members: readonly (readonly string[])[]): string => {
  const pairs = members.map(
    ([tensor, file]) => `${JSON.stringify(tensor)}:${JSON.stringify(file)}`,
  );
  return `{"metadata":{"total_size":1.5e1},"weight_map":{${pairs}}}`;
};

const INDEX_DAMAGE: readonly ((random: Random) => string | Uint8Array)[] = [
  (random) => {
    const members = RIGHT.map((pair) => [...pair]);
    pick(random, members)[1] = pick(random, [...CLIMBING, ...SHARDS]);
    return indexOf(members);
  },
  (random) => indexOf([...RIGHT, [pick(random, ['d', 'x']), pick(random, [...CLIMBING, 'two'])]]),
  (random) => indexOf([...RIGHT, pick(random, RIGHT)]),
  (random) => indexOf(RIGHT.filter(() => random.integer(4) > 0)),
  (random) => {
    const text = Buffer.from(indexOf(RIGHT));
    text[random.integer(text.length)] ^= 1 << random.integer(8);
    return text;
  },
  (random) => indexOf(RIGHT).slice(0, -random.integer(40) || undefined),
  (random) =>
    indexOf(RIGHT).replace(
      '1.5e1',
      pick(random, ['1.', '[{}]', '['.repeat(3000), '"', '{"a":1,"a":2}']),
    ),
];

/** The tensors an index rightly maps, or undefined: every one in its own shard and nowhere else. */
function mapPlainly(index: Uint8Array, shards: ReadonlyMap<string, Plain>): Plain | undefined {
  try {
    const { weight_map } = parseJson(Buffer.from(index), false);
    demand(isRecord(weight_map));
    const tensors: Plain['tensors'] = new Map();
    for (const file of new Set(Object.values(weight_map))) {
      const shard = shards.get(String(file));
      demand(shard !== undefined);
      for (const [name, tensor] of shard.tensors) {
        demand(Object.hasOwn(weight_map, name) && weight_map[name] === file);
        tensors.set(name, tensor);
      }
    }
    demand(tensors.size === Object.keys(weight_map).length);
    return { metadata: new Map(), tensors };
  } catch {
    return undefined;
  }
}

test('1400 damaged indexes: none leads out of the folder or to another tensor', () => {
  const folder = join(temporaryFolder(), 'inside');
  mkdirSync(join(folder, 'sub'), { recursive: true });
  const contents = new Map<string, Uint8Array>();
  for (const file of SHARDS) {
    const names = RIGHT.filter(([, other]) => other === file).map(([name]) => name);
    const members = names.map((name, i) => `"${name}":${entry('F16', [2], [4 * i, 4 * i + 4])}`);
    contents.set(file, fileOf(`{${members}}`, Uint8Array.from({ length: 4 * names.length }, (_, i) => 37 * i))); // biome-ignore format: one line
  }
  const shards = new Map<string, Plain>();
  for (const [file, bytes] of contents) {
    const plain = readPlainly(bytes);
    if (plain !== undefined) shards.set(file, plain);
    writeFileSync(join(folder, file), bytes);
    writeFileSync(join(folder, 'sub', file), bytes);
  }
  writeFileSync(join(folder, '..', 'outside'), contents.get('two') ?? '');
  symlinkSync(join('..', 'outside'), join(folder, 'out'));
  const path = join(folder, 'model.safetensors.index.json');
  const descriptor = openSync(path, 'w');
  let right = 0;
  for (let i = 0; i < 1400; i++) {
    const random = new Random(SEED, 1000, i);
    const index = Buffer.from(INDEX_DAMAGE[i % INDEX_DAMAGE.length](random));
    replaceContent(descriptor, index);
    const plain = mapPlainly(index, shards);
    const source = opened(() => openShards(folder), folder);
    assert.equal(source !== undefined, plain !== undefined, `seed ${SEED}, index ${i}`);
    if (source !== undefined && plain !== undefined) {
      compare(source, plain);
      right++;
    }
    source?.close();
  }
  closeSync(descriptor);
  expect(right).toBeGreaterThan(100);
  expect(right).toBeLessThan(1000);
});
