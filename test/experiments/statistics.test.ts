import { expect, test } from 'vitest';
import {
  logLogSlope,
  mean,
  median,
  quantile,
  summarise,
} from '../../src/experiments/statistics.ts';
import { DomainError } from '../../src/linalg/index.ts';

test('mean, median and quartiles of 1, 2, 3, 4, 10 by hand', () => {
  const sample = [10, 1, 4, 2, 3];
  expect(mean(sample)).toBe(4);
  expect(median(sample)).toBe(3);
  expect([quantile(sample, 0), quantile(sample, 0.25), quantile(sample, 0.75)]).toEqual([1, 2, 4]);
  expect(quantile([1, 2], 0.25)).toBe(1.25); // interpolated
  expect(sample).toEqual([10, 1, 4, 2, 3]);
});

test('a power law has its exponent as slope', () => {
  const x = [1, 2, 4, 8];
  // Exact powers of two: the slope is −1 up to the rounding of four logarithms, each ≤ 1 ulp.
  expect(
    logLogSlope(
      x,
      x.map((entry) => 3 / entry),
    ),
  ).toBeCloseTo(-1, 13);
  expect(
    logLogSlope(
      x,
      x.map((entry) => entry * entry),
    ),
  ).toBeCloseTo(2, 13);
});

test('a value that has no logarithm makes the slope fail a comparison', () => {
  for (const y of [
    [1, 0],
    [1, -1],
    [1, NaN],
  ]) {
    const slope = logLogSlope([1, 2], y);
    expect(slope >= -1.3 && slope <= -0.7).toBe(false);
  }
});

test('rows are summarised column by column', () => {
  const {
    mean: means,
    median: medians,
    lower,
    upper,
  } = summarise([
    [1, 10],
    [3, 30],
  ]);
  expect([means, medians]).toEqual([
    [2, 20],
    [2, 20],
  ]);
  expect([lower, upper]).toEqual([
    [1.5, 15],
    [2.5, 25],
  ]);
});

test('nothing, rows of different lengths and a q outside [0, 1] are refused', () => {
  for (const attempt of [
    () => mean([]),
    () => summarise([]),
    () => summarise([[1], [1, 2]]),
    () => quantile([1], 2),
    () => quantile([1], NaN),
    () => logLogSlope([1], [1]),
    () => logLogSlope([1, 2], [1]),
  ]) {
    expect(attempt).toThrow(DomainError);
  }
});
