import { expect, test } from 'vitest';
import { eager, layerNorm, rmsNorm } from '../../src/autograd/index.ts';
import { layerNormBound } from '../../src/icl/index.ts';
import { rmsNormBound } from '../../src/icl/norm-bound.ts';
import { Random, rowMatrix } from '../../src/linalg/index.ts';
import { normFormula, vector } from '../support/small-cases.ts';

const u = 2 ** -53;

test('a norm bound by hand: y = (5, 3), ε = 8, e = (1, 3), g = (2, 1), b = (0, 7)', () => {
  // e + 2·4·(|y| + 4) = (73, 59); + mean 66: f = (139, 125); c = (1, −1), σ = 3, n = ⅓
  // ((f + rms(f)/3)/3 + 20/3)·g + 2·(g/3 + b), rms(f) = √((139² + 125²)/2)
  const rms = Math.sqrt(17473);
  const units = [
    2 * ((139 + rms / 3) / 3 + 20 / 3) + 4 / 3,
    (125 + rms / 3) / 3 + 20 / 3 + 2 / 3 + 14,
  ];
  const found = layerNormBound(vector(5, 3), vector(u, 3 * u), vector(2, -1), vector(0, -7), 8);
  found.forEach((entry, i) => {
    expect(Math.abs(entry / (units[i] * u) - 1)).toBeLessThan(1e-12);
  });
  normFormula([5, 3], [1, 3], [2, 1], [0, 7], 8).forEach((entry, i) => {
    expect(Math.abs(entry / units[i] - 1)).toBeLessThan(1e-14);
  });
});

test('a norm bound is enlarged for its own rounding', () => {
  const [y, g, b, epsilon] = [[5, 3], [2, 1], [0, 7], 2 ** 40 - 1]; // σ = 2²⁰: no second-order terms
  const found = layerNormBound(vector(...y), vector(u, 3 * u), vector(...g), vector(...b), epsilon);
  normFormula(y, [1, 3], g, b, epsilon).forEach((entry, i) => {
    // Measured: 72u and 40u above, without the factor 1 + γ_40 32u and 0.
    expect(found[i] / (entry * u) - 1).toBeGreaterThan(36 * u);
  });
});

test('an error that is not small against the deviation leaves no bound', () => {
  const [y, one] = [vector(1, 2), vector(1, 1)]; // σ = ½
  for (const entry of layerNormBound(y, vector(0.3, 0.3), one, one, 0))
    expect(entry).toBe(Infinity);
  // f = rms(f) = 0.2 and |n| = 1: (0.2 + 0.2)/(0.5 − 0.2)
  for (const entry of layerNormBound(y, vector(0.1, 0.1), one, one, 0)) {
    expect(entry).toBeCloseTo(4 / 3, 12);
  }
  // σ = 2⁻⁴⁷¹: its square is near underflow.
  const tiny = y.map((entry) => entry * 2 ** -470);
  const none = new Float64Array(2);
  for (const entry of layerNormBound(tiny, none, one, one, 0)) expect(entry).toBe(Infinity);
});

test('no perturbation within e moves a computed norm beyond the bound, and some come near it', () => {
  const random = new Random(3, 94);
  let nearest = 0;
  for (let round = 0; round < 2000; round++) {
    const d = 2 + random.integer(5);
    const draw = (scale: number): Float64Array =>
      Float64Array.from({ length: d }, () => scale * random.normal());
    const size = 2 ** -random.integer(50);
    const [y, e, g, b] = [draw(2), draw(size / 4).map(Math.abs), draw(1), draw(1)];
    const epsilon = [0, 1e-5, 1][random.integer(3)];
    const x = y.map((entry, i) => entry + (random.uniform() < 0.5 ? -e[i] : e[i]));
    const [before, after] = [y, x].map(
      (v) => eager.apply(layerNorm({ epsilon }), rowMatrix(v), rowMatrix(g), rowMatrix(b)).data,
    );
    // x itself is rounded once: u|x| more.
    const wider = e.map((entry, i) => entry + u * Math.abs(x[i]));
    layerNormBound(y, wider, g, b, epsilon).forEach((bound, i) => {
      const off = Math.abs(after[i] - before[i]);
      expect(off).toBeLessThanOrEqual(bound);
      nearest = Math.max(nearest, off / bound);
    });
  }
  expect(nearest).toBeGreaterThan(0.3); // measured: 0.91
});

test('a bound without the mean by hand: y = (3, 4), ε = 1/2, e = (u, 2u), g = (2, −1)', () => {
  // σ = √13, n = y/σ, rms(e) = √(5/2)·u: (e + n·rms(e))/σ + 2·10·n, times |g|
  const [sigma, rms] = [Math.sqrt(13), Math.sqrt(2.5)];
  const units = [
    2 * ((1 + (3 / sigma) * rms) / sigma + (20 * 3) / sigma),
    (2 + (4 / sigma) * rms) / sigma + (20 * 4) / sigma,
  ];
  const found = rmsNormBound(vector(3, 4), vector(u, 2 * u), vector(2, -1), 0.5);
  found.forEach((entry, i) => {
    expect(Math.abs(entry / (units[i] * u) - 1)).toBeLessThan(1e-12);
  });
});

test('no perturbation within e moves a computed rms norm beyond the bound, and some come near it', () => {
  const random = new Random(4, 94);
  let nearest = 0;
  for (let round = 0; round < 2000; round++) {
    const d = 2 + random.integer(5);
    const draw = (scale: number): Float64Array =>
      Float64Array.from({ length: d }, () => scale * random.normal());
    const size = 2 ** -random.integer(50);
    const [y, e, g] = [draw(2), draw(size / 4).map(Math.abs), draw(1)];
    const epsilon = [0, 1e-5, 1][random.integer(3)];
    const offset = random.integer(2) === 0 ? 0 : 1;
    const x = y.map((entry, i) => entry + (random.uniform() < 0.5 ? -e[i] : e[i]));
    const [before, after] = [y, x].map(
      (v) => eager.apply(rmsNorm({ epsilon, offset }), rowMatrix(v), rowMatrix(g)).data,
    );
    const wider = e.map((entry, i) => entry + u * Math.abs(x[i])); // x itself is rounded once
    const gain = g.map((entry) => offset + entry);
    rmsNormBound(y, wider, gain, epsilon).forEach((bound, i) => {
      const off = Math.abs(after[i] - before[i]);
      expect(off).toBeLessThanOrEqual(bound);
      nearest = Math.max(nearest, off / bound);
    });
  }
  expect(nearest).toBeGreaterThan(0.3);
});
