import { expect, test } from 'vitest';
import { erf, erfc } from '../../../src/linalg/special/erf.ts';
import { erfcx, REST } from '../../../src/linalg/special/erfcx.ts';
import { divide, multiply, timesPower } from '../../support/big-float.ts';
import { type Big, bigExpOf, exactly, ulpError } from '../../support/big-functions.ts';
import { bigErf, bigErfc } from '../../support/big-special.ts';
import { around, ascendsAround, draws, scales, within, withinOnDraws } from './arguments.ts';

/** Measured on 3·10⁷ arguments each (npm run accuracy): 0.896 and 1.347. */
const ERF_BOUND = 0.95;
const ERFC_BOUND = 1.5;

/** The edges of the twenty pieces of erfcx. */
const EDGES = Array.from({ length: 19 }, (_, i) => {
  const j = i + 1;
  return 2 ** Math.floor(j / 4) * (1 + (j % 4) / 4) - 1;
});

test.each([
  ['erf', ERF_BOUND, 1, -0.75, 0.75],
  ['erf', ERF_BOUND, 2, 0.7, 1.2],
  ['erf', ERF_BOUND, 3, -6.2, 6.2],
  ['erfc', ERFC_BOUND, 4, -1, 1],
  ['erfc', ERFC_BOUND, 5, 0.7, 3],
  ['erfc', ERFC_BOUND, 6, -7, 7],
  ['erfc', ERFC_BOUND, 7, 3, 26.3],
] as const)(
  '%s is within %f ulp on random arguments (seed %i): %f … %f',
  (name, bound, seed, low, high) => {
    withinOnDraws(bound, name, seed, [low, high]);
  },
);

test('erf and erfc are within their bounds at all scales, seams and hard points', () => {
  within(ERF_BOUND, erf, bigErf, scales(11, 1_500, -1070, 3));
  within(ERFC_BOUND, erfc, bigErfc, scales(12, 1_500, -60, 3));
  const seams = [0.75, 0.4769362762044699, 1, 2, 5.9215, ...EDGES].flatMap((x) => around(x, 4));
  within(ERF_BOUND, erf, bigErf, seams);
  within(
    ERFC_BOUND,
    erfc,
    bigErfc,
    seams.filter((x) => x < 26.5),
  );
});

test('erf of a subnormal number is 2/√π times it, rounded', () => {
  within(
    0.6,
    erf,
    bigErf,
    [1, 2, 3, 5, 1000, 2 ** 40, 2 ** 52].map((k) => k * 5e-324),
  );
});

test('erfc underflows gradually, to 0 at 27.2260…', () => {
  within(1.5, erfc, bigErfc, draws(13, 2_000, 26.5, 27.23));
  expect(erfc(27.226)).toBe(5e-324); // 0.5005 units
  for (const x of [27.23, 28, 28.1, 30, 31, 1e4, Number.MAX_VALUE]) expect(erfc(x)).toBe(0);
});

test('erf ascends and erfc descends where one piece follows another', () => {
  for (const x of [0.75, 5.9215, ...EDGES]) {
    ascendsAround(erf, x, 60);
    ascendsAround(erf, -x, 60);
  }
  for (const x of [5.9215, ...EDGES]) ascendsAround((t) => -erfc(-t), -x, 0);
});

test('erfcx is exp(z²)·erfc(z) to 0.6u in each of its pieces', () => {
  const reference = (z: number): Big => {
    const square = multiply(exactly(z), exactly(z));
    return multiply(bigErfc(z), bigExpOf(square));
  };
  const bits = (y: number, rest: number): Big => {
    const unit = 2n ** 60n;
    const whole = exactly(y);
    const part = exactly(rest * 2 ** 60);
    const exponent = Math.min(whole.exponent, part.exponent);
    const lift = (b: Big): bigint => b.mantissa << BigInt(b.exponent - exponent);
    return { mantissa: lift(whole) * unit + lift(part), exponent: exponent - 60 };
  };
  let worst = 0;
  for (const [low, high] of [0, ...EDGES, 27.9].map((x, i, all) => [x, all[i + 1]]).slice(0, -1)) {
    for (const z of draws(21, 120, low, high)) {
      const y = erfcx(z);
      const ratio = divide(bits(y, REST[0]), reference(z));
      worst = Math.max(worst, ulpError(1, timesPower(ratio, 0)));
    }
  }
  expect(worst).toBeLessThanOrEqual(0.6); // an ulp of a ratio just below 1 is u
});

test('erf and erfc are exact at the special values, and erf is odd to the bit', () => {
  for (const x of [0, -0]) expect(erf(x)).toBe(x);
  for (const x of [5.9215871957945083, 6, 10, 28, 40, 1e300, Infinity]) {
    expect(erf(x)).toBe(1);
    expect(erf(-x)).toBe(-1);
    expect(erfc(-x)).toBe(2);
  }
  expect(erfc(Infinity)).toBe(0);
  for (const x of [0, -0, 5e-324, -1e-300, 1e-17]) expect(erfc(x)).toBe(1);
  expect(erf(Number.NaN)).toBe(Number.NaN);
  expect(erfc(Number.NaN)).toBe(Number.NaN);
  for (const x of scales(14, 3_000, -1074, 10)) expect(erf(-x)).toBe(-erf(x));
});
