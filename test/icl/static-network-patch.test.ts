import { expect, test } from 'vitest';
import { runNetwork, staticNetworkPatch } from '../../src/icl/index.ts';
import { DegenerateBase, matrix, maxAbs, Random, subtract } from '../../src/linalg/index.ts';
import { gpt2Block, initialise, llamaBlock, network } from '../../src/model/index.ts';

const random = new Random(161);
const sizes = { width: 8, heads: 2, hidden: 20 };
const net = network([gpt2Block(sizes), llamaBlock(sizes), gpt2Block(sizes)]);
const parameters = initialise(net.shapes, random);
const X = matrix(9, 8);
random.fillNormal(X.data);
const keep = [2, 5, 7, 8];
const kept = matrix(
  4,
  8,
  Float64Array.from(keep.flatMap((t) => [...X.data.slice(8 * t, 8 * t + 8)])),
);

test.each(['default', 'w2only'] as const)(
  '%s: one set of weights is exact at four tokens',
  (variant) => {
    const found = staticNetworkPatch(net, parameters, X, keep, variant);
    const runs = runNetwork(net, found.parameters, kept, keep);
    keep.forEach((t, i) => {
      const target = found.contextual[2][t].output;
      // u times condition numbers of some hundreds, measured: 1e-13.
      expect(maxAbs(subtract(runs[2][i].output, target))).toBeLessThanOrEqual(1e-11);
      expect(runs[2][i].output).toEqual(found.patched[2][i].output);
    });
    const without = runNetwork(net, parameters, kept, keep);
    const off = maxAbs(subtract(without[2][3].output, found.contextual[2][8].output));
    expect(off).toBeGreaterThan(1e-2);
  },
);

test('more tokens than independent inputs are a contradiction, unless the hidden entries suffice', () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 8]; // eight, behind layer norms of constant gain: rank seven
  expect(() => staticNetworkPatch(net, parameters, X, all)).toThrow(DegenerateBase);
  expect(() => staticNetworkPatch(net, parameters, X, all, 'w2only')).not.toThrow();
});
