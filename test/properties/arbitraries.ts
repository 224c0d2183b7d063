/**
 * What the properties draw from: doubles, sites, blocks of every wiring and family, networks.
 *
 * @module
 */
import fc from 'fast-check';
import { type Matrix, matrix, powerOfTwo, type Random } from '../../src/linalg/index.ts';
import {
  type ActivationName,
  type Block,
  blockOf,
  experts,
  type FeedForward,
  gatedMlp,
  initialise,
  mapParameters,
  mlp,
  type NormKind,
  type Parameters,
  parallel,
  postPartNorm,
  preNorm,
  sandwich,
  softmaxAttention,
  type Update,
  WIRINGS,
  type Wiring,
} from '../../src/model/index.ts';
import { normalMatrix, type RandomCase, type Site } from '../support/cases.ts';

/** A thousand cases from a fixed seed. fast-check prints the seed, the path and the case that fails. */
export const runs = (seed: number): { seed: number; numRuns: number } => ({ seed, numRuns: 1000 });

export const seeds: fc.Arbitrary<number> = fc.nat({ max: 2 ** 31 - 1 });

/** Any finite double, the dangerous ones often. */
export const hostile: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -0, 5e-324, -5e-324, 2 ** -1022, 1e-300, -1e-300, 1e300, -1e300),
  fc.constantFrom(1 / 3, -1, Number.MAX_VALUE, -Number.MAX_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** A double of size 2⁻³⁰ to 2³¹, or a zero: no product of a few of them leaves the range. */
export const moderate: fc.Arbitrary<number> = fc.oneof(
  { arbitrary: fc.constantFrom(0, -0, 1, -1), weight: 1 },
  {
    arbitrary: fc
      .tuple(
        fc.constantFrom(-1, 1),
        fc.double({ min: 1, max: 2, noNaN: true }),
        fc.integer({ min: -30, max: 30 }),
      )
      .map(([sign, fraction, exponent]) => sign * fraction * powerOfTwo(exponent)),
    weight: 8,
  },
);

export const vectorOf = (entry: fc.Arbitrary<number>, length: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(entry, { minLength: length, maxLength: length })
    .map((entries) => Float64Array.from(entries));

export const matrixOf = (
  entry: fc.Arbitrary<number>,
  rows: number,
  cols: number,
): fc.Arbitrary<Matrix> => vectorOf(entry, rows * cols).map((data) => matrix(rows, cols, data));

/** 1 in one case of four. */
const size = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { arbitrary: fc.constant(1), weight: 1 },
    { arbitrary: fc.integer({ min: 1, max: most }), weight: 3 },
  );

/** m×d with m ≤ 5, d ≤ 7; each is 1 in a third of the cases. */
export const shapes: fc.Arbitrary<readonly [number, number]> = fc.tuple(size(5), size(7));

/** A site of doubles that `entry` draws, W, a and a′ alike. */
export const sitesOf = (entry: fc.Arbitrary<number>): fc.Arbitrary<Site> =>
  shapes.chain(([m, d]) =>
    fc.record({
      W: matrixOf(entry, m, d),
      base: vectorOf(entry, d),
      contextual: vectorOf(entry, d),
    }),
  );

/** A site whose base is not 0; a′ is free, next to a, or nearly along it. */
export const sites: fc.Arbitrary<Site> = fc
  .tuple(sitesOf(moderate), fc.constantFrom('free', 'next', 'along'))
  .filter(([{ base }]) => base.some((entry) => entry !== 0))
  .map(([site, kind]) => {
    const { base, contextual } = site;
    if (kind === 'free') return site;
    return {
      ...site,
      contextual: base.map((entry, j) =>
        kind === 'next' ? entry * (1 + 2 ** -52) : 3 * entry + 1e-9 * contextual[j],
      ),
    };
  });

const NORMS: readonly NormKind[] = ['layer', 'rms', 'rms+1'];
const UPDATES: readonly Update[] = [
  { kind: 'none' },
  { kind: 'factor', factor: -0.375 },
  { kind: 'factors', name: 'scale' },
];

/**
 * Every wiring of `src/model/wirings.ts`, by name, in each of its forms that can be patched: between network
 * and sum a norm must be one of root mean square.
 */
export const WIRINGS_IN_ALL_FORMS: Readonly<Record<string, readonly Wiring[]>> = {
  plain: [WIRINGS.plain],
  'v1-skip': [WIRINGS['v1-skip']],
  residual: [WIRINGS.residual],
  'post-norm': [WIRINGS['post-ln']],
  'pre-norm': NORMS.flatMap((norm) => UPDATES.map((update) => preNorm(norm, update))),
  sandwich: [sandwich('rms'), sandwich('rms+1')],
  'post-part-norm': [postPartNorm('rms'), postPartNorm('rms+1')],
  parallel: NORMS.flatMap((norm) => [false, true].map((own) => parallel(norm, own))),
};

/** Without those that can send a whole hidden vector to 0. */
const SMOOTH: readonly ActivationName[] = ['gelu', 'geluTanh', 'silu', 'tanh', 'softplus'];

/** A block of this wiring with small prime sizes; layer, network and activation are drawn. */
export function drawBlock(wiring: Wiring, random: Random): Block {
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
  const [width, hidden] = [pick([5, 7]), pick([3, 5, 11])];
  const kvHeads = pick([1, 2]);
  const layer = softmaxAttention({
    tokenWidth: width,
    width,
    heads: kvHeads * pick([1, 3]),
    kvHeads,
    headWidth: 2,
    biases: pick([true, false, 'qkv']),
    ...(random.integer(2) === 0 && { rope: { style: 'half' } }),
  });
  const activation = pick(SMOOTH);
  const feedForward: FeedForward = pick([
    mlp({ width, hidden, outputWidth: width, activation }),
    mlp({ width, hidden, outputWidth: width, activation, biases: false }),
    gatedMlp({ width, hidden, activation }),
    experts({ width, hidden, activation, experts: 3, selected: 2 }),
  ]);
  return blockOf({ name: 'drawn', wiring, layer, feedForward, epsilon: pick([1e-5, 0.5]) });
}

/** Parameters near those that training begins with, none of them equal. */
export const drawParameters = (shapes: Block['shapes'], random: Random): Parameters =>
  mapParameters(initialise(shapes, random), ({ rows, cols, data }) =>
    matrix(
      rows,
      cols,
      data.map((entry) => 2 * entry + 0.1 * random.normal()),
    ),
  );

/** A block's parameters, 1 to 5 context tokens, a query, and a part of the context. */
export function drawPrompt(block: Block, random: Random): Omit<RandomCase, 'block'> {
  const parameters = drawParameters(block.shapes, random);
  const n = 1 + random.integer(5);
  const context = normalMatrix(n, block.layer.tokenWidth, random);
  const query = normalMatrix(1, block.layer.tokenWidth, random).data;
  const removed = subset(n, random);
  return { parameters, context, query, removed };
}

/** A non-empty subset of 0 … n − 1, ascending. */
export function subset(n: number, random: Random): number[] {
  const all = random.shuffle(Array.from({ length: n }, (_, i) => i));
  return all.slice(0, 1 + random.integer(n)).sort((i, j) => i - j);
}
