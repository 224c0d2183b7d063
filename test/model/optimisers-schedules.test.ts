/**
 * Schedules at the steps where they turn, and between.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { DomainError } from '../../src/linalg/index.ts';
import {
  constantRate,
  cosineDecay,
  linearWarmup,
  type Schedule,
} from '../../src/model/schedules.ts';

const at = (schedule: Schedule, ...steps: number[]): number[] => steps.map((t) => schedule(t));

test('constant: the rate at every step', () => {
  expect(at(constantRate(0.3), 0, 1, 1e9)).toEqual([0.3, 0.3, 0.3]);
});

test('warm-up: from rate/steps to the rate, which then stays', () => {
  const schedule = linearWarmup({ rate: 2, steps: 4 });
  expect(at(schedule, 0, 1, 2, 3, 4, 100)).toEqual([0.5, 1, 1.5, 2, 2, 2]);
  expect(at(linearWarmup({ rate: 2, steps: 0 }), 0, 1)).toEqual([2, 2]);
});

test('cosine: warm-up, the full rate, the middle, the final rate and no more', () => {
  const schedule = cosineDecay({ rate: 8, final: 2, warmup: 4, steps: 12 });
  expect(at(schedule, 0, 1, 3, 4)).toEqual([2, 4, 8, 8]);
  expect(at(schedule, 12, 13, 1000)).toEqual([2, 2, 2]);
  // cos(π/4), cos(π/2), cos(3π/4): measured 1e-15.
  [6, 8, 10].forEach((t, i) => {
    const expected = 5 + 3 * [Math.SQRT1_2, 0, -Math.SQRT1_2][i];
    expect(Math.abs(schedule(t) - expected)).toBeLessThan(1e-14);
  });
  for (let t = 4; t < 12; t++) expect(schedule(t + 1)).toBeLessThan(schedule(t));
  const whole = cosineDecay({ rate: 1, steps: 10 });
  expect(at(whole, 0, 10)).toEqual([1, 0]);
});

test('options and steps out of their range are refused by name', () => {
  const cosine = { rate: 1, steps: 10 };
  for (const [run, message] of [
    [() => constantRate(0), 'constantRate: rate must be positive and finite, got 0'],
    [() => constantRate(NaN), 'constantRate: rate must be positive and finite, got NaN'],
    [() => linearWarmup({ rate: -1, steps: 2 }), 'linearWarmup: rate must be positive'],
    [() => linearWarmup({ rate: 1, steps: 1.5 }), 'linearWarmup: steps must be an integer'],
    [
      () => cosineDecay({ ...cosine, steps: 0 }),
      'cosineDecay: warmup must be below the 0 steps, got 0',
    ],
    [
      () => cosineDecay({ ...cosine, warmup: 10 }),
      'cosineDecay: warmup must be below the 10 steps',
    ],
    [
      () => cosineDecay({ ...cosine, warmup: -1 }),
      'cosineDecay: warmup must be an integer from 0 on',
    ],
    [
      () => cosineDecay({ ...cosine, final: 2 }),
      'cosineDecay: final must be from 0 to the rate 1, got 2',
    ],
    [
      () => cosineDecay({ ...cosine, final: -1 }),
      'cosineDecay: final must be from 0 to the rate 1',
    ],
    [() => constantRate(1)(-1), 'constantRate: step must be an integer from 0 on, got -1'],
    [() => linearWarmup({ rate: 1, steps: 2 })(0.5), 'linearWarmup: step must be an integer'],
    [() => cosineDecay(cosine)(NaN), 'cosineDecay: step must be an integer from 0 on, got NaN'],
  ] as const) {
    expect(run).toThrow(DomainError);
    expect(run).toThrow(message);
  }
});
