/**
 * Weights in several safetensors files, with an index that says which tensor is where.
 *
 * {"metadata": {…}, "weight_map": {"name": "model-00001-of-00002.safetensors", …}}, as Hugging Face
 * writes it. The index is not trusted: a shard is a plain file of the same folder, and index and
 * shards must say the same.
 *
 * @module
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Matrix } from '../linalg/index.ts';
import { FileError } from './files.ts';
import { quoted, type Refuse, refusing } from './format-error.ts';
import { JsonScanner } from './json-scanner.ts';
import { OpenFile } from './open-file.ts';
import { LONGEST_HEADER, type TensorInfo } from './safetensors-header.ts';
import {
  openSafetensors,
  type ReadOptions,
  type Tensor,
  type TensorSource,
} from './safetensors-reader.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * Opens the weights of a folder: `model.safetensors`, or the shards that
 * `model.safetensors.index.json` names.
 *
 * @throws FileError if the folder has neither; FormatError and FileError as `openSafetensors` and `openShards`.
 */
export function openWeights(folder: string, options: ReadOptions = {}): TensorSource {
  if (existsSync(join(folder, SINGLE))) {
    return openSafetensors(pathInside(folder, SINGLE, refusing('openWeights', folder)), options);
  }
  if (existsSync(join(folder, INDEX))) return openShards(folder, INDEX, options);
  throw new FileError(`openWeights: ${folder} must hold ${SINGLE} or ${INDEX}, got neither`);
}

/**
 * Opens every shard that an index names, each once, and checks them against it; no tensor is read.
 *
 * @throws FormatError naming the index and what was wrong: no such JSON, a tensor twice, a shard that is missing,
 * is not a plain name or leads out of the folder, a tensor in two shards, in another than the index
 * says, in none, or not in the index. FormatError and FileError as `openSafetensors` for each shard.
 */
export function openShards(
  folder: string,
  index: string = INDEX,
  options: ReadOptions = {},
): TensorSource {
  const path = join(folder, index);
  const refuse = refusing('openShards', path);
  const weightMap = readIndex(path, refuse);
  const shards = new Map<string, TensorSource>();
  try {
    for (const name of new Set(weightMap.values())) {
      shards.set(name, openSafetensors(pathInside(folder, name, refuse), options));
    }
    return new Shards(sources(weightMap, shards, refuse), [...shards.values()], refuse);
  } catch (error) {
    for (const shard of shards.values()) shard.close();
    throw error;
  }
}

/** The file of each tensor. */
function readIndex(path: string, refuse: Refuse): ReadonlyMap<string, string> {
  const file = new OpenFile('openShards', path);
  const weightMap = new Map<string, string>();
  let found = false;
  try {
    if (file.bytes > LONGEST_HEADER) {
      throw refuse(`an index of at most ${LONGEST_HEADER} bytes is required`, `${file.bytes}`);
    }
    const bytes = new Uint8Array(file.bytes);
    file.read(bytes, 0);
    const json = new JsonScanner(bytes, refuse);
    json.object((field) => {
      if (field !== 'weight_map') json.skip();
      else {
        json.object((tensor) => weightMap.set(tensor, json.string()));
        found = true;
      }
    });
    json.end();
  } finally {
    file.close();
  }
  if (!found) throw refuse('a weight_map is required', 'none');
  return weightMap;
}

/**
 * The path of a file that lies in the folder itself. A link may point to another file there, and, since
 * that is how Hugging Face's cache is laid out, from REPOSITORY/snapshots/REVISION to REPOSITORY/blobs.
 */
function pathInside(folder: string, name: string, refuse: Refuse): string {
  if (!/^[^/\\:\p{Cc}]+$/u.test(name) || name === '.' || name === '..') {
    throw refuse('a file of weights must have a plain name', quoted(name));
  }
  const path = join(folder, name);
  if (!existsSync(path)) throw refuse('every shard must be in the folder', `no ${quoted(name)}`);
  const home = realpathSync(folder);
  const target = dirname(realpathSync(path));
  const snapshots = dirname(home);
  const blobs = join(dirname(snapshots), 'blobs');
  if (target === home || (basename(snapshots) === 'snapshots' && target === blobs)) return path;
  throw refuse(
    'a file of weights must lie in the folder',
    `${quoted(name)}, a link into ${quoted(target)}`,
  );
}

/** The shard of every tensor, where index and shards agree on all of them. */
function sources(
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, TensorSource>,
  refuse: Refuse,
): ReadonlyMap<string, TensorSource> {
  const found = new Map<string, string>();
  for (const [file, { tensors }] of shards) {
    for (const tensor of tensors.keys()) {
      const other = found.get(tensor);
      const named = weightMap.get(tensor);
      const fail = (required: string, got: string): Error =>
        refuse(`tensor ${quoted(tensor)} must be ${required}`, got);
      if (other !== undefined) throw fail('in one shard', `${quoted(other)} and ${quoted(file)}`);
      if (named === undefined) throw fail('in the weight_map', `it in ${quoted(file)} only`);
      found.set(tensor, file);
    }
  }
  const result = new Map<string, TensorSource>();
  for (const [tensor, file] of weightMap) {
    const shard = shards.get(file);
    const actual = found.get(tensor);
    if (shard === undefined || actual !== file) {
      throw refuse(
        `tensor ${quoted(tensor)} must be in ${quoted(file)}`,
        actual === undefined ? 'it in no shard' : `it in ${quoted(actual)}`,
      );
    }
    result.set(tensor, shard);
  }
  return result;
}

class Shards implements TensorSource {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #shards: readonly TensorSource[];
  readonly #sources: ReadonlyMap<string, TensorSource>;
  readonly #refuse: Refuse;

  constructor(
    sources: ReadonlyMap<string, TensorSource>,
    shards: readonly TensorSource[],
    refuse: Refuse,
  ) {
    this.#sources = sources;
    this.#shards = shards;
    this.#refuse = refuse;
    this.tensors = new Map(shards.flatMap(({ tensors }) => [...tensors]));
    this.metadata = new Map(shards.toReversed().flatMap(({ metadata }) => [...metadata]));
  }

  read(name: string): Tensor {
    return this.#source(name).read(name);
  }

  readMatrix(name: string): Matrix {
    return this.#source(name).readMatrix(name);
  }

  close(): void {
    for (const shard of this.#shards) shard.close();
  }

  #source(name: string): TensorSource {
    const source = this.#sources.get(name);
    if (source !== undefined) return source;
    throw this.#refuse(`tensor ${quoted(name)} must be in the index`, 'none of that name');
  }
}
