import { describe, expect, test } from 'vitest';
import {
  decodePatches,
  encodePatches,
  networkPatch,
  patchNorms,
  requireNetworkPatches,
  runNetwork,
  withNetworkPatch,
} from '../../src/icl/index.ts';
import {
  DomainError,
  matrix,
  maxAbs,
  NonFiniteError,
  Random,
  rankOneNorm,
  ShapeError,
  StateError,
  subtract,
} from '../../src/linalg/index.ts';
import { gemmaBlock, gpt2Block, initialise, llamaBlock, network } from '../../src/model/index.ts';

const random = new Random(151);
const sizes = { width: 6, heads: 2, headWidth: 4, hidden: 10 };
const net = network([gpt2Block(sizes), llamaBlock(sizes), gemmaBlock(sizes)]);
const parameters = initialise(net.shapes, random);
const X = matrix(6, 6);
random.fillNormal(X.data);
const keep = [2, 4, 5];

describe.each(['all', 'last', 'everywhere'] as const)('patches of mode %s', (mode) => {
  const found = networkPatch(net, parameters, X, keep, { mode });

  test('have the same bits after they were saved and loaded', () => {
    const loaded = decodePatches(net, parameters, encodePatches(found));
    expect(loaded.mode).toBe(mode);
    expect(encodePatches(loaded)).toEqual(encodePatches(found));
    const kept = matrix(
      3,
      6,
      Float64Array.from(keep.flatMap((t) => [...X.data.slice(6 * t, 6 * t + 6)])),
    );
    const again = runNetwork(net, parameters, kept, keep, loaded.patches);
    expect(again[2][2].output).toEqual(found.patched[2][2].output);
  });

  test('are refused by another network, and when they are spoiled', () => {
    const bytes = encodePatches(found);
    const other = network([gpt2Block(sizes), gpt2Block(sizes), gemmaBlock(sizes)]);
    const own = initialise(other.shapes, random);
    expect(() => decodePatches(other, own, bytes)).toThrow(DomainError);
    expect(() => decodePatches(network(net.blocks.slice(1)), parameters, bytes)).toThrow(
      DomainError,
    );
    expect(() => decodePatches(net, parameters, bytes.slice(0, -9))).toThrow(StateError);
    bytes[bytes.length - 20] ^= 1;
    expect(() => decodePatches(net, parameters, bytes)).toThrow(StateError);
  });
});

test('patches of other lengths, with NaN, or of no mode are refused by name', () => {
  const { patches } = networkPatch(net, parameters, X, keep);
  const update = patches[1][0]?.weights['Wd'];
  if (!update) throw new Error('a patch is required');
  const withUpdate = (changed: typeof update) => ({
    mode: 'all' as const,
    patches: patches.map((layer, l) =>
      layer.map((patch, i) =>
        l === 1 && i === 0 && patch ? { ...patch, weights: { Wd: changed } } : patch,
      ),
    ),
  });
  const check = (found: ReturnType<typeof withUpdate>) => () =>
    requireNetworkPatches('check', net, parameters, found);
  expect(check(withUpdate(update))).not.toThrow();
  expect(check(withUpdate({ ...update, p: update.p.slice(1) }))).toThrow(ShapeError);
  expect(check(withUpdate({ ...update, p: update.p.map(() => Number.NaN) }))).toThrow(
    NonFiniteError,
  );
  expect(check(withUpdate({ ...update, p: update.p.slice(1) }))).toThrow('block 1, token 0');
  expect(check({ mode: 'some' as 'all', patches: patches.map((layer) => [...layer]) })).toThrow(
    DomainError,
  );
});

test('mode everywhere can be added into the weights, and then nothing is patched any more', () => {
  const found = networkPatch(net, parameters, X, keep, { mode: 'everywhere' });
  const changed = withNetworkPatch(net, parameters, found);
  const kept = matrix(
    3,
    6,
    Float64Array.from(keep.flatMap((t) => [...X.data.slice(6 * t, 6 * t + 6)])),
  );
  const runs = runNetwork(net, changed, kept, keep);
  const target = found.contextual[2][5].output;
  expect(maxAbs(subtract(runs[2][2].output, target))).toBeLessThanOrEqual(1e-12 * maxAbs(target));
  expect(maxAbs(subtract(found.base[2][2].output, target))).toBeGreaterThan(1e-3);
  const all = networkPatch(net, parameters, X, keep);
  expect(() => withNetworkPatch(net, parameters, all)).toThrow('mode everywhere is required');
});

test('norms are those of the factors', () => {
  const found = networkPatch(net, parameters, X, keep, { mode: 'last' });
  expect(patchNorms(found, 0)).toEqual([null, null, null]);
  const [first] = patchNorms(found, 2);
  const W1 = found.patches[0][2]?.weights['W1'];
  expect(first?.['W1']).toBe(W1 && rankOneNorm(W1));
});

test('patches that are not of their mode are refused, so that none is added in that was not meant', () => {
  const [all, last, everywhere] = (['all', 'last', 'everywhere'] as const).map((mode) =>
    networkPatch(net, parameters, X, keep, { mode }),
  );
  const decode =
    (mode: typeof all.mode, { patches }: typeof all) =>
    (): unknown =>
      decodePatches(net, parameters, encodePatches({ mode, patches }));
  expect(decode('last', all)).toThrow(/no patch is required in mode last, got one/);
  expect(decode('all', last)).toThrow(/a patch is required in mode all, got none/);
  expect(decode('everywhere', all)).toThrow(/the patch of the last token is required/);
  expect(() => withNetworkPatch(net, parameters, { ...all, mode: 'everywhere' })).toThrow(
    /the patch of the last token is required/,
  );
  decode('everywhere', everywhere)();
});
