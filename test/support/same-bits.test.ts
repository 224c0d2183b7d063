import { expect, test } from 'vitest';
import { assertSameBits } from './same-bits.ts';

const HOSTILE = [0, -0, 5e-324, -1e-300, 1e300, 1 / 3, Infinity, -Infinity, Number.NaN];

test('the same bits pass, whatever they are and in whatever kind of array', () => {
  assertSameBits([], [], 'nothing');
  assertSameBits(HOSTILE, Float64Array.from(HOSTILE), 'hostile values');
});

test('any two different values are refused, in both directions', () => {
  HOSTILE.forEach((x, i) => {
    HOSTILE.forEach((y, j) => {
      if (i !== j) expect(() => assertSameBits([x], [y], 'pair'), `${x}, ${y}`).toThrow('entry 0');
    });
  });
});

test('zeros, NaN, a wrong sign of zero and another length are refused by name', () => {
  const refuse = (actual: number[], expected: number[], words: string) =>
    expect(() => assertSameBits(actual, expected, 'label')).toThrow(`label: ${words}`);
  refuse([0, 0], [1, 2], 'entry 0 is 0, expected 1');
  refuse([1, Number.NaN], [1, 2], 'entry 1 is NaN, expected 2');
  refuse([1, 2], [1, Number.NaN], 'entry 1 is 2, expected NaN');
  refuse([-0], [0], 'entry 0 is -0, expected 0');
  refuse([1], [1, 2], 'length is 1, expected 2');
  refuse([1, 2], [1], 'length is 2, expected 1');
  refuse([], [Number.NaN], 'length is 0, expected 1');
});

test('a value that is 0.01% off, or one unit in the last place, is refused', () => {
  for (const x of [1, -3, 1e-300, 1e300]) {
    expect(() => assertSameBits([x * 1.0001], [x], 'off')).toThrow('entry 0');
    expect(() => assertSameBits([x * (1 + 2 ** -52)], [x], 'off')).toThrow('entry 0');
  }
  expect(() => assertSameBits([5e-324], [0], 'off')).toThrow('entry 0');
});
