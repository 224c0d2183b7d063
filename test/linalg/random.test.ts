import { expect, test } from 'vitest';
import { Random } from '../../src/linalg/random.ts';

const MASK = (1n << 64n) - 1n;
const STEP = 0x9e3779b97f4a7c15n;

/** splitmix64's output for the counter h, after Vigna's splitmix64.c. */
function mix(h: bigint): bigint {
  const a = ((h ^ (h >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  const b = ((a ^ (a >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return b ^ (b >> 31n);
}

/** The four words `new Random(seed, ...stream)` should begin with, as its doc comment says. */
function seedWords(seed: number, ...stream: number[]): bigint[] {
  let h = BigInt(seed);
  for (const n of stream) h = (mix((h + STEP) & MASK) + BigInt(n)) & MASK;
  return [1n, 2n, 3n, 4n].map((i) => mix((h + i * STEP) & MASK));
}

/** One output of xoshiro256**, after Vigna's xoshiro256starstar.c; advances s. */
function next(s: bigint[]): bigint {
  const turn = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (64n - k))) & MASK;
  const output = (turn((s[1] * 5n) & MASK, 7n) * 9n) & MASK;
  const t = (s[1] << 17n) & MASK;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = turn(s[3], 45n);
  return output;
}

/** Decimal numbers between blanks. */
function words64(text: string): bigint[] {
  return text.trim().split(/\s+/).map(BigInt);
}

/** The state a generator with these words and no kept normal is in. */
function stateOf(words: bigint[]): Float64Array {
  const halves = words.flatMap((word) => [Number(word >> 32n), Number(word & 0xffffffffn)]);
  return Float64Array.from([...halves, 0, 0]);
}

/** |observed − expected| in standard deviations; 5 are exceeded once in 1.7 million. */
function deviations(observed: number, expected: number, sigma: number): number {
  return Math.abs(observed - expected) / sigma;
}

test('seeding is splitmix64 with its published outputs', () => {
  // Outputs of splitmix64 for the seed 1234567, as published with it.
  const published = words64(`
    6457827717110365317 3203168211198807973 9817491932198370423 4593380528125082431
  `);
  expect(seedWords(1234567)).toEqual(published);
  expect(new Random(1234567).state()).toEqual(stateOf(published));
});

test('the draws are xoshiro256** with its published outputs', () => {
  // Outputs from the state (1, 2, 3, 4), as in the tests of Rust's rand_xoshiro.
  const published = words64(`
    11520 0 1509978240 1215971899390074240 1216172134540287360 607988272756665600
    16172922978634559625 8476171486693032832 10595114339597558777 2904607092377533576
  `);
  const words = [1n, 2n, 3n, 4n];
  const random = Random.restore(stateOf(words));
  for (const output of published) {
    expect(next(words)).toBe(output);
    expect(BigInt(random.uniform() * 2 ** 53)).toBe(output >> 11n);
    expect(random.state()).toEqual(stateOf(words));
  }
});

test.each([
  { seed: 0, stream: [] },
  { seed: 1, stream: [0] },
  { seed: 2 ** 53 - 1, stream: [2 ** 53 - 1, 7] },
  { seed: 20260101, stream: [3, 2 ** 32, 5] },
])('ten thousand draws equal those of a BigInt twin: $seed, $stream', ({ seed, stream }) => {
  const words = seedWords(seed, ...stream);
  const random = new Random(seed, ...stream);
  expect(random.state()).toEqual(stateOf(words));
  for (let i = 0; i < 10_000; i++) {
    if (BigInt(random.uniform() * 2 ** 53) !== next(words) >> 11n) throw new Error(`draw ${i}`);
  }
  expect(random.state()).toEqual(stateOf(words));
});

test('the first draws of seed 1 are these doubles on every engine', () => {
  const uniforms = new Random(1);
  const normals = new Random(1);
  expect([1, 2, 3, 4].map(() => uniforms.uniform())).toEqual([
    0.7029218331588505, 0.5204366199388569, 0.5741057000197225, 0.39132860204190445,
  ]);
  expect([1, 2, 3, 4].map(() => normals.normal())).toEqual([
    1.884396104787977, 0.18978089448693036, 1.302090250702661, -1.9094343319583578,
  ]);
});

test('every seed and every list of stream numbers gives another sequence, none correlated', () => {
  const names = '1, 2, 0, 1 0, 1 1, 1 2, 1 0 0, 1 1 2, 1 2 1, 2 1, 0 1, 0 0'.split(', ');
  const generators = names.map((name) => {
    const [seed, ...stream] = name.split(' ').map(Number);
    return new Random(seed, ...stream);
  });
  const count = 4000;
  const draws = generators.map((r) => Float64Array.from({ length: count }, () => r.uniform()));
  expect(new Set(draws.map((sequence) => sequence[0])).size).toBe(generators.length);
  for (let a = 0; a < draws.length; a++) {
    for (let b = 0; b < a; b++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += (draws[a][i] - 0.5) * (draws[b][i] - 0.5);
      // Each product has mean 0 and variance 1/144.
      expect(deviations(sum, 0, Math.sqrt(count) / 12)).toBeLessThan(5);
    }
  }
});

test('seeds and stream numbers outside 0 … 2^53 - 1 are refused', () => {
  for (const bad of [-1, 0.5, 2 ** 53, Number.NaN, Infinity, -Infinity]) {
    expect(() => new Random(bad)).toThrow(RangeError);
    expect(() => new Random(bad)).toThrow('Random: the seed must be an integer');
    expect(() => new Random(1, 2, bad)).toThrow('Random: a stream number must be an integer');
  }
});

test('the first four moments of normals are 0, 1, 0 and 3, and pairs are uncorrelated', () => {
  const count = 1_000_000;
  const x = new Float64Array(count).fill(Number.NaN);
  new Random(11).fillNormal(x);
  // Derived: by independence the mean of n values of f(x) has variance (E f² − (E f)²) / n.
  const check = (expected: number, variance: number, f: (x: number, i: number) => number): void => {
    const mean = x.reduce((sum, value, i) => sum + f(value, i), 0) / count;
    expect(deviations(mean, expected, Math.sqrt(variance / count)), String(f)).toBeLessThan(5);
  };
  check(0, 1, (v) => v);
  check(1, 2, (v) => v ** 2);
  check(0, 15, (v) => v ** 3);
  check(3, 96, (v) => v ** 4);
  check(0, 1, (v, i) => v * x[(i + 1) % count]); // neighbours
  check(0, 1 / 2, (v, i) => (i % 2) * v * x[i - (i % 2)]); // the two of a pair, once each
  check(0, 8, (v, i) => (v ** 2 - 1) * (x[i ^ 1] ** 2 - 1)); // their squares: 4, each pair twice
  // The share within one and two standard deviations: erf(1/√2) and erf(√2).
  check(0.682689492137086, 0.216625, (v) => (Math.abs(v) < 1 ? 1 : 0));
  check(0.954499736103642, 0.04343, (v) => (Math.abs(v) < 2 ? 1 : 0));
});

test('uniform draws fill [0, 1) evenly and use all 53 bits', () => {
  const random = new Random(12);
  const count = 200_000;
  const bins = new Float64Array(10);
  const bits = new Float64Array(53);
  for (let i = 0; i < count; i++) {
    const u = random.uniform();
    if (!(u >= 0 && u < 1)) throw new Error(`draw ${i} is ${u}`);
    bins[Math.floor(u * 10)]++;
    for (let b = 0, rest = u; b < 53; b++) {
      rest *= 2;
      if (rest >= 1) {
        rest -= 1;
        bits[b]++;
      }
    }
  }
  for (const n of bins) expect(deviations(n, count / 10, Math.sqrt(count * 0.09))).toBeLessThan(5);
  for (const n of bits) expect(deviations(n, count / 2, Math.sqrt(count / 4))).toBeLessThan(5);
});

test('integers are unbiased, also where a remainder would be far off', () => {
  const count = 70_000;
  const random = new Random(13);
  const bins = new Float64Array(7);
  for (let i = 0; i < count; i++) bins[random.integer(7)]++;
  for (const n of bins) expect(deviations(n, 1e4, Math.sqrt((count * 6) / 49))).toBeLessThan(5);
  const below = 3 * 2 ** 51; // a remainder of 53 bits would fall below 2⁵¹ every second time
  let first = 0;
  for (let i = 0; i < count; i++) {
    const n = random.integer(below);
    if (!(Number.isInteger(n) && n >= 0 && n < below)) throw new Error(`got ${n}`);
    if (n < below / 3) first++;
  }
  expect(deviations(first, count / 3, Math.sqrt((count * 2) / 9))).toBeLessThan(5);
  for (const bad of [0, -1, 1.5, 2 ** 53, Number.NaN, Infinity]) {
    expect(() => random.integer(bad)).toThrow('Random: integer(below) needs');
  }
});

test('an integer is the bucket its draw falls into, decided exactly', () => {
  for (const below of [1, 2, 3, 10, 2 ** 32 + 1, 2 ** 52 - 1, 2 ** 52 + 1, 2 ** 53 - 1]) {
    const words = seedWords(14, below);
    const random = new Random(14, below);
    const bucket = 2n ** 53n / BigInt(below);
    for (let i = 0; i < 1000; i++) {
      let index = BigInt(below);
      while (index >= BigInt(below)) index = (next(words) >> 11n) / bucket;
      expect(BigInt(random.integer(below))).toBe(index);
    }
    // Both ends of a bucket, without the draw: the floor of the rounded quotient is the floor.
    const b = Number(bucket);
    for (const i of [1, Math.floor(below / 2), below - 1]) {
      if (i > 0 && i * b < 2 ** 53) {
        expect(Math.floor((i * b) / b)).toBe(i);
        expect(Math.floor((i * b - 1) / b)).toBe(i - 1);
      }
    }
  }
});

test('between scales a uniform draw, and refuses an interval without a finite width', () => {
  const a = new Random(15);
  const b = new Random(15);
  for (let i = 0; i < 100; i++) expect(a.between(-3, 5)).toBe(-3 + 8 * b.uniform());
  expect(a.between(2, 2)).toBe(2);
  for (const bad of ['1 0', 'NaN 1', '0 NaN', '0 Infinity', '-Infinity 0', '-1e308 1e308']) {
    const [low, high] = bad.split(' ').map(Number);
    expect(() => a.between(low, high)).toThrow('Random: between(low, high) needs low <= high');
    expect(() => a.fillUniform(new Float64Array(2), low, high)).toThrow('Random: fillUniform(');
  }
});

test('filling an array is the same as drawing one by one', () => {
  const a = new Random(16);
  const b = new Random(16);
  for (const length of [0, 1, 7, 2, 1000, 3]) {
    const out = new Float64Array(length).fill(Number.NaN);
    a.fillNormal(out);
    expect(out).toEqual(Float64Array.from(out, () => b.normal()));
    out.fill(Number.NaN);
    a.fillUniform(out, -1, 2);
    expect(out).toEqual(Float64Array.from(out, () => b.between(-1, 2)));
  }
});

test('shuffling leaves its argument alone and gives every order equally often', () => {
  const random = new Random(17);
  const items = Object.freeze(['a', 'b', 'c']);
  const counts = new Map<string, number>();
  const count = 60_000;
  for (let i = 0; i < count; i++) {
    const order = random.shuffle(items).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  for (const n of counts.values()) {
    expect(deviations(n, count / 6, Math.sqrt((count * 5) / 36))).toBeLessThan(5);
  }
  expect(random.shuffle([])).toEqual([]);
  const many = Array.from({ length: 1000 }, (_, i) => i);
  expect(random.shuffle(many).sort((x, y) => x - y)).toEqual(many);
});

test('a restored generator goes on bit for bit, after an even or odd number of normals', () => {
  for (let normals = 0; normals <= 5; normals++) {
    const random = new Random(18, normals);
    for (let i = 0; i < normals; i++) random.normal();
    random.uniform();
    const state = random.state();
    expect(state.length).toBe(10);
    expect(state[8]).toBe(normals % 2);
    const bytes = new Uint8Array(state.buffer).slice();
    const resumed = Random.restore(new Float64Array(bytes.buffer));
    expect(resumed.state()).toEqual(state);
    const draws = (r: Random): number[][] =>
      Array.from({ length: 20 }, () => [
        r.normal(),
        r.uniform(),
        r.integer(9),
        r.normal(),
        r.normal(),
      ]);
    const expected = draws(random);
    expect(random.state()).not.toEqual(state);
    expect(draws(resumed)).toEqual(expected);
    // Neither side shares memory with the state it was made from.
    expect(draws(Random.restore(state))).toEqual(expected);
  }
});

test('a state no generator can be in is refused', () => {
  const good = new Random(19);
  good.normal();
  const changed = (index: number, value: number): Float64Array => good.state().with(index, value);
  expect(() => Random.restore(changed(9, 0.5))).not.toThrow();
  for (const length of [0, 9, 11]) {
    expect(() => Random.restore(new Float64Array(length))).toThrow('a state is 10 numbers, got');
  }
  for (const bad of [-1, 0.5, 2 ** 32, Number.NaN, Infinity]) {
    for (let i = 0; i < 8; i++) {
      expect(() => Random.restore(changed(i, bad))).toThrow('begins with eight 32-bit words');
    }
    expect(() => Random.restore(changed(8, bad))).toThrow('ends with 1 and the kept normal');
  }
  expect(() => Random.restore(new Float64Array(10))).toThrow('not all 0');
  for (const bad of [Number.NaN, Infinity, -Infinity, 12.02, -13]) {
    expect(() => Random.restore(changed(9, bad))).toThrow(RangeError);
  }
  expect(() => Random.restore(changed(8, 0))).toThrow('or with 0 and 0'); // a normal nobody kept
});
