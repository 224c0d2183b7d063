/**
 * The patches of a network as values: checked, measured, added into the weights, saved and loaded.
 *
 * The format is that of `model/state-bytes.ts` (versioned, with a checksum), of kind 'network patches':
 * settings say how many blocks and tokens there are and which mode they were made for; arrays are called
 * BLOCK.TOKEN.PART.NAME, for example 2.0.p.W1, 2.0.v.W1, 2.0.bias.b2, 2.0.gain.post2. The factors are
 * saved, 64 bits a number: what is loaded has the bits of what was saved.
 *
 * @module
 */
import { DomainError, rankOneNorm, StateError } from '../linalg/index.ts';
import {
  type BlockPatch,
  decodeState,
  encodeState,
  type Network,
  type Parameters,
  prefixed,
  requireBlockPatch,
  type State,
} from '../model/index.ts';
import type { PatchMode } from './network-patch.ts';
import { withPatch } from './prove-patch.ts';

/** patches[l][i] for block l and retained token i, and the mode they were made for. */
export interface NetworkPatches {
  readonly mode: PatchMode;
  readonly patches: readonly (readonly (BlockPatch | null)[])[];
}

const KIND = 'network patches';
const MODES: readonly PatchMode[] = ['all', 'last', 'everywhere'];

/**
 * Refuses patches that are not of this network: another number of blocks, unequal numbers of tokens, a
 * site or norm that a block does not have, factors of other lengths, numbers that are not finite; and patches
 * that are not of their mode: all has one for each token, last for the last token only, everywhere the same bits
 * for each.
 *
 * @throws DomainError, ShapeError or NonFiniteError naming block and token.
 */
export function requireNetworkPatches(
  caller: string,
  network: Network,
  parameters: Parameters,
  { mode, patches }: NetworkPatches,
): void {
  if (!MODES.includes(mode)) {
    throw new DomainError(`${caller}: mode must be one of ${MODES.join(', ')}, got ${mode}`);
  }
  const depth = network.blocks.length;
  const tokens = patches[0]?.length ?? 0;
  if (patches.length !== depth || tokens === 0 || patches.some((each) => each.length !== tokens)) {
    throw new DomainError(
      `${caller}: patches of ${depth} blocks, as many tokens in each, are required, got ` +
        `${patches.map((each) => each.length).join(', ') || 'none'}`,
    );
  }
  patches.forEach((layer, l) => {
    const own = network.own(parameters, l);
    const last = layer[tokens - 1];
    layer.forEach((patch, i) => {
      const at = `${caller}: block ${l}, token ${i}`;
      if (patch) requireBlockPatch(at, network.blocks[l], own, patch);
      const expected = mode !== 'last' || i === tokens - 1;
      if (expected !== (patch !== null)) {
        const wanted = expected ? 'a patch' : 'no patch';
        throw new DomainError(
          `${at}: ${wanted} is required in mode ${mode}, got ${patch ? 'one' : 'none'}`,
        );
      }
      if (mode === 'everywhere' && patch && last && !sameBits(patch, last)) {
        throw new DomainError(
          `${at}: the patch of the last token is required in mode everywhere, got another`,
        );
      }
    });
  });
}

/** Whether two patches hold the same bits under the same names. */
function sameBits(a: BlockPatch, b: BlockPatch): boolean {
  if (a === b) return true;
  const same = (x?: Float64Array, y?: Float64Array): boolean =>
    x?.length === y?.length && (x ?? []).every((entry, i) => Object.is(entry, y?.[i]));
  const arrays = ({ weights, biases, gains = {} }: BlockPatch): Record<string, Float64Array> => ({
    ...Object.fromEntries(Object.entries(weights).map(([name, { p }]) => [`p ${name}`, p])),
    ...Object.fromEntries(Object.entries(weights).map(([name, { v }]) => [`v ${name}`, v])),
    ...Object.fromEntries(Object.entries(biases).map(([name, x]) => [`bias ${name}`, x])),
    ...Object.fromEntries(Object.entries(gains).map(([name, x]) => [`gain ${name}`, x])),
  });
  const [x, y] = [arrays(a), arrays(b)];
  return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((name) =>
    same(x[name], y[name]),
  );
}

/** The patches as bytes. The same patches give the same bytes. */
export const encodePatches = (found: NetworkPatches): Uint8Array =>
  encodeState({ kind: KIND, ...patchArrays(found) });

/** Settings and arrays of a state that holds the patches. */
export function patchArrays({ mode, patches }: NetworkPatches): Omit<State, 'kind'> {
  const arrays: Record<string, Float64Array> = {};
  const absent: string[] = [];
  patches.forEach((layer, l) => {
    layer.forEach((patch, i) => {
      const at = `${l}.${i}`;
      if (!patch) absent.push(at);
      for (const [name, { p, v }] of Object.entries(patch?.weights ?? {})) {
        arrays[`${at}.p.${name}`] = p;
        arrays[`${at}.v.${name}`] = v;
      }
      for (const [name, shift] of Object.entries(patch?.biases ?? {})) {
        arrays[`${at}.bias.${name}`] = shift;
      }
      for (const [name, change] of Object.entries(patch?.gains ?? {})) {
        arrays[`${at}.gain.${name}`] = change;
      }
    });
  });
  const settings = {
    mode,
    blocks: patches.length,
    tokens: patches[0]?.length ?? 0,
    absent: absent.join(' '),
  };
  return { settings, arrays };
}

/**
 * The patches that `encodePatches` made the bytes of, if they are patches of this network.
 *
 * @throws StateError if the bytes are cut short, altered, or of something else.
 * @throws DomainError, ShapeError or NonFiniteError as `requireNetworkPatches`.
 */
export function decodePatches(
  network: Network,
  parameters: Parameters,
  bytes: Uint8Array,
): NetworkPatches {
  const { kind, ...state } = decodeState(bytes);
  if (kind !== KIND) throw new StateError(`decodePatches: ${KIND} are required, got ${kind}`);
  const decoded = patchesOf('decodePatches', state);
  requireNetworkPatches('decodePatches', network, parameters, decoded);
  return decoded;
}

/**
 * The patches that `patchArrays` made the settings and arrays of; their mode is not checked here.
 *
 * @throws StateError if something is missing, or an array has no place.
 */
export function patchesOf(
  caller: string,
  { settings, arrays }: Omit<State, 'kind'>,
): NetworkPatches {
  const { mode, blocks, tokens, absent } = settings;
  const sizes = [blocks, tokens].every((size) => Number.isInteger(size) && Number(size) > 0);
  if (!sizes || typeof absent !== 'string') {
    throw new StateError(`${caller}: numbers of blocks and tokens are required, got none`);
  }
  const gone = new Set(absent.split(' '));
  const patches = Array.from({ length: Number(blocks) }, (_, l) =>
    Array.from({ length: Number(tokens) }, (_, i) => (gone.has(`${l}.${i}`) ? null : empty())),
  );
  for (const [name, values] of Object.entries(arrays)) {
    const [, l, i, part, site] = /^(\d+)\.(\d+)\.(p|v|bias|gain)\.(.+)$/.exec(name) ?? [];
    const patch = patches[Number(l)]?.[Number(i)];
    if (!patch) throw new StateError(`${caller}: no patch has a place for the array ${name}`);
    if (part === 'bias') patch.biases[site] = values;
    else if (part === 'gain') patch.gains[site] = values;
    else if (part === 'p') {
      const v = arrays[`${l}.${i}.v.${site}`];
      if (!v)
        throw new StateError(`${caller}: the array ${name} needs its second factor, got none`);
      patch.weights[site] = { p: values, v };
    } else if (!arrays[`${l}.${i}.p.${site}`]) {
      throw new StateError(`${caller}: the array ${name} needs its first factor, got none`);
    }
  }
  return { mode: mode as PatchMode, patches }; // the mode is checked with the patches
}

const empty = () => ({
  weights: {} as Record<string, BlockPatch['weights'][string]>,
  biases: {} as Record<string, Float64Array>,
  gains: {} as Record<string, Float64Array>,
});

/** ‖ΔW‖ of every weight in each block, for one token: null where it is not patched. */
export function patchNorms(
  { patches }: NetworkPatches,
  token: number,
): (Readonly<Record<string, number>> | null)[] {
  return patches.map((layer) => {
    const patch = layer[token];
    if (!patch) return null;
    const norms = Object.entries(patch.weights).map(([name, update]) => [
      name,
      rankOneNorm(update),
    ]);
    return Object.fromEntries(norms);
  });
}

/**
 * The network's parameters with patches of mode everywhere added in: a network like any other, which
 * without the removed tokens does at the last token what the original does with them.
 *
 * @throws DomainError for patches of another mode, which no one set of weights can hold; and as
 * `requireNetworkPatches`.
 */
export function withNetworkPatch(
  network: Network,
  parameters: Parameters,
  found: NetworkPatches,
): Parameters {
  requireNetworkPatches('withNetworkPatch', network, parameters, found);
  if (found.mode !== 'everywhere') {
    throw new DomainError(`withNetworkPatch: mode everywhere is required, got ${found.mode}`);
  }
  const changed = network.blocks.map((block, l) => {
    const own = network.own(parameters, l);
    const [patch] = found.patches[l]; // the same for each token
    return prefixed(`blocks.${l}`, patch ? withPatch(block, own, patch) : own);
  });
  return { ...parameters, ...Object.assign({}, ...changed) };
}
