/**
 * Patches as bytes: what is loaded is what was saved, to the bit.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodePatches,
  encodePatches,
  type NetworkPatches,
  type PatchMode,
} from '../../src/icl/index.ts';
import { Random, type RankOne } from '../../src/linalg/index.ts';
import { type Block, type BlockPatch, initialise, network } from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { hostile, runs, vectorOf } from './arbitraries.ts';

/** Up to three of these, by name. */
const someOf = <T>(
  entries: readonly (readonly [string, fc.Arbitrary<T>])[],
): fc.Arbitrary<Record<string, T>> =>
  fc
    .subarray([...entries], { maxLength: Math.min(3, entries.length) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)));

/** Five hostile doubles over and over: no size of a site is a multiple of five. */
const filled = (length: number): fc.Arbitrary<Float64Array> =>
  vectorOf(hostile, 5).map((five) => Float64Array.from({ length }, (_, i) => five[i % 5]));

/** Any finite patch of this block: some of its sites, biases and gains, or none, filled with any doubles. */
const patchesOf = ({ feedForward, wiring, layer, shapes }: Block): fc.Arbitrary<BlockPatch> => {
  const sites = [...feedForward.inputs, ...feedForward.outputs].map(({ weight, bias }) => ({
    ...{ weight, bias },
    ...shapes[`mlp.${weight}`],
  }));
  const factors = (rows: number, cols: number): fc.Arbitrary<RankOne> =>
    fc.record({ p: filled(rows), v: filled(cols) });
  return fc.record({
    weights: someOf(sites.map(({ weight, rows, cols }) => [weight, factors(rows, cols)])),
    biases: someOf(sites.map(({ bias, rows }) => [bias, filled(rows)])),
    gains: someOf(Object.keys(wiring.norms).map((norm) => [norm, filled(layer.width)])),
  });
};

/** What the mode has at token i. */
function ofMode(
  mode: PatchMode,
  layer: readonly BlockPatch[],
  patch: BlockPatch,
  i: number,
): BlockPatch | null {
  const last = layer[layer.length - 1];
  if (mode === 'all') return patch;
  return mode === 'everywhere' || i === layer.length - 1 ? last : null;
}

const cases = fc
  .tuple(
    fc.array(fc.constantFrom(...Object.keys(FAMILIES)), { minLength: 1, maxLength: 2 }),
    fc.integer({ min: 1, max: 2 }),
  )
  .chain(([names, tokens]) => {
    const layers = names.map((name) =>
      fc.array(patchesOf(FAMILIES[name]), { minLength: tokens, maxLength: tokens }),
    );
    const modes = fc.constantFrom('all' as const, 'last' as const, 'everywhere' as const);
    return fc.record({ mode: modes, drawn: fc.tuple(...layers) }).map(({ mode, drawn }) => ({
      ...{ names, mode },
      patches: drawn.map((layer) => layer.map((patch, i) => ofMode(mode, layer, patch, i))),
    }));
  });

/** Every array of the patches, by where it stands. */
function arraysOf({ patches }: NetworkPatches): Record<string, Float64Array> {
  const arrays: Record<string, Float64Array> = {};
  patches.forEach((layer, l) => {
    layer.forEach((patch, i) => {
      const at = `${l}.${i}`;
      for (const [name, { p, v }] of Object.entries(patch?.weights ?? {})) {
        arrays[`${at} p ${name}`] = p;
        arrays[`${at} v ${name}`] = v;
      }
      for (const part of ['biases', 'gains'] as const) {
        for (const [name, x] of Object.entries(patch?.[part] ?? {})) {
          arrays[`${at} ${part} ${name}`] = x;
        }
      }
    });
  });
  return arrays;
}

test('saved patches come back bit for bit, the absent ones absent', () => {
  fc.assert(
    fc.property(cases, ({ names, mode, patches }) => {
      const net = network(names.map((name) => FAMILIES[name]));
      const parameters = initialise(net.shapes, new Random(1));
      const bytes = encodePatches({ mode, patches });
      const loaded = decodePatches(net, parameters, bytes);
      expect(loaded.mode).toBe(mode);
      const absent = (layers: NetworkPatches['patches']) =>
        layers.map((layer) => layer.map((patch) => patch === null));
      expect(absent(loaded.patches)).toEqual(absent(patches));
      const [saved, found] = [arraysOf({ mode, patches }), arraysOf(loaded)];
      expect(Object.keys(found).sort()).toEqual(Object.keys(saved).sort());
      for (const [at, x] of Object.entries(saved)) assertSameBits(found[at], x, at);
      expect(encodePatches(loaded)).toEqual(bytes);
    }),
    runs(1361),
  );
});
