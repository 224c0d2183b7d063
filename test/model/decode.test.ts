/**
 * Token after token with remembered keys and values: the bits of the whole text, and choices that a seed repeats.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  DomainError,
  matrix,
  NonFiniteError,
  Random,
  rowOf,
  ShapeError,
  StateError,
} from '../../src/linalg/index.ts';
import {
  decode,
  generate,
  greedy,
  initialise,
  languageModel,
  meanLayer,
  NetworkCache,
  network,
  sampling,
  TextReader,
} from '../../src/model/index.ts';
import { extended, rowsOf, viewOf } from '../../src/model/row-buffer.ts';
import { FAMILIES } from '../support/families.ts';
import { assertSameBits } from '../support/same-bits.ts';

const modelOf = (name: string, learnedPositions = 0) =>
  languageModel({
    ...{ network: network([FAMILIES[name], FAMILIES[name]]), vocabulary: 11 },
    ...{ finalNorm: 'rms' as const, epsilon: 1e-6, learnedPositions },
  });

describe.each(Object.keys(FAMILIES))('%s', (name) => {
  test('decodes what generate does, in every bit, from prompts of one token and of more', () => {
    const model = modelOf(name, 20);
    const parameters = initialise(model.shapes, new Random(81));
    for (const prompt of [[3], [1, 4, 1, 5, 9]]) {
      const expected = generate(model, parameters, prompt, 9);
      const found = decode(model, parameters, prompt, 9);
      expect(found.ids).toEqual(expected.ids);
      found.logits.forEach((logits, k) => {
        assertSameBits(logits, expected.logits[k], `${name}, token ${k}, seed 81`);
      });
    }
  });

  test('a text in pieces leaves the memories of a text at once', () => {
    const { network: net } = modelOf(name).options;
    const parameters = initialise(net.shapes, new Random(82));
    const tokens = matrix(5, net.width);
    new Random(83).fillNormal(tokens.data);
    const [whole, pieces] = [new NetworkCache(net, parameters), new NetworkCache(net, parameters)];
    const outputs = whole.begin(tokens, [0, 2, 3, 7, 8]);
    [0, 2, 3, 7, 8].forEach((position, t) => {
      const runs = pieces.append(rowOf(tokens, t), position);
      assertSameBits(rowOf(outputs, t), runs[runs.length - 1].output, `token ${t}, seed 83`);
    });
    whole.memories.forEach((memory, l) => {
      const other = pieces.memories[l];
      assertSameBits(memory?.keys.data ?? [], other?.keys.data ?? [NaN], `keys ${l}`);
      assertSameBits(memory?.values.data ?? [], other?.values.data ?? [NaN], `values ${l}`);
      expect(memory?.positions).toEqual([0, 2, 3, 7, 8]);
      expect(other?.positions).toEqual([0, 2, 3, 7, 8]);
    });
  });
});

describe('a cache', () => {
  const { network: net } = modelOf('Llama').options;
  const parameters = initialise(net.shapes, new Random(84));
  const token = new Float64Array(net.width).fill(1);

  test('hands out memories that later tokens, and tokens refused, leave as they are', () => {
    const cache = new NetworkCache(net, parameters);
    for (let t = 0; t < 3; t++) cache.append(token, t);
    const [before] = cache.memories;
    const keys = before?.keys.data.slice() ?? new Float64Array();
    expect(() =>
      cache.append(
        token.map(() => 2),
        3,
        (l) => {
          if (l === 1) throw new DomainError('no');
          return null;
        },
      ),
    ).toThrow('no');
    const slice = cache.slice([0, 2]);
    for (let t = 3; t < 9; t++) cache.append(token, t);
    expect(before?.keys.rows).toBe(3);
    assertSameBits(before?.keys.data ?? [], keys, 'keys of three tokens');
    expect(slice.memories[0]?.positions).toEqual([0, 2]);
    const again = new NetworkCache(net, parameters);
    for (let t = 0; t < 9; t++) again.append(token, t);
    assertSameBits(cache.memories[1]?.keys.data ?? [], again.memories[1]?.keys.data ?? [1], 'all');
  });

  test('begins once, with tokens that fit', () => {
    const cache = new NetworkCache(net, parameters);
    const begin =
      (rows: number, cols: number, count: number, entry = 1) =>
      () =>
        cache.begin(
          matrix(rows, cols, new Float64Array(rows * cols).fill(entry)),
          Array.from({ length: count }, (_, t) => t),
        );
    expect(begin(0, net.width, 0)).toThrow(ShapeError);
    expect(begin(2, net.width + 1, 2)).toThrow(ShapeError);
    expect(begin(2, net.width, 3)).toThrow(ShapeError);
    expect(begin(2, net.width, 2, NaN)).toThrow(NonFiniteError);
    cache.append(token, 0);
    expect(begin(2, net.width, 2)).toThrow(StateError);
  });
});

test('a buffer keeps the rows that were handed out, and doubles when it is full', () => {
  let rows = rowsOf(matrix(1, 2, Float64Array.of(1, 2)));
  const first = viewOf(rows);
  for (let t = 2; t <= 9; t++) {
    const before = rows.buffer;
    rows = extended(rows, matrix(1, 2, Float64Array.of(t, -t)));
    const full = before.length < 2 * t;
    expect(rows.buffer === before, `row ${t}`).toBe(!full);
  }
  expect(Array.from(first.data)).toEqual([1, 2]);
  const expected = Array.from({ length: 9 }, (_, t) => (t === 0 ? [1, 2] : [t + 1, -t - 1]));
  assertSameBits(viewOf(rows).data, expected.flat(), 'nine rows');
});

test('a reader refuses tokens beyond its positions, and layers without memory', () => {
  const model = modelOf('GPT-2', 4);
  const reader = new TextReader(model, initialise(model.shapes, new Random(85)));
  reader.read([1, 2, 3]);
  expect(reader.length).toBe(3);
  expect(() => reader.read([1, 2])).toThrow('at most 4 tokens have positions, got 5');
  expect(() => reader.read([])).toThrow(DomainError);
  expect(reader.read([4])).toHaveLength(11);
  const plain = { ...FAMILIES['GPT-2'], layer: meanLayer({ tokenWidth: 8, width: 8 }) };
  expect(() => new NetworkCache(network([plain]), {})).toThrow('layers that remember rows');
});

test('decoding ends with the first end token', () => {
  const model = modelOf('Llama');
  const parameters = initialise(model.shapes, new Random(86));
  const { ids } = decode(model, parameters, [3], 12);
  const end = ids[4];
  const found = decode(model, parameters, [3], 12, { endTokens: [99, end] });
  expect(found.ids).toEqual(ids.slice(0, ids.indexOf(end) + 1));
  expect(found.logits).toHaveLength(found.ids.length);
  expect(decode(model, parameters, [3], 0)).toEqual({ ids: [], logits: [] });
  expect(() => decode(model, parameters, [3], -1)).toThrow('decode: count must be an integer');
});

describe('sampling', () => {
  const logits = Float64Array.of(1, 3, 2, 3, -Infinity, 0);

  test('the same seed draws the same tokens, another seed others', () => {
    const draw = (seed: number) => {
      const choose = sampling(new Random(seed));
      return Array.from({ length: 40 }, () => choose(logits));
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  test('one of k is the greedy one, and a sharp temperature too', () => {
    for (let seed = 0; seed < 50; seed++) {
      expect(sampling(new Random(seed), { topK: 1 })(logits)).toBe(greedy(logits));
      expect([1, 3]).toContain(sampling(new Random(seed), { temperature: 1e-3 })(logits));
      expect([1, 3]).toContain(sampling(new Random(seed), { topK: 2 })(logits));
      // softmax: 0.38, 0.38, 0.14, 0.05, 0.02: two have 0.77.
      expect([1, 3]).toContain(sampling(new Random(seed), { topP: 0.7 })(logits));
      expect([1, 3, 2]).toContain(sampling(new Random(seed), { topP: 0.8 })(logits));
    }
  });

  test('tokens come as often as their probabilities say', () => {
    const choose = sampling(new Random(7), { temperature: 2, topK: 5 });
    const counts = new Float64Array(6);
    const draws = 20000;
    for (let i = 0; i < draws; i++) counts[choose(logits)]++;
    const weights = Array.from(logits, (l) => Math.exp(l / 2));
    const total = weights.reduce((sum, w) => sum + w);
    counts.forEach((count, id) => {
      const p = weights[id] / total;
      // Five standard deviations of a binomial; by chance once in 10⁶ tries, and the seed is fixed.
      const apart = Math.abs(count - draws * p);
      expect(apart).toBeLessThanOrEqual(5 * Math.sqrt(draws * p * (1 - p)));
    });
  });

  test.each([
    [{ temperature: 0 }, 'temperature must be positive, got 0'],
    [{ temperature: Number.NaN }, 'temperature must be positive, got NaN'],
    [{ topK: 0 }, 'topK must be a positive integer, got 0'],
    [{ topK: 1.5 }, 'topK must be a positive integer, got 1.5'],
    [{ topP: 0 }, 'topP must be above 0 and at most 1, got 0'],
    [{ topP: 1.1 }, 'topP must be above 0 and at most 1, got 1.1'],
  ])('%j is refused', (options, message) => {
    expect(() => sampling(new Random(1), options)).toThrow(DomainError);
    expect(() => sampling(new Random(1), options)).toThrow(message);
  });
});
