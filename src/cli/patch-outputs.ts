/**
 * The files of `deltaw patch`: which there are, where they go, and writing them.
 *
 * @module
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkPatch, PatchMode, Variant } from '../icl/index.ts';
import {
  ADAPTER_FILES,
  FileError,
  holdsForeignCheckpoint,
  requireWritableFolder,
  sha256OfIds,
  sha256OfModel,
  writeAdapter,
  writePatch,
  writePatchedCheckpoint,
} from '../io/index.ts';
import type { OpenModel, Prompt } from './model-input.ts';
import { type Given, UsageError } from './options.ts';

/** What a patch is written as. */
export const FORMATS = ['native', 'peft', 'dense'] as const;
export type Format = (typeof FORMATS)[number];

const PATCH_FILE = 'patch.safetensors';

/** What a format puts into its folder, so that nothing else is left beside it. */
const OWN_FILES: Readonly<Record<Format, readonly string[]>> = {
  native: [PATCH_FILE],
  peft: ADAPTER_FILES,
  dense: ['config.json', 'model.safetensors'],
};

/** A format and its folder. */
export interface Output {
  readonly format: Format;
  readonly folder: string;
}

/**
 * What is to be written: nothing unless --out, --format or --dense is given. One format goes into the folder itself,
 * several into folders of their names below it.
 *
 * @throws UsageError for a format that is none, or given twice.
 */
export function outputsOf({ texts, switches }: Given): Output[] {
  const dense = switches.has('dense');
  if (texts['out'] === undefined && texts['format'] === undefined && !dense) return [];
  const names = texts['format']?.split(',').map((name) => name.trim()) ?? (dense ? [] : ['native']);
  const all = dense ? [...names, 'dense'] : names;
  const formats = FORMATS.filter((format) => all.includes(format));
  if (formats.length !== all.length) {
    throw new UsageError(
      `patch: --format needs ${FORMATS.join(', ')}, each once, or several with commas between, got ` +
        `'${all.join(',')}'`,
    );
  }
  const out = texts['out'] ?? 'out';
  return formats.map((format) => {
    return { format, folder: formats.length === 1 ? out : join(out, format) };
  });
}

/** Formats that act at every token. */
export const needsEverywhere = (outputs: readonly Output[]): Output | undefined =>
  outputs.find(({ format }) => format !== 'native');

/**
 * Looks whether the folders can be written, and that none is the model's own, holds another format, or a checkpoint that
 * was not written here.
 *
 * @throws FileError naming the folder.
 */
export function requireOutputs(outputs: readonly Output[], model: string): void {
  for (const { format, folder } of outputs) {
    requireWritableFolder(folder, OWN_FILES[format]);
    if (existsSync(model) && realpathSync(folder) === realpathSync(model)) {
      throw new FileError(`--out: another folder than the model's is required, got ${folder}`);
    }
    for (const other of FORMATS) {
      const [name] = OWN_FILES[other];
      if (other === format || !existsSync(join(folder, name))) continue;
      throw new FileError(
        `--out: a folder without files of another format is required, got ${folder} with ${name}`,
      );
    }
    if (format === 'dense' && holdsForeignCheckpoint(folder)) {
      throw new FileError(
        `--out: a folder without another checkpoint is required, got ${folder}, which holds one`,
      );
    }
  }
}

export interface WriteOptions {
  readonly variant: Variant;
  /** Of the adapter's numbers. */
  readonly dtype: 'F32' | 'F64';
}

/** Writes the files and returns their paths. @throws FileError, DomainError or NonFiniteError as the writers. */
export function writeOutputs(
  outputs: readonly Output[],
  model: OpenModel,
  prompt: Prompt,
  found: NetworkPatch,
  options: WriteOptions,
): string[] {
  return outputs.flatMap((output) => writeOutput(output, model, prompt, found, options));
}

function writeOutput(
  { format, folder }: Output,
  model: OpenModel,
  prompt: Prompt,
  found: NetworkPatch,
  { variant, dtype }: WriteOptions,
): string[] {
  const { checkpoint, folder: source, name } = model;
  if (format === 'peft') return writeAdapter(folder, checkpoint, found, { baseModel: name, dtype });
  if (format === 'dense') return writePatchedCheckpoint(folder, source, checkpoint, found);
  const path = join(folder, PATCH_FILE);
  writePatch(path, { found, provenance: provenanceOf(model, prompt, variant) });
  return [path];
}

function provenanceOf({ folder }: OpenModel, { ids, keep }: Prompt, variant: Variant) {
  const stays = new Set(keep);
  const about = new URL('../../package.json', import.meta.url);
  return {
    ...{
      theorem: '5.2',
      variant,
      version: String(JSON.parse(readFileSync(about, 'utf8')).version),
    },
    model: sha256OfModel(folder),
    removed: sha256OfIds(ids.filter((_, t) => !stays.has(t))),
    kept: sha256OfIds(keep.map((t) => ids[t])),
    ...{ positions: keep, length: ids.length },
  };
}

/** The mode that was asked for, or the one that the formats need. @throws UsageError if they do not fit. */
export function modeOf({ texts }: Given, outputs: readonly Output[]): PatchMode {
  const needing = needsEverywhere(outputs);
  const mode = texts['mode'] ?? (needing ? 'everywhere' : 'all');
  if (mode !== 'all' && mode !== 'last' && mode !== 'everywhere') {
    throw new UsageError(`patch: --mode must be all, last or everywhere, got '${mode}'`);
  }
  if (needing && mode !== 'everywhere') {
    throw new UsageError(
      `patch: --format ${needing.format} acts at every token, so --mode everywhere is required, got ${mode}`,
    );
  }
  return mode;
}
