/**
 * Theorem 1 through whole blocks: every wiring in every form, every family, every variant, any part of the
 * context, as factors and added in.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextPatch, proveContextPatch, VARIANTS, type Variant } from '../../src/icl/index.ts';
import { DomainError, Random } from '../../src/linalg/index.ts';
import { type Block, postPartNorm, sandwich } from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { drawBlock, drawPrompt, runs, seeds, WIRINGS_IN_ALL_FORMS } from './arbitraries.ts';

const applications = fc.constantFrom('factored' as const, 'dense' as const);
const wirings = fc.constantFrom(...Object.keys(WIRINGS_IN_ALL_FORMS));
const families = fc.constantFrom(...Object.keys(FAMILIES));

/** A block whose wiring has that name, in a form that is drawn. */
function blockOfWiring(wiring: string, random: Random): Block {
  const forms = WIRINGS_IN_ALL_FORMS[wiring];
  return drawBlock(forms[random.integer(forms.length)], random);
}

/** One of the variants that this block has. */
function drawVariant({ wiring }: Block, random: Random): Variant {
  const all: readonly Variant[] =
    wiring.update.kind === 'norm' ? [...VARIANTS, 'scalar', 'component-wise', 'secular'] : VARIANTS;
  return all[random.integer(all.length)];
}

function expectProved(block: Block, random: Random, application: 'factored' | 'dense'): void {
  const { parameters, context, query, removed } = drawPrompt(block, random);
  const variant = drawVariant(block, random);
  const options = { removed, variant, application };
  const { output, preActivation } = proveContextPatch(block, parameters, context, query, options);
  expect(output.overBound, variant).toBeLessThanOrEqual(1);
  // Small enough to be rounding, not merely allowed: measured 1.2e-10 at most, 1.3e-13 in the middle.
  expect(output.bound, variant).toBeLessThan(1e-8);
  if (variant === 'w2only') expect(preActivation).toBeNull();
  else expect(preActivation?.overBound, variant).toBeLessThanOrEqual(1);
}

test('patched is contextual within the bound known beforehand, for every wiring', () => {
  fc.assert(
    fc.property(wirings, seeds, applications, (wiring, seed, application) => {
      const random = new Random(seed, 132);
      expectProved(blockOfWiring(wiring, random), random, application);
    }),
    { ...runs(1321), numRuns: 2000 },
  );
});

test('patched is contextual within the bound known beforehand, for every family', () => {
  fc.assert(
    fc.property(families, seeds, applications, (family, seed, application) => {
      expectProved(FAMILIES[family], new Random(seed, 133), application);
    }),
    { ...runs(1322), numRuns: 2000 },
  );
});

test('where nothing is removed all that a patch adds is +0, and every bit of the output stays', () => {
  fc.assert(
    fc.property(fc.oneof(wirings, families), seeds, applications, (name, seed, application) => {
      const random = new Random(seed, 134);
      const block = FAMILIES[name] ?? blockOfWiring(name, random);
      const { parameters, context, query } = drawPrompt(block, random);
      const options = { removed: [], variant: drawVariant(block, random), application };
      const { patch, patched, contextual } = proveContextPatch(
        block,
        parameters,
        context,
        query,
        options,
      );
      const added = [
        ...Object.values(patch.weights).map(({ p }) => p),
        ...Object.values(patch.biases),
        ...Object.values(patch.gains ?? {}),
      ];
      for (const x of added) assertSameBits(x, new Float64Array(x.length), options.variant);
      assertSameBits(patched.output, contextual.output, options.variant);
    }),
    runs(1323),
  );
});

test('a layer norm between network and sum is refused: no gain makes up for its mean and shift', () => {
  fc.assert(
    fc.property(fc.constantFrom(sandwich, postPartNorm), seeds, (wiring, seed) => {
      const random = new Random(seed, 135);
      const block = drawBlock(wiring('layer'), random);
      const { parameters, context, query, removed } = drawPrompt(block, random);
      const options = { removed, variant: drawVariant(block, random) };
      expect(() => contextPatch(block, parameters, context, query, options)).toThrow(DomainError);
    }),
    runs(1324),
  );
});
