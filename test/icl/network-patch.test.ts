import { describe, expect, test } from 'vitest';
import { eager, takeRows } from '../../src/autograd/index.ts';
import { networkPatch, runNetwork, staticPatch, withStaticPatch } from '../../src/icl/index.ts';
import {
  DegenerateBase,
  DomainError,
  matrix,
  maxAbs,
  NonFiniteError,
  Random,
  rowMatrix,
  rowOf,
  ShapeError,
  subtract,
} from '../../src/linalg/index.ts';
import {
  asRun,
  type BlockPatch,
  type BlockRun,
  blockOf,
  gemmaBlock,
  gpt2Block,
  initialise,
  llamaBlock,
  mlp,
  network,
  prefixed,
  preNorm,
  softmaxAttention,
} from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';
import { assertSameBits } from '../support/same-bits.ts';

const random = new Random(141);
const sizes = { width: 6, heads: 2, headWidth: 4, hidden: 10 };
const net = network([gpt2Block(sizes), llamaBlock(sizes), gpt2Block(sizes)]);
const parameters = initialise(net.shapes, random);
const X = matrix(8, 6);
random.fillNormal(X.data);

describe('what can be known of patches beforehand', () => {
  test('tokens before the first removed one have patches of 0 in every bit', () => {
    const { patches, base, patched } = networkPatch(net, parameters, X, [0, 1, 4, 7]);
    for (const layer of patches) {
      for (const patch of layer.slice(0, 2)) {
        for (const { p } of Object.values(patch?.weights ?? {}))
          assertSameBits(
            p,
            p.map(() => 0),
            'p',
          );
        for (const shift of Object.values(patch?.biases ?? {})) {
          assertSameBits(
            shift,
            shift.map(() => 0),
            'bias',
          );
        }
      }
    }
    assertSameBits(patched[2][1].output, base[2][1].output, 'token 1');
  });

  test('nothing removed is nothing patched, and all bits stay', () => {
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    const { patched, contextual } = networkPatch(net, parameters, X, all, { mode: 'everywhere' });
    for (const t of all) {
      assertSameBits(patched[2][t].output, contextual[2][t].output, `token ${t}`);
    }
  });

  test('removing a prefix and beginning to count anew changes rounding only, with rotary positions', () => {
    const rotary = network([llamaBlock(sizes), llamaBlock(sizes)]);
    const own = initialise(rotary.shapes, random);
    const kept = matrix(3, 6, X.data.slice(5 * 6));
    const [there, here] = [
      runNetwork(rotary, own, kept, [5, 6, 7]),
      runNetwork(rotary, own, kept, [0, 1, 2]),
    ].map((runs) => runs[1].map(({ output }) => output));
    there.forEach((output, i) => {
      expect(maxAbs(subtract(output, here[i]))).toBeLessThanOrEqual(1e-13);
    });
  });

  test('an encoder, whose tokens see those after them, is patched too', () => {
    const encoder = network(
      [1, 2].map(() =>
        blockOf({
          name: 'encoder',
          wiring: preNorm('layer'),
          layer: softmaxAttention({ tokenWidth: 6, width: 6, heads: 2, causal: false }),
          feedForward: mlp({ width: 6, hidden: 9, outputWidth: 6, activation: 'gelu' }),
        }),
      ),
    );
    const own = initialise(encoder.shapes, random);
    const { patched, contextual, base } = networkPatch(encoder, own, X, [0, 2, 5]);
    for (const [i, t] of [0, 2, 5].entries()) {
      const target = contextual[1][t].output;
      expect(maxAbs(subtract(patched[1][i].output, target))).toBeLessThanOrEqual(1e-13);
      expect(maxAbs(subtract(base[1][i].output, target))).toBeGreaterThan(1e-3);
    }
  });
});

test.each([
  [[], DomainError],
  [[3, 2], DomainError],
  [[2, 2], DomainError],
  [[8], DomainError],
  [[-1], DomainError],
  [[1.5], DomainError],
])('tokens to keep that are no ascending positions are refused: %j', (keep, error) => {
  expect(() => networkPatch(net, parameters, X, keep as number[])).toThrow(error);
});

test('other shapes, numbers, modes and variants are refused', () => {
  const wide = matrix(3, 7);
  expect(() => networkPatch(net, parameters, wide, [0])).toThrow(ShapeError);
  const nan = matrix(2, 6, new Float64Array(12).fill(Number.NaN));
  expect(() => networkPatch(net, parameters, nan, [0])).toThrow(NonFiniteError);
  expect(() => networkPatch(net, {}, X, [0])).toThrow(DomainError);
  expect(() => networkPatch(net, parameters, X, [7], { mode: 'some' as 'all' })).toThrow(
    DomainError,
  );
  expect(() => networkPatch(net, parameters, X, [7], { variant: 'scalar' })).toThrow(DomainError);
});

describe('what does not fit together is refused', () => {
  const six = matrix(6, 6, X.data.slice(0, 36));
  const all = [0, 1, 2, 3, 4, 5];

  test.each([
    [[0, 1], ShapeError],
    [[0, 1, 2, 3, 4, 5, 6, 7], ShapeError],
    [[], ShapeError],
    [[0, 1, 2, 2, 4, 5], DomainError],
    [[5, 4, 3, 2, 1, 0], DomainError],
    [[0, 1, 2, 3, 4, Number.NaN], DomainError],
    [[0, 1, 2, 3, 4, Infinity], DomainError],
  ])('positions %j for six tokens', (positions, error) => {
    for (const [caller, attempt] of [
      ['networkPatch', () => networkPatch(net, parameters, six, [5], { positions })],
      ['runNetwork', () => runNetwork(net, parameters, six, positions)],
    ] as const) {
      expect(attempt).toThrow(error);
      expect(attempt).toThrow(`${caller}: `); // not whichever layer comes to read them
    }
  });

  test('a layer with rotary positions does not make up those that are missing', () => {
    const layer = softmaxAttention({ tokenWidth: 6, width: 6, heads: 1, rope: { style: 'half' } });
    const own = initialise(layer.shapes, random);
    for (const positions of [[0, 1], [...all, 6], []]) {
      expect(() => layer.atEach(eager, own, six, 1, positions)).toThrow(ShapeError);
      expect(() => layer.atQuery(eager, own, six, 1, positions)).toThrow(ShapeError);
    }
    assertSameBits(
      layer.atEach(eager, own, six, 1, all).data,
      layer.atEach(eager, own, six, 1).data,
      'those that are the default',
    );
  });

  test('parameters, sequences and patches of runNetwork', () => {
    const run = (own: typeof parameters, x: typeof X, patches?: unknown) => () =>
      runNetwork(
        net,
        own,
        x,
        Array.from({ length: x.rows }, (_, t) => t),
        patches as undefined,
      );
    const { patches } = networkPatch(net, parameters, six, all);
    expect(run(parameters, six, patches)).not.toThrow();
    const nan = matrix(6, 6, new Float64Array(36).fill(Number.NaN));
    const short = patches.map((layer) => layer.slice(1));
    const gated = [patches[1], patches[1], patches[2]]; // the first block is a perceptron
    for (const [error, attempt] of [
      [DomainError, run({}, six)],
      [ShapeError, run({ ...parameters, 'blocks.1.mlp.Wd': matrix(1, 1) }, six)],
      [ShapeError, run(parameters, matrix(6, 7))],
      [ShapeError, run(parameters, matrix(0, 6))],
      [NonFiniteError, run(parameters, nan)],
      [ShapeError, run(parameters, six, patches.slice(1))],
      [ShapeError, run(parameters, six, [...patches, patches[0]])],
      [ShapeError, run(parameters, six, short)],
      [DomainError, run(parameters, six, gated)],
    ] as const) {
      expect(attempt).toThrow(error);
      expect(attempt).toThrow('runNetwork: ');
    }
  });
});

describe('a static change', () => {
  const block = gpt2Block(sizes);
  const own = initialise(block.shapes, random);
  const one = network([block]);
  const runs = (keep: number[]) => {
    const { base, contextual } = networkPatch(one, prefixed('blocks.0', own), X, keep);
    return { bases: base[0], targets: keep.map((t) => contextual[0][t]) };
  };

  test('of one token is the rank-one patch as a matrix', () => {
    const { bases, targets } = runs([7]);
    const { weights } = staticPatch(block, own, bases, targets);
    const { patches } = networkPatch(one, prefixed('blocks.0', own), X, [7], { variant: 'w1w2' });
    for (const name of ['W1', 'W2']) {
      const update = patches[0][0]?.weights[name];
      if (!update) throw new Error('a patch is required');
      update.p.forEach((p, i) => {
        update.v.forEach((v, j) => {
          const entry = weights[name].data[i * weights[name].cols + j];
          expect(Math.abs(entry - p * v)).toBeLessThanOrEqual(1e-13);
        });
      });
    }
  });

  test('for the same token twice with another target is a contradiction', () => {
    const { bases, targets } = runs([6, 7]);
    expect(() => staticPatch(block, own, [bases[0], bases[0]], targets)).toThrow(DegenerateBase);
    expect(() =>
      staticPatch(block, own, [bases[0], bases[0]], [targets[0], targets[0]]),
    ).not.toThrow();
  });

  test('is refused for more tokens than runs, and behind a norm', () => {
    const { bases, targets } = runs([6, 7]);
    expect(() => staticPatch(block, own, bases, targets.slice(1))).toThrow(ShapeError);
    expect(() => staticPatch(block, own, [], [])).toThrow(ShapeError);
    const gemma = gemmaBlock(sizes);
    expect(() => staticPatch(gemma, initialise(gemma.shapes, random), bases, targets)).toThrow(
      DomainError,
    );
  });

  test('is of one of two variants', () => {
    const { bases, targets } = runs([6, 7]);
    for (const variant of ['w1w2', 'bias', '', null]) {
      expect(() => staticPatch(block, own, bases, targets, variant as 'default')).toThrow(
        DomainError,
      );
    }
  });

  test('leaves the parameters it is added to as they were', () => {
    const { bases, targets } = runs([5, 7]);
    const before = own['mlp.W1'].data.slice();
    const changed = withStaticPatch(own, staticPatch(block, own, bases, targets));
    assertSameBits(own['mlp.W1'].data, before, 'W1');
    expect(Array.from(changed['mlp.W1'].data)).not.toEqual(Array.from(before));
    assertSameBits(rowOf(changed['norm1.g'], 0), rowOf(own['norm1.g'], 0), 'the rest');
  });
});

describe('tokens together and one by one', () => {
  /** Every vector of a run, by its name. */
  const vectorsOf = (run: BlockRun): [string, Float64Array][] => {
    const { sites, ...rest } = run;
    const inSites = Object.entries(sites).flatMap(([name, { input, output }]) => [
      [`${name} reads`, input] as [string, Float64Array],
      [`${name} gives`, output] as [string, Float64Array],
    ]);
    return [
      ...Object.entries(rest).flatMap(([name, x]) => (x ? [[name, x] as [string, typeof x]] : [])),
      ...inSites,
    ];
  };

  test.each(
    Object.entries(FAMILIES).flatMap(([name, block]) =>
      (['all', 'last', 'everywhere'] as const).map((mode) => ({ name, block, mode })),
    ),
  )('$name, mode $mode: each token has the bits that it has alone', ({ block, mode }) => {
    const two = network([block, block]);
    const own = initialise(two.shapes, new Random(17));
    const tokens = matrix(9, 8);
    new Random(18).fillNormal(tokens.data);
    const keep = [0, 4, 5, 8];
    const found = networkPatch(two, own, tokens, keep, { mode });
    const again = runNetwork(two, own, eager.apply(takeRows(keep), tokens), keep, found.patches);
    two.blocks.forEach((each, l) => {
      const p = two.own(own, l);
      const alone = (run: BlockRun, patch: BlockPatch | null): BlockRun => {
        const { attention, residual, input } = run;
        const mixed = {
          attention: rowMatrix(attention),
          residual: residual && rowMatrix(residual),
          input: rowMatrix(input),
        };
        return asRun(each.finish(eager, p, mixed, patch ?? undefined));
      };
      const same = (run: BlockRun, patch: BlockPatch | null): void => {
        const expected = new Map(vectorsOf(alone(run, patch)));
        expect(expected.size).toBeGreaterThan(6);
        for (const [name, x] of vectorsOf(run)) {
          assertSameBits(x, expected.get(name) ?? [], `block ${l}, ${name}`);
        }
      };
      found.contextual[l].forEach((run) => {
        same(run, null);
      });
      keep.forEach((_, i) => {
        same(found.base[l][i], null);
        same(found.actual[l][i], null);
        same(found.patched[l][i], found.patches[l][i]);
        same(again[l][i], found.patches[l][i]);
        assertSameBits(again[l][i].output, found.patched[l][i].output, `run again, block ${l}`);
      });
    });
  });
});
