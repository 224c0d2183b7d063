/**
 * Patches in a file of safetensors, every bit kept, with what they were made from.
 *
 * Tensors are called BLOCK.TOKEN.PART.NAME, for example 2.0.p.W1, 2.0.v.W1, 2.0.bias.b2, 2.0.gain.post2, in F64; of mode
 * everywhere one token stands for all. The metadata say the rest, in strings: see `Provenance`; and the
 * SHA-256 of everything.
 *
 * @module
 */
import {
  type NetworkPatches,
  type PatchMode,
  patchArrays,
  patchesOf,
  requireNetworkPatches,
  type Variant,
} from '../../icl/index.ts';
import type { Network, Parameters } from '../../model/index.ts';
import { quoted, type Refuse, refusing } from '../format-error.ts';
import { parseJson } from '../hugging-face/describe.ts';
import { openSafetensors } from '../safetensors-reader.ts';
import { writeSafetensors } from '../safetensors-writer.ts';
import { sha256OfArrays } from '../sha256.ts';
import type { Provenance } from './provenance.ts';

const FORMAT = 'deltaw patch 1';

/** Of all the rest: notes and numbers. */
const HASH = 'sha256';

/** Patches, and what they were made from. */
export interface SavedPatch {
  readonly found: NetworkPatches;
  readonly provenance: Provenance;
}

/**
 * Writes the patches; the same ones give the same bytes.
 *
 * @throws NonFiniteError if a number is not finite; FileError if the file cannot be written.
 */
export function writePatch(path: string, { found, provenance }: SavedPatch): void {
  const { mode, patches } = found;
  const stored = mode === 'everywhere' ? patches.map((layer) => layer.slice(-1)) : patches;
  const { settings, arrays } = patchArrays({ mode, patches: stored });
  const { theorem, variant, version, model, removed, kept, positions, length } = provenance;
  const tensors = Object.entries(arrays).map(([name, data]) => {
    return { name, dtype: 'F64' as const, shape: [data.length], data };
  });
  const metadata = {
    ...{ format: FORMAT, theorem, variant, mode, deltaw: version },
    ...{ blocks: `${settings['blocks']}`, absent: `${settings['absent']}` },
    ...{ positions: positions.join(','), length: `${length}` },
    'model.sha256': JSON.stringify(model),
    'removed.sha256': removed,
    'kept.sha256': kept,
  };
  const notes = new Map(Object.entries(metadata));
  const hash = sha256OfArrays(notes, new Map(Object.entries(arrays)));
  writeSafetensors(path, tensors, notes.set(HASH, hash));
}

/**
 * The patches that `writePatch` wrote, in every bit, if they are patches of this network.
 *
 * @throws FormatError naming the file if it is cut short, altered or of something else; StateError if arrays are
 * missing; FileError if it cannot be read; DomainError, ShapeError or NonFiniteError as `requireNetworkPatches`.
 */
export function readPatch(path: string, network: Network, parameters: Parameters): SavedPatch {
  const refuse = refusing('readPatch', path);
  const { note, arrays } = contentOf(path, refuse);
  const provenance = provenanceOf(note, refuse);
  const mode = note('mode') as PatchMode; // checked with the patches
  const blocks = Number(note('blocks'));
  if (blocks !== network.blocks.length) {
    throw refuse(`patches of ${network.blocks.length} blocks are required`, `${blocks}`);
  }
  const tokens = provenance.positions.length;
  const stored = mode === 'everywhere' ? 1 : tokens;
  const settings = { mode, blocks, tokens: stored, absent: note('absent') };
  const { patches } = patchesOf('readPatch', { settings, arrays: Object.fromEntries(arrays) });
  const all = mode === 'everywhere' ? patches.map(([each]) => Array(tokens).fill(each)) : patches;
  const found: NetworkPatches = { mode, patches: all };
  requireNetworkPatches('readPatch', network, parameters, found);
  return { found, provenance };
}

interface Content {
  readonly note: (name: string) => string;
  readonly arrays: ReadonlyMap<string, Float64Array>;
}

/** Notes and numbers of a file, if they have the hash that it says. */
function contentOf(path: string, refuse: Refuse): Content {
  const source = openSafetensors(path, { finite: true });
  try {
    const { metadata } = source;
    const note = (name: string): string => {
      const value = metadata.get(name);
      if (value === undefined) throw refuse(`a patch with ${quoted(name)} is required`, 'none');
      return value;
    };
    const format = note('format');
    if (format !== FORMAT) throw refuse(`the format ${quoted(FORMAT)} is required`, quoted(format));
    const arrays = new Map<string, Float64Array>();
    for (const name of source.tensors.keys()) arrays.set(name, source.read(name).data);
    const notes = new Map([...metadata].filter(([name]) => name !== HASH));
    const hash = sha256OfArrays(notes, arrays);
    if (hash === note(HASH)) return { note, arrays };
    throw refuse(`content of SHA-256 ${quoted(note(HASH))} is required`, hash);
  } finally {
    source.close();
  }
}

function provenanceOf(note: (name: string) => string, refuse: Refuse): Provenance {
  const text = note('positions');
  const positions = text.split(',').map(Number);
  const length = Number(note('length'));
  const ascending = positions.every((t, i) => t > (positions[i - 1] ?? -1) && t < length);
  if (!/^\d+(?:,\d+)*$/.test(text) || !Number.isSafeInteger(length) || !ascending) {
    throw refuse('positions that ascend below the length are required', quoted(text));
  }
  const model = parseJson(note('model.sha256'), refuse);
  const isRecord = typeof model === 'object' && model !== null;
  if (!isRecord || !Object.values(model).every((hash) => typeof hash === 'string')) {
    throw refuse('hashes of files are required', quoted(note('model.sha256')));
  }
  return {
    ...{ theorem: note('theorem'), version: note('deltaw'), positions, length },
    variant: note('variant') as Variant, // a label: what is applied is in the tensors
    model: { ...model } as Record<string, string>, // seen above
    removed: note('removed.sha256'),
    kept: note('kept.sha256'),
  };
}
