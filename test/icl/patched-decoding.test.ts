import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import {
  decodePatched,
  frozenPatchError,
  generatePatched,
  networkPatch,
} from '../../src/icl/index.ts';
import {
  DomainError,
  matrix,
  maxAbs,
  NonFiniteError,
  Random,
  rowOf,
  ShapeError,
  subtract,
} from '../../src/linalg/index.ts';
import {
  blockOf,
  elmanLayer,
  generate,
  gpt2Block,
  gptjBlock,
  initialise,
  languageModel,
  llamaBlock,
  mlp,
  NetworkCache,
  network,
  preNorm,
  softmaxAttention,
} from '../../src/model/index.ts';
import { assertSameBits } from '../support/same-bits.ts';

const sizes = { width: 8, heads: 2, hidden: 12 };
const net = network([
  gpt2Block({ ...sizes, activation: 'gelu' }),
  llamaBlock({ ...sizes, kvHeads: 1, window: 5 }),
  gptjBlock({ ...sizes, rotated: 2 }),
  blockOf({
    name: 'ALiBi, soft cap',
    wiring: preNorm('rms'),
    layer: softmaxAttention({
      ...{ tokenWidth: 8, width: 8, heads: 2, softCap: 2, alibi: [0.5, 0.25] },
      qkNorm: { epsilon: 1e-6 },
    }),
    feedForward: mlp({ width: 8, hidden: 12, outputWidth: 8, activation: 'silu' }),
  }),
]);
const model = languageModel({
  ...{ network: net, vocabulary: 13, learnedPositions: 20 },
  ...{ finalNorm: 'rms' as const, epsilon: 1e-6 },
});
const random = new Random(101);
const parameters = initialise(model.shapes, random);
const ids = [3, 1, 4, 1, 5, 9, 2, 6];
const keep = [0, 3, 6, 7];

test('reading token after token has the bits of the whole sequence', () => {
  const positions = ids.map((_, t) => t);
  const stream = model.embed(eager, parameters, ids, positions);
  const all = net.forward(eager, parameters, stream, 1, 'each', positions);
  const cache = new NetworkCache(net, parameters);
  positions.forEach((t) => {
    const runs = cache.append(rowOf(stream, t), t);
    assertSameBits(runs[3].output, rowOf(all, t), `token ${t}, seed 101`);
  });
  expect(cache.memories.map((memory) => memory?.keys.rows)).toEqual([8, 8, 8, 8]);
  // The last token again, after the tokens before it are taken out of a copy.
  const half = new NetworkCache(net, parameters);
  for (const t of positions.slice(0, 7)) half.append(rowOf(stream, t), t);
  const some = half.slice([0, 1, 2, 3, 4, 5, 6]).append(rowOf(stream, 7), 7);
  assertSameBits(some[3].output, rowOf(all, 7), 'a slice of everything');
});

describe('decoding with memories', () => {
  const plain = generatePatched(model, parameters, ids, keep, 5);
  const cached = decodePatched(model, parameters, ids, keep, 5);

  test('has the bits of running everything again, and the tokens of the contextual model', () => {
    expect(cached.ids).toEqual(plain.ids);
    expect(cached.ids).toEqual(generate(model, parameters, ids, 5).ids);
    cached.logits.forEach((logits, k) => {
      assertSameBits(logits, plain.logits[k], `token ${k}, seed 101`);
    });
  });

  test('the patched memory is the contextual one at the retained tokens', () => {
    const rows = [...keep, 8, 9, 10, 11];
    const slice = cached.contextual.slice(rows);
    cached.patched.memories.forEach((memory, l) => {
      const expected = slice.memories[l];
      if (!memory || !expected) throw new Error('memories are required');
      expect(memory.positions).toEqual(expected.positions);
      for (const name of ['keys', 'values'] as const) {
        const off = maxAbs(subtract(memory[name].data, expected[name].data));
        // A projection of 8 entries carries the error of the block before, below 20 units.
        expect(off, `${name} of block ${l}`).toBeLessThanOrEqual(2e-14);
      }
    });
  });

  test('with the newest token alone the memory of the prompt is not needed', () => {
    const alone = generatePatched(model, parameters, ids, [ids.length - 1], 1);
    const whole = generate(model, parameters, ids, 1);
    expect(alone.ids).toEqual(whole.ids);
    expect(maxAbs(subtract(alone.logits[0], whole.logits[0]))).toBeLessThanOrEqual(1e-13);
  });
});

describe.each([
  ['generatePatched', generatePatched],
  ['decodePatched', decodePatched],
])('%s keeps ascending positions of the prompt, the last of them the last', (name, decode) => {
  test.each([
    [[]],
    [[1, 2]],
    [[5, 1]],
    [[5, 99]],
    [[7, 7]],
    [[6, 8]],
    [[-1, 7]],
    [[1.5, 7]],
    [[0, Number.NaN]],
  ])('%j is refused', (wrong) => {
    const attempt = () => decode(model, parameters, ids, wrong, 2);
    expect(attempt).toThrow(DomainError);
    expect(attempt).toThrow(
      `${name}: the tokens to keep must be ascending positions below 8, at least one, the last of them 7, ` +
        `so that the next token is read there, got ${wrong.join(', ') || 'none'}`,
    );
  });

  test('patches are of the variant that is asked for', () => {
    const whole = generate(model, parameters, ids, 2);
    const own = decode(model, parameters, ids, keep, 2, { variant: 'w2only' });
    const other = decode(model, parameters, ids, keep, 2);
    expect(own.ids).toEqual(whole.ids);
    expect(maxAbs(subtract(own.logits[1], whole.logits[1]))).toBeLessThanOrEqual(1e-13);
    expect(Array.from(own.logits[1])).not.toEqual(Array.from(other.logits[1]));
  });
});

describe('a memory of keys and values', () => {
  const stream = model.embed(eager, parameters, ids, [0, 1, 2, 3, 4, 5, 6, 7]);
  const token = (t: number) => rowOf(stream, t);

  test('is as before when a token is not read to the end', () => {
    const [cache, twin] = [0, 0].map(() => new NetworkCache(net, parameters));
    for (const each of [cache, twin]) each.append(token(0), 0);
    for (const last of [0, 2, 3]) {
      expect(() =>
        cache.append(token(1), 1, (l) => {
          if (l === last) throw new RangeError('not this one');
          return null;
        }),
      ).toThrow('not this one');
    }
    expect(() => cache.append(token(1), 0)).toThrow(DomainError);
    expect(() => cache.append(token(1).slice(1), 1)).toThrow(ShapeError);
    expect(() => cache.append(token(1).slice(1), 1)).toThrow('NetworkCache.append: the token');
    expect(() => cache.append(token(1).fill(Number.NaN), 1)).toThrow(NonFiniteError);
    expect(cache.memories.map((memory) => memory?.positions)).toEqual([[0], [0], [0], [0]]);
    const [own, expected] = [cache, twin].map((each) => each.append(token(1), 1));
    assertSameBits(own[3].output, expected[3].output, 'after refusals');
  });

  test('is of parameters that fit', () => {
    const { 'blocks.1.mlp.Wd': _, ...missing } = parameters;
    expect(() => new NetworkCache(net, missing)).toThrow(DomainError);
    const wide = { ...parameters, 'blocks.1.mlp.Wd': matrix(8, 13) };
    expect(() => new NetworkCache(net, wide)).toThrow(ShapeError);
    const nan = matrix(8, 12, new Float64Array(96).fill(Number.NaN));
    expect(() => new NetworkCache(net, { ...parameters, 'blocks.1.mlp.Wd': nan })).toThrow(
      NonFiniteError,
    );
  });
});

test('a frozen patch misses later tokens, by no more than its bound', () => {
  const positions = ids.map((_, t) => t);
  const stream = model.embed(eager, parameters, ids, positions);
  const own = Object.fromEntries(Object.keys(net.shapes).map((name) => [name, parameters[name]]));
  const { patches, actual, contextual } = networkPatch(net, own, stream, [5, 6, 7]);
  const W = parameters['blocks.0.mlp.W1'];
  const at = (i: number) => ({ base: actual[0][i], contextual: contextual[0][5 + i] });
  const update = patches[0][0]?.weights['W1'];
  if (!update) throw new Error('a patch is required');
  const own0 = frozenPatchError(W, update, at(0), at(0));
  expect(own0.observed).toBeLessThanOrEqual(own0.bound);
  expect(own0.bound).toBeLessThan(1e-12);
  for (const i of [1, 2]) {
    const { observed, bound } = frozenPatchError(W, update, at(0), at(i));
    expect(observed).toBeGreaterThan(1e-3);
    expect(observed).toBeLessThanOrEqual(bound);
  }
});

test('layers without a memory of rows are refused', () => {
  const recurrent = blockOf({
    name: 'elman',
    wiring: preNorm('layer'),
    layer: elmanLayer({ tokenWidth: 8, width: 8 }),
    feedForward: mlp({ width: 8, hidden: 4, outputWidth: 8, activation: 'relu' }),
  });
  expect(() => new NetworkCache(network([recurrent]), {})).toThrow(DomainError);
});
