import { expect, test } from 'vitest';
import {
  linearScale,
  linearTicks,
  logScale,
  logTicks,
  type Tick,
} from '../../../src/experiments/svg/scale.ts';

const read = (ticks: readonly Tick[]): string[] =>
  ticks.map(({ label, exponent }) => (exponent === null ? label : `${label}^${exponent}`));

test('a linear axis from 0 to 100 has ticks at multiples of 20', () => {
  const ticks = linearTicks(0, 100, 6);
  expect(ticks.map((tick) => tick.value)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(read(ticks)).toEqual(['0', '20', '40', '60', '80', '100']);
});

test('a linear tick is the double nearest to its label, and labels share their decimals', () => {
  const ticks = linearTicks(-0.15, 0.32, 6);
  expect(ticks.map((tick) => tick.value)).toEqual([-0.1, 0, 0.1, 0.2, 0.3]);
  expect(read(ticks)).toEqual(['−0.1', '0', '0.1', '0.2', '0.3']);
  expect(read(linearTicks(0.9, 1.1, 5))).toEqual(['0.90', '0.95', '1.00', '1.05', '1.10']);
});

test('tiny and huge linear labels are scientific with a common exponent', () => {
  expect(read(linearTicks(0, 4e-16, 4))).toEqual([
    '0',
    '1×10^-16',
    '2×10^-16',
    '3×10^-16',
    '4×10^-16',
  ]);
  expect(read(linearTicks(0.5e9, 2.1e9, 4))).toEqual([
    '0.5×10^9',
    '1.0×10^9',
    '1.5×10^9',
    '2.0×10^9',
  ]);
});

test('a logarithmic axis of two decades is labelled at 1, 2 and 5 in plain numbers', () => {
  const ticks = logScale(0.04, 3).ticks(() => true);
  expect(read(ticks)).toEqual(['0.05', '0.1', '0.2', '0.5', '1', '2']);
  expect(ticks.map((tick) => tick.value)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
});

test('a logarithmic axis of many decades is labelled in powers of ten', () => {
  expect(read(logScale(1e-16, 1e-13).ticks(() => true))).toEqual([
    '10^-16',
    '10^-15',
    '10^-14',
    '10^-13',
  ]);
});

test('decades are skipped evenly until the labels fit', () => {
  const ticks = logScale(1e-16, 1e2).ticks((some) => some.length <= 5);
  expect(ticks.map((tick) => tick.exponent)).toEqual([-15, -10, -5, 0]);
});

test('less than a decade is labelled at equal differences', () => {
  expect(read(logScale(1.01, 1.13).ticks(() => true))).toEqual([
    '1.02',
    '1.04',
    '1.06',
    '1.08',
    '1.10',
    '1.12',
  ]);
});

test('between two decades lie eight smaller marks', () => {
  expect(logTicks(1, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9], 1).map((tick) => tick.value)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ]);
  expect(logScale(1, 10).minor).toHaveLength(10);
  expect(logScale(1e-150, 1e150).minor).toHaveLength(0);
});

test('scales place their ends at 0 and 1 and the middle in the middle', () => {
  const linear = linearScale(-1, 3);
  expect([linear.place(-1), linear.place(1), linear.place(3)]).toEqual([0, 0.5, 1]);
  const log = logScale(1e-4, 1);
  expect(log.place(1e-4)).toBe(0);
  expect(log.place(1)).toBe(1);
  // log10 is good to an ulp or two and the quotient adds half of one: 1e-15 leaves a margin of four.
  expect(Math.abs(log.place(1e-2) - 0.5)).toBeLessThan(1e-15);
});

test('a scale without extent, or a logarithmic one with zero, is refused by name', () => {
  expect(() => linearScale(1, 1)).toThrow('linearScale: low < high is required');
  expect(() => linearScale(Number.NaN, 1)).toThrow(RangeError);
  expect(() => linearScale(-1.7e308, 1.7e308)).toThrow(RangeError);
  expect(() => logScale(0, 1)).toThrow(
    'logScale: low < high is required, both finite and positive',
  );
});
