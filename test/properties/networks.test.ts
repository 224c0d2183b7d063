/**
 * Networks of any families, any retained tokens, in all modes and variants.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockBounds, networkPatch, residual, runNetwork, VARIANTS } from '../../src/icl/index.ts';
import { matrixFromRows, Random, rowOf } from '../../src/linalg/index.ts';
import { network } from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';
import { FAMILIES } from '../support/families.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { drawParameters, runs, seeds, subset } from './arbitraries.ts';

const families = fc.array(fc.constantFrom(...Object.keys(FAMILIES)), {
  minLength: 1,
  maxLength: 3,
});
const modes = fc.constantFrom('all' as const, 'last' as const, 'everywhere' as const);
const variants = fc.constantFrom(...VARIANTS);

test('every block of a patched network is contextual at the patched tokens, within the bound of that block alone', () => {
  fc.assert(
    fc.property(families, modes, variants, seeds, (names, mode, variant, seed) => {
      const random = new Random(seed, 138);
      const net = network(names.map((name) => FAMILIES[name]));
      const parameters = drawParameters(net.shapes, random);
      const T = 2 + random.integer(4);
      const keep = subset(T, random);
      const sequence = normalMatrix(T, net.width, random);
      const gaps = Array.from({ length: T }, () => 1 + random.integer(3));
      const positions = gaps.map((_, t) => gaps.slice(0, t).reduce((sum, gap) => sum + gap, 0));
      const options = { mode, variant, positions };
      const found = networkPatch(net, parameters, sequence, keep, options);
      // The patches alone, at the tokens' own positions, make the patched run anew.
      const retained = matrixFromRows(keep.map((t) => rowOf(sequence, t)));
      const own = keep.map((t) => positions[t]);
      const again = runNetwork(net, parameters, retained, own, found.patches);
      again.at(-1)?.forEach(({ output }, i) => {
        assertSameBits(output, found.patched[names.length - 1][i].output, `token ${i}`);
      });
      for (const layer of found.patches) {
        const others = layer.slice(0, -1);
        if (mode === 'last') expect(others.every((patch) => patch === null)).toBe(true);
        if (mode === 'everywhere')
          expect(others.every((patch) => patch === layer.at(-1))).toBe(true);
      }
      const reached = mode === 'all' ? keep.map((_, i) => i) : [keep.length - 1];
      const kept = keep.filter((t, i) => t === i).length; // tokens before the first that is removed
      net.blocks.forEach((block, l) => {
        const ofBlock = net.own(parameters, l);
        for (const i of reached) {
          const patch = found.patches[l][i];
          if (!patch) throw new Error(`block ${l} has no patch at token ${i}`);
          const contextual = found.contextual[l][keep[i]];
          const ends = { base: found.actual[l][i], contextual };
          const { output } = blockBounds(block, ofBlock, ends, variant, 'factored', patch);
          const { overBound, bound } = residual(
            found.patched[l][i].output,
            contextual.output,
            output,
          );
          expect(overBound, `block ${l}, token ${i}`).toBeLessThanOrEqual(1);
          // Small enough to be rounding: measured 6.5e-12 at most, 1.2e-13 in the middle.
          expect(bound).toBeLessThan(1e-9);
          if (i >= kept) continue;
          const added = [
            ...Object.values(patch.weights).map(({ p }) => p),
            ...Object.values(patch.biases),
            ...Object.values(patch.gains ?? {}),
          ];
          for (const x of added) assertSameBits(x, new Float64Array(x.length), `token ${i}`);
        }
      });
    }),
    runs(1351),
  );
});
