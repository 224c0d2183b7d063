import { expect, test } from 'vitest';
import { DomainError, divideIntervals, Random, sqrtInterval } from '../../src/linalg/index.ts';
import {
  dividePrecise,
  type PreciseInterval,
  preciseInterval,
  sqrtPrecise,
} from '../../src/linalg/precise-interval.ts';
import { apart, atMost } from '../support/big-evaluator.ts';
import { add, divide, multiply, root } from '../support/big-float.ts';
import { type Big, exactly } from '../support/big-functions.ts';

const centre = ({ mid }: PreciseInterval): Big => add(exactly(mid.hi), exactly(mid.lo));
const holds = (middle: Big, rad: number, x: Big): boolean => atMost(apart(middle, x), exactly(rad));

/** Sizes from 2⁻³⁰⁰ to 2³⁰⁰. */
const draw = (random: Random): number => (1 + random.uniform()) * 2 ** (random.integer(601) - 300);

test('quotients and roots: both enclosures hold the exact value at ends and middles of 500 intervals', () => {
  const random = new Random(21);
  for (let trial = 0; trial < 500; trial++) {
    const [x, y] = [draw(random), draw(random)];
    const size = [0, 1e-16, 1e-8, 0.3][trial % 4];
    const [rx, ry] = [x * size, y * size * random.uniform()];
    const sign = random.integer(2) === 0 ? 1 : -1;
    const q = divideIntervals({ mid: sign * x, rad: rx }, { mid: y, rad: ry });
    const sharp = dividePrecise(preciseInterval(sign * x, rx), preciseInterval(y, ry));
    const r = sqrtInterval({ mid: x, rad: rx });
    const sharpRoot = sqrtPrecise(preciseInterval(x, rx));
    for (const [s, t] of [
      [0, 0],
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ]) {
      const at = (middle: number, rad: number, side: number): Big =>
        add(exactly(middle), multiply(exactly(rad), exactly(side)));
      const quotient = divide(at(sign * x, rx, s), at(y, ry, t));
      expect(holds(exactly(q.mid), q.rad, quotient)).toBe(true);
      expect(holds(centre(sharp), sharp.rad, quotient)).toBe(true);
      const squareRoot = root(at(x, rx, s));
      expect(holds(exactly(r.mid), r.rad, squareRoot)).toBe(true);
      expect(holds(centre(sharpRoot), sharpRoot.rad, squareRoot)).toBe(true);
    }
  }
});

test('of points the radius is rounding: 2u of the value, and 10⁻³⁰ of it about double-doubles', () => {
  const [two, three] = [2, 3].map((x) => preciseInterval(x));
  expect(divideIntervals({ mid: 2, rad: 0 }, { mid: 3, rad: 0 }).rad).toBeLessThan(2 ** -53);
  expect(sqrtInterval({ mid: 2, rad: 0 }).rad).toBeLessThan(2 ** -52);
  expect(dividePrecise(two, three).rad).toBeLessThan(1e-30);
  expect(sqrtPrecise(two).rad).toBeLessThan(1e-30);
});

test('a divisor that may be 0 and a root of what may be negative are refused', () => {
  for (const rad of [1, 2, NaN]) {
    expect(() => divideIntervals({ mid: 1, rad: 0 }, { mid: -1, rad })).toThrow(DomainError);
    expect(() => sqrtInterval({ mid: 1, rad })).toThrow(DomainError);
    expect(() => dividePrecise(preciseInterval(1), preciseInterval(-1, rad))).toThrow(DomainError);
    expect(() => sqrtPrecise(preciseInterval(1, rad))).toThrow(DomainError);
  }
  expect(() => sqrtInterval({ mid: 0, rad: 0 })).toThrow(
    /positive numbers are required, got 0 ± 0/,
  );
});

test('what underflows is counted: quotients and roots of numbers near the smallest', () => {
  const power = (k: number): number => 2 ** k;
  const cases: [number, number][] = [
    [5 * power(-1040), 7 * power(-300)],
    [Number.MIN_VALUE, power(-999)],
    [3 * power(-1060), power(-20)],
    [3 * power(-1000), 1],
  ];
  for (const [x, y] of cases) {
    for (const rad of [0, y / 2]) {
      const q = divideIntervals({ mid: x, rad: 0 }, { mid: y, rad });
      const sharp = dividePrecise(preciseInterval(x), preciseInterval(y, rad));
      for (const end of [y - rad, y, y + rad]) {
        const exact = divide(exactly(x), exactly(end));
        expect(holds(exactly(q.mid), q.rad, exact)).toBe(true);
        expect(holds(centre(sharp), sharp.rad, exact)).toBe(true);
      }
    }
    const sharpRoot = sqrtPrecise(preciseInterval(x));
    expect(holds(centre(sharpRoot), sharpRoot.rad, root(exactly(x)))).toBe(true);
    const r = sqrtInterval({ mid: x, rad: 0 });
    expect(holds(exactly(r.mid), r.rad, root(exactly(x)))).toBe(true);
  }
});
