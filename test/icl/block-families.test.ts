import { describe, expect, test } from 'vitest';
import {
  blockPatch,
  contextPatch,
  proveContextPatch,
  VARIANTS,
  type Variant,
  withPatch,
} from '../../src/icl/index.ts';
import { DomainError, matrix, NonFiniteError, Random, ShapeError } from '../../src/linalg/index.ts';
import {
  type Block,
  blockOf,
  contextualBlock,
  gatedMlp,
  initialise,
  llamaBlock,
  mapParameters,
  type NormKind,
  preNorm,
  runBlock,
  sandwich,
  softmaxAttention,
} from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';

const sizes = { width: 8, heads: 2, hidden: 12 };
function drawn(block: Block, seed: number) {
  const random = new Random(seed, 78);
  const parameters = mapParameters(initialise(block.shapes, random), (value) =>
    matrix(
      value.rows,
      value.cols,
      value.data.map((entry) => entry + 0.1 * random.normal()),
    ),
  );
  const context = matrix(4, block.layer.tokenWidth);
  random.fillNormal(context.data);
  const query = new Float64Array(block.layer.tokenWidth);
  random.fillNormal(query);
  return { parameters, context, query };
}

describe.each(Object.entries(FAMILIES))('%s', (_, block) => {
  test.each(VARIANTS)('%s is proved with the patch beside the matrices and added in', (variant) => {
    for (let seed = 0; seed < 6; seed++) {
      const { parameters, context, query } = drawn(block, seed);
      for (const application of ['factored', 'dense'] as const) {
        const options = { variant, application, removed: [0, 2] };
        const { output } = proveContextPatch(block, parameters, context, query, options);
        expect(output.overBound, `seed ${seed}, ${application}`).toBeLessThanOrEqual(1);
        expect(output.bound).toBeLessThan(1e-8);
      }
    }
  });

  test.each(VARIANTS)(
    '%s is +0 in every bit of what it adds where nothing is removed',
    (variant) => {
      const { parameters, context, query } = drawn(block, 9);
      const { patch } = contextPatch(block, parameters, context, query, { removed: [], variant });
      const added = [
        ...Object.values(patch.weights).map(({ p }) => p),
        ...Object.values(patch.biases),
        ...Object.values(patch.gains ?? {}),
      ];
      for (const entry of added.flatMap((x) => Array.from(x)))
        expect(Object.is(entry, 0)).toBe(true);
      const proof = proveContextPatch(block, parameters, context, query, { removed: [], variant });
      expect(proof.output.observed).toBe(0);
    },
  );
});

test('a bias of another shape, or not finite, or of no site, is refused', () => {
  const block = llamaBlock(sizes);
  const { parameters, context, query } = drawn(block, 1);
  const { patch } = contextPatch(block, parameters, context, query, { variant: 'bias' });
  const dense = withPatch(block, parameters, patch);
  expect(dense['mlp.bg']).toBeDefined();
  const run = (name: string, value: ReturnType<typeof matrix>) => () =>
    runBlock(block, { ...dense, [name]: value }, context, query);
  expect(run('mlp.bg', matrix(1, 12))).not.toThrow();
  expect(run('mlp.bg', matrix(1, 11))).toThrow(ShapeError);
  expect(run('mlp.bg', matrix(12, 1))).toThrow(/mlp\.bg must be 1x12, got 12x1/);
  expect(run('mlp.bd', matrix(1, 8, new Float64Array(8).fill(NaN)))).toThrow(NonFiniteError);
  expect(run('mlp.b7', matrix(1, 8))).toThrow(DomainError);
});

const attention = softmaxAttention({ tokenWidth: 6, width: 6, heads: 2 });
const NORMS: readonly NormKind[] = ['layer', 'rms', 'rms+1'];

/** A block whose sum passes a norm of the given kind, behind a sandwich or not. */
const withOutputNorm = (kind: NormKind, sandwiched: boolean): Block => {
  const inner = sandwiched ? sandwich('rms') : preNorm('rms');
  return blockOf({
    name: 'output norm',
    wiring: { ...inner, norms: { ...inner.norms, last: kind }, output: { norm: 'last' } },
    layer: attention,
    feedForward: gatedMlp({ width: 6, hidden: 7 }),
  });
};

test.each(NORMS.flatMap((kind) => [false, true].map((sandwiched) => [kind, sandwiched] as const)))(
  'a %s norm of the sum is in the bound, behind a sandwich: %s',
  (kind, sandwiched) => {
    const block = withOutputNorm(kind, sandwiched);
    const variants: readonly Variant[] = sandwiched
      ? [...VARIANTS, 'scalar', 'component-wise', 'secular']
      : VARIANTS;
    for (let seed = 0; seed < 8; seed++) {
      const { parameters, context, query } = drawn(block, seed);
      // A gain of 2³⁰: a bound that does not pass this norm is far too small.
      const name = kind === 'rms+1' ? 'last.w' : 'last.g';
      const own = { ...parameters, [name]: matrix(1, 6, new Float64Array(6).fill(2 ** 30)) };
      for (const variant of variants) {
        const { output } = proveContextPatch(block, own, context, query, { variant });
        expect(output.overBound, `seed ${seed}, ${variant}`).toBeLessThanOrEqual(1);
        const plain = { ...own, [name]: matrix(1, 6, new Float64Array(6).fill(1)) };
        const small = proveContextPatch(block, plain, context, query, { variant }).output;
        const factor = kind === 'rms+1' ? (1 + 2 ** 30) / 2 : 2 ** 30;
        if (kind !== 'layer') expect(output.bound / small.bound / factor).toBeCloseTo(1, 9);
        else expect(output.bound).toBeGreaterThan(small.bound * 2 ** 28);
      }
    }
  },
);

test('a dead hidden vector is no obstacle where nothing is removed', () => {
  const block = blockOf({
    name: 'dead',
    wiring: preNorm('rms'),
    layer: attention,
    feedForward: gatedMlp({ width: 6, hidden: 7, activation: 'relu' }),
  });
  const { parameters, context, query } = drawn(block, 4);
  const dead = { ...parameters, 'mlp.Wu': matrix(7, 6) };
  for (const application of ['factored', 'dense'] as const) {
    for (const variant of ['default', 'w1w2', 'w2only'] as const) {
      const options = { removed: [], variant, application };
      const { patch, output } = proveContextPatch(block, dead, context, query, options);
      for (const entry of patch.weights['Wd']?.p ?? []) expect(Object.is(entry, 0)).toBe(true);
      expect([output.observed, output.overBound]).toEqual([0, 0]);
      expect(() => contextPatch(block, dead, context, query, { variant })).toThrow(/zero|‖a‖|0/);
    }
  }
});

test('a negative factor leaves no −0', () => {
  const block = blockOf({
    name: 'negative',
    wiring: preNorm('layer', { kind: 'factor', factor: -0.5 }),
    layer: attention,
    feedForward: gatedMlp({ width: 6, hidden: 7, biases: true }),
  });
  const { parameters, context, query } = drawn(block, 5);
  const { patch } = contextPatch(block, parameters, context, query, { removed: [] });
  for (const entry of patch.biases['bd']) expect(Object.is(entry, 0)).toBe(true);
});

test('a variant that does not exist is refused with the names of those that do', () => {
  const block = llamaBlock(sizes);
  const { parameters, context, query } = drawn(block, 1);
  const { base, contextual } = contextPatch(block, parameters, context, query);
  const run = () => blockPatch(block, parameters, base, contextual, 'w2-only' as Variant);
  expect(run).toThrow(DomainError);
  expect(run).toThrow(
    'blockPatch: the variant must be one of default, w1w2, w2only, bias, joint, scalar, component-wise, ' +
      'secular, got w2-only',
  );
});

test('a change that no double holds is refused and not returned as Infinity', () => {
  const block = blockOf({
    name: 'layer scale',
    wiring: preNorm('layer', { kind: 'factors', name: 'gamma' }),
    layer: attention,
    feedForward: gatedMlp({ width: 6, hidden: 7, biases: true }),
  });
  const { parameters, context, query } = drawn(block, 6);
  const tiny = { ...parameters, gamma: matrix(1, 6, new Float64Array(6).fill(1e-320)) };
  for (const variant of ['default', 'bias', 'joint'] as const) {
    expect(() => contextPatch(block, tiny, context, query, { variant })).toThrow(
      /^blockPatch: the patch must be representable, got -?Infinity/,
    );
  }
});

test('blockOf speaks for itself, and refuses a factor of 0 or none', () => {
  const parts = (factor: number) => ({
    name: 'scaled',
    wiring: preNorm('rms', { kind: 'factor', factor }),
    layer: attention,
    feedForward: gatedMlp({ width: 6, hidden: 7 }),
  });
  for (const factor of [0, -0, NaN, Infinity]) {
    expect(() => blockOf(parts(factor))).toThrow(DomainError);
    expect(() => blockOf(parts(factor))).toThrow(/^blockOf: the factor of the update/);
  }
  expect(() => blockOf(parts(-2))).not.toThrow();
  expect(() => blockOf({ ...parts(1), epsilon: 0 })).toThrow(/^blockOf: epsilon/);
  expect(() => blockOf({ ...parts(1), feedForward: gatedMlp({ width: 5, hidden: 7 }) })).toThrow(
    /^blockOf: /,
  );
  expect(() => contextualBlock({ layer: attention, hidden: 3, epsilon: 0 })).toThrow(
    /^contextualBlock: epsilon/,
  );
});
