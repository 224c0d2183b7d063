import { expect, test } from 'vitest';
import { blockPatch, type CommonVariant, runPatched, VARIANTS } from '../../src/icl/index.ts';
import { DegenerateBase, type Matrix, matrix, matrixFromRows } from '../../src/linalg/index.ts';
import {
  type BlockPatch,
  type BlockRun,
  NO_PATCH,
  runBlock,
  type WiringName,
} from '../../src/model/index.ts';
import { handCase, type SmallCase, vector, WIRING_LIST } from '../support/small-cases.ts';

type Values = Pick<BlockRun, 'residual' | 'input' | 'hidden' | 'sum' | 'output'>;

const values = (r: number[] | null, z: number[], h: number[], s: number[], out = s): Values => ({
  residual: r && vector(...r),
  input: vector(...z),
  hidden: vector(...h),
  sum: vector(...s),
  output: vector(...out),
});

/** r, z, h, s and, where it is not s, the output of both runs: W1, b1, W2, b2 of `handCase` by hand. */
const BY_HAND: Record<WiringName, { base: Values; contextual: Values }> = {
  plain: {
    base: values(null, [1, 1], [4, 6], [10, 11]),
    contextual: values(null, [3, 0], [4, 8], [8, 13]),
  },
  'v1-skip': {
    base: values([2, 2], [1, 1], [4, 6], [12, 13]),
    contextual: values([4, 1], [3, 0], [4, 8], [12, 14]),
  },
  residual: {
    base: values([2, 2], [2, 2], [7, 13], [8, 26]),
    contextual: values([4, 1], [4, 1], [7, 15], [8, 27]),
  },
  'pre-ln': {
    base: values([5, -2], [1, 1], [4, 6], [15, 9]),
    contextual: values([3, 4], [-1, 3], [6, 8], [13, 21]),
  },
  'post-ln': {
    base: values([1, 1], [1, 1], [4, 6], [11, 12], [-2, 6]),
    contextual: values([-3, 3], [-3, 3], [4, 2], [11, 10], [4, -4]),
  },
};

/** W1·(z' − z), z/‖z‖², r' − r, h'/‖h'‖², s' − s, h/‖h‖² and 1/(‖z‖² + 1), by hand. */
const PIECES: Record<WiringName, Record<'p' | 'z' | 'r' | 'h1' | 's' | 'h' | 'zj', number[]>> = {
  plain: { p: [0, 2], z: [1, 1, 2], r: [], h1: [], s: [-2, 2], h: [4, 6, 52], zj: [1, 1, 3] },
  'v1-skip': {
    ...{ p: [0, 2], z: [1, 1, 2], r: [2, -1], h1: [4, 8, 80] },
    ...{ s: [0, 1], h: [4, 6, 52], zj: [1, 1, 3] },
  },
  residual: {
    ...{ p: [0, 2], z: [2, 2, 8], r: [2, -1], h1: [7, 15, 274] },
    ...{ s: [0, 1], h: [7, 13, 218], zj: [2, 2, 9] },
  },
  'pre-ln': {
    ...{ p: [2, 2], z: [1, 1, 2], r: [-2, 6], h1: [6, 8, 100] },
    ...{ s: [-2, 12], h: [4, 6, 52], zj: [1, 1, 3] },
  },
  'post-ln': {
    ...{ p: [0, -4], z: [1, 1, 2], r: [-4, 2], h1: [4, 2, 20] },
    ...{ s: [0, -2], h: [4, 6, 52], zj: [1, 1, 3] },
  },
};

/** (x, y, n) → (x/n, y/n). */
const over = ([x, y, n]: number[]): Float64Array => vector(x / n, y / n);

function expected(wiring: WiringName, variant: CommonVariant): BlockPatch {
  const { p, z, r, h1, s, h, zj } = PIECES[wiring];
  const W1 = { p: vector(...p), v: over(z) };
  const b2 = r.length > 0 ? { b2: vector(...r) } : {};
  switch (variant) {
    case 'default':
      return { weights: { W1 }, biases: b2 };
    case 'w1w2':
      if (r.length === 0) return { weights: { W1 }, biases: {} };
      return { weights: { W1, W2: { p: vector(...r), v: over(h1) } }, biases: {} };
    case 'w2only':
      return { weights: { W2: { p: vector(...s), v: over(h) } }, biases: {} };
    case 'bias':
      return { weights: {}, biases: { b1: vector(...p), ...b2 } };
    case 'joint': {
      const b1 = vector(...p.map((entry) => entry * (1 / zj[2])));
      return { weights: { W1: { p: vector(...p), v: over(zj) } }, biases: { b1, ...b2 } };
    }
  }
}

function handRuns({ block, parameters, context, query }: SmallCase) {
  return {
    base: runBlock(block, parameters, matrix(0, 2), query),
    contextual: runBlock(block, parameters, context, query),
  };
}

test.each(WIRING_LIST)(
  'both runs of the %s block by hand are what the block computes',
  (wiring) => {
    const { base, contextual } = handRuns(handCase(wiring));
    expect(base).toMatchObject(BY_HAND[wiring].base);
    expect(contextual).toMatchObject(BY_HAND[wiring].contextual);
  },
);

test.each(WIRING_LIST.flatMap((wiring) => VARIANTS.map((variant) => [wiring, variant] as const)))(
  'the patch of %s, %s, is the one by hand and meets the contextual run',
  (wiring, variant) => {
    const each = handCase(wiring);
    const { block, parameters, query } = each;
    const { base, contextual } = handRuns(each);
    const patch = blockPatch(block, parameters, base, contextual, variant);
    expect(patch).toEqual(expected(wiring, variant));
    for (const application of ['factored', 'dense'] as const) {
      const { output } = runPatched(block, parameters, matrix(0, 2), query, patch, application);
      output.forEach((entry, i) => {
        // Derived: sums of at most 6 products below 100, each a few u off: below 1e-12.
        expect(Math.abs(entry - contextual.output[i])).toBeLessThan(1e-12);
      });
    }
  },
);

test('the default is the default variant', () => {
  const each = handCase('residual');
  const { base, contextual } = handRuns(each);
  expect(blockPatch(each.block, each.parameters, base, contextual)).toEqual(
    expected('residual', 'default'),
  );
});

test('one δ for both sites, or no Δb2, misses the output of a pre-ln block by whole numbers', () => {
  const each = handCase('pre-ln');
  const { block, parameters, query } = each;
  const { base, contextual } = handRuns(each);
  const right = blockPatch(block, parameters, base, contextual);
  const off = (patch: BlockPatch): number[] => {
    const { output } = runPatched(block, parameters, matrix(0, 2), query, patch);
    return Array.from(output, (entry, i) => entry - contextual.output[i]);
  };
  expect(off(right)).toEqual([0, 0]);
  expect(off(NO_PATCH)).toEqual([2, -12]);
  // Δb2 = z' − z = (−2, 2) in place of r' − r = (−2, 6)
  expect(off({ ...right, biases: { b2: vector(-2, 2) } })).toEqual([0, -4]);
  expect(off({ ...right, biases: {} })).toEqual([2, -6]);
  // p = W1·(r' − r) = (10, 18) in place of W1·(z' − z) = (2, 2): h = (14, 24)
  const W1 = { p: vector(10, 18), v: right.weights.W1.v };
  expect(off({ weights: { W1 }, biases: right.biases })).toEqual([-8, 32]);
});

test('a base or a hidden vector of 0 is refused by the variants that divide by it, and only those', () => {
  const each = handCase('residual');
  const { block, parameters } = each;
  const { base, contextual } = handRuns(each);
  const refusing = (changed: Matrix | null, run: BlockRun): CommonVariant[] =>
    VARIANTS.filter((variant) => {
      const own = changed ? { ...parameters, 'mlp.b1': changed } : parameters;
      try {
        blockPatch(block, own, run, contextual, variant);
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(DegenerateBase);
        return true;
      }
    });
  expect(refusing(null, base)).toEqual([]);
  expect(refusing(null, { ...base, input: vector(0, -0) })).toEqual(['default', 'w1w2']);
  const off = { ...base.sites, W2: { ...base.sites['W2'], input: vector(0, 0) } };
  expect(refusing(null, { ...base, sites: off })).toEqual(['w2only']);
  // With b1 this low the rectifier is off after the patch of W1 as well.
  expect(refusing(matrixFromRows([[-99, -99]]), base)).toEqual(['w1w2']);
});

test('arguments are left as they were, and the patch shares nothing with them', () => {
  for (const wiring of WIRING_LIST) {
    for (const variant of VARIANTS) {
      const each = handCase(wiring);
      const { base, contextual } = handRuns(each);
      const before = structuredClone([each.parameters, base, contextual]);
      const { weights, biases } = blockPatch(
        each.block,
        each.parameters,
        base,
        contextual,
        variant,
      );
      for (const { p, v } of Object.values(weights)) [p, v].map((entries) => entries.fill(NaN));
      for (const shift of Object.values(biases)) shift.fill(NaN);
      expect([each.parameters, base, contextual]).toEqual(before);
    }
  }
});
