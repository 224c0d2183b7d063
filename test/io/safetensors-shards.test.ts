import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileError, FormatError, openShards, openWeights } from '../../src/io/index.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { entry, fileOf } from '../support/safetensors-files.ts';

/** A file of one-number float64 tensors. */
function shard(tensors: Record<string, number>, metadata = '{}'): Uint8Array {
  const names = Object.keys(tensors);
  const members = names.map((name, i) => {
    return `${JSON.stringify(name)}:${entry('F64', [1], [8 * i, 8 * i + 8])}`;
  });
  const data = new Uint8Array(Float64Array.from(Object.values(tensors)).buffer);
  return fileOf(`{${[`"__metadata__":${metadata}`, ...members]}}`, data);
}

/** A folder of these files; text, or bytes. */
function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const INDEX = 'model.safetensors.index.json';
const one = shard({ a: 1, b: 2 }, '{"format":"pt","from":"one"}');
const two = shard({ c: 3 }, '{"format":"pt","from":"two","more":"x"}');
const RIGHT =
  '{"metadata":{"total_size":24,"x":[1.5,{}]},"weight_map":{"c":"two","a":"one","b":"one"}}';

test('the tensors of all shards are there, and are read from theirs', () => {
  const source = openWeights(folderOf({ one, two, [INDEX]: RIGHT }));
  expect([...source.tensors.keys()].sort()).toEqual(['a', 'b', 'c']);
  expect(source.tensors.get('b')).toEqual({
    dtype: 'F64',
    shape: [1],
    count: 1,
    begin: 8,
    end: 16,
  });
  expect(['a', 'b', 'c'].map((name) => source.read(name).data[0])).toEqual([1, 2, 3]);
  expect(source.readMatrix('c')).toEqual({ rows: 1, cols: 1, data: Float64Array.of(3) });
  expect(source.metadata.get('format')).toBe('pt');
  expect(source.metadata.get('more')).toBe('x');
  expect(source.metadata.get('from')).toBe('two'); // the first shard that the index names
  expect(() => source.read('d')).toThrow(/tensor "d" must be in the index, got none/);
  source.close();
  for (const name of ['a', 'c']) expect(() => source.read(name)).toThrow(/must be open/);
});

test('one file goes before an index; with neither the folder is named', () => {
  const source = openWeights(folderOf({ 'model.safetensors': two, one, [INDEX]: RIGHT }));
  expect([...source.tensors.keys()]).toEqual(['c']);
  source.close();
  const empty = temporaryFolder();
  expect(() => openWeights(empty)).toThrow(FileError);
  expect(() => openWeights(empty)).toThrow(`${empty} must hold model.safetensors or ${INDEX}`);
});

test('a number that is not finite is refused from a shard too, if that is asked for', () => {
  const folder = folderOf({ one, two: shard({ c: Number.NaN }), [INDEX]: RIGHT });
  const source = openWeights(folder, { finite: true });
  expect(source.read('a').data).toEqual(Float64Array.of(1));
  expect(() => source.read('c')).toThrow(/two: tensor "c" must be finite, got NaN at \[0\]/);
  source.close();
});

const map = (members: string): string => `{"weight_map":{${members}}}`;

test.each<[what: string, index: string, message: RegExp]>([
  ['nothing', '', /an object is required, got the end/],
  ['an array', '[]', /an object is required/],
  ['no map', '{"metadata":{}}', /a weight_map is required, got none/],
  ['a map that is a list', '{"weight_map":[]}', /"weight_map": an object/],
  ['two maps', `{"weight_map":{},"weight_map":{}}`, /names must differ, got "weight_map"/],
  ['a tensor twice', map('"a":"one","b":"one","a":"two","c":"two"'), /names must differ, got "a"/],
  ['a file that is a number', map('"a":1'), /"weight_map": "a": a string/],
  ['text after the end', `${RIGHT}}`, /the end is required/],
  ['metadata nested 65 deep', RIGHT.replace('[1.5,{}]', '['.repeat(64)), /at most 64 deep/],
  [
    'metadata nested without end',
    RIGHT.replace('[1.5,{}]', '[{"":'.repeat(1e5)),
    /at most 64 deep/,
  ],
  ['metadata that is no JSON', RIGHT.replace('1.5', '1.5.'), /a value is required/],
  ['a shard that is not there', RIGHT.replace('"two"', '"three"'), /in the folder, got no "three"/],
  [
    'a tensor of the other shard',
    map('"a":"one","b":"two","c":"two"'),
    /"b" must be in "two", got it in "one"/,
  ],
  [
    'a tensor of no shard',
    RIGHT.replace('"c"', '"d":"two","c"'),
    /"d" must be in "two", got it in no shard/,
  ],
  [
    'too few tensors',
    map('"a":"one","c":"two"'),
    /"b" must be in the weight_map, got it in "one" only/,
  ],
  [
    'a tensor in two shards',
    map('"a":"one","b":"one","c":"two","x":"again"'),
    /"c" must be in one shard, got "two" and "again"/,
  ],
  [
    'a shard that is no safetensors',
    RIGHT.replace('"c":"two"', `"c":"${INDEX}"`),
    /openSafetensors: .*index\.json: the header/,
  ],
  ['a shard that is a folder', RIGHT.replace('"two"', '"sub"'), /sub must be a file/],
  ['the folder itself', RIGHT.replace('"two"', '"."'), /plain name, got "\."/],
  ['the folder above', RIGHT.replace('"two"', '".."'), /plain name, got "\.\."/],
  [
    'a path upwards',
    RIGHT.replace('"two"', '"../outside/two"'),
    /plain name, got "\.\.\/outside\/two"/,
  ],
  ['a path through here', RIGHT.replace('"two"', '"./two"'), /plain name/],
  ['a path downwards', RIGHT.replace('"two"', '"sub/two"'), /plain name/],
  ['a path of Windows', RIGHT.replace('"two"', '"..\\\\two"'), /plain name/],
  ['a drive of Windows', RIGHT.replace('"two"', '"C:two"'), /plain name/],
  ['an absolute path', RIGHT.replace('"two"', '"/two"'), /plain name, got "\/two"/],
  [
    'a name cut by a zero',
    RIGHT.replace('"two"', '"two\\u0000x"'),
    /plain name, got "two\\u0000x"/,
  ],
  ['no name', RIGHT.replace('"two"', '""'), /plain name, got ""/],
  [
    'a link that leads out',
    RIGHT.replace('"two"', '"out"'),
    /must lie in the folder, got "out", a link into/,
  ],
  [
    'a link to a folder that leads out',
    RIGHT.replace('"two"', '"linked"'),
    /must lie in the folder|must be a file/,
  ],
  ['a link to nothing', RIGHT.replace('"two"', '"dangling"'), /in the folder, got no "dangling"/],
  ['a link to itself', RIGHT.replace('"two"', '"loop"'), /in the folder, got no "loop"/],
])('an index with %s is refused by its name', (_what, index, message) => {
  const outside = folderOf({ two });
  const folder = folderOf({ one, two, again: shard({ c: 3, x: 4 }), [INDEX]: index });
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'two'), two);
  symlinkSync(join(outside, 'two'), join(folder, 'out'));
  symlinkSync(outside, join(folder, 'linked'));
  symlinkSync(join(folder, 'gone'), join(folder, 'dangling'));
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  expect(() => openShards(folder)).toThrow(FileError);
  expect(() => openShards(folder)).toThrow(message);
  expect(() => openShards(folder)).toThrow(folder);
});

test('links within the folder, and into the blobs of Hugging Face’s cache, are followed; others not', () => {
  const repository = temporaryFolder();
  const folder = join(repository, 'snapshots', 'revision');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(repository, 'blobs'));
  writeFileSync(join(repository, 'blobs', '123'), two);
  writeFileSync(join(repository, 'elsewhere'), two);
  symlinkSync(join('..', '..', 'blobs', '123'), join(folder, 'two'));
  writeFileSync(join(folder, 'real'), one);
  symlinkSync('real', join(folder, 'one'));
  writeFileSync(join(folder, INDEX), RIGHT);
  const source = openWeights(folder);
  expect(source.read('c').data).toEqual(Float64Array.of(3));
  expect(source.read('a').data).toEqual(Float64Array.of(1));
  source.close();

  symlinkSync(join('..', '..', 'elsewhere'), join(folder, 'model.safetensors'));
  expect(() => openWeights(folder)).toThrow(FormatError);
  expect(() => openWeights(folder)).toThrow(/must lie in the folder, got "model\.safetensors"/);
});

test('the folder may itself be reached by a link', () => {
  const folder = folderOf({ one, two, [INDEX]: RIGHT });
  const link = join(temporaryFolder(), 'link');
  symlinkSync(folder, link);
  const source = openWeights(link);
  expect(source.read('b').data).toEqual(Float64Array.of(2));
  source.close();
});
