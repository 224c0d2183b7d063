/**
 * The special functions of doubles to more than 120 bits: what the fast ones are measured by.
 *
 * Each is written from a formula other than the one the fast function uses: series, continued
 * fractions, exact reductions. 20 to 300 µs a value.
 *
 * @module
 */
import {
  absolute,
  add,
  DENSITY,
  divide,
  fixed,
  HALF_PI,
  HALF_PI_BITS,
  HALF_PI_FIXED,
  integer,
  magnitude,
  multiply,
  negative,
  ONE,
  ROOT_HALF,
  root,
  series,
  shift,
  subtract,
  TWO_OVER_ROOT_PI,
  timesPower,
  ZERO,
} from './big-float.ts';
import { type Big, bigExpOf, exactly } from './big-functions.ts';

export type Reference = (x: number) => Big;

const isNegative = (x: Big): boolean => x.mantissa < 0n;
const square = (x: Big): Big => multiply(x, x);

/** eˣ − 1: the series near 0. */
function expm1Of(x: Big): Big {
  if (x.mantissa === 0n) return ZERO;
  if (magnitude(x) > -3) return subtract(bigExpOf(x), ONE);
  return series(x, (term, n) => divide(multiply(term, x), integer(n + 1)));
}

/** 2·artanh(s). */
function twiceArtanh(s: Big): Big {
  const s2 = square(s);
  let power = s;
  let sum = ZERO;
  for (let n = 1; s.mantissa !== 0n && magnitude(power) > magnitude(s) - 330; n += 2) {
    sum = add(sum, divide(power, integer(n)));
    power = multiply(power, s2);
  }
  return timesPower(sum, 1);
}

const LN2: Big = twiceArtanh(divide(ONE, integer(3)));

/** log(1 + x) = 2·artanh(x/(2 + x)) near 0; else the same after taking out a power of two. */
function log1pOf(x: Big): Big {
  if (x.mantissa === 0n) return ZERO;
  const y = add(ONE, x);
  const k = magnitude(x) <= -1 ? 0 : y.mantissa.toString(2).length + y.exponent - 1;
  const part = k === 0 ? x : subtract(timesPower(y, -k), ONE); // in [0, 1), or x itself
  const logarithm = twiceArtanh(divide(part, add(integer(2), part)));
  return k === 0 ? logarithm : add(logarithm, multiply(integer(k), LN2));
}

/** sin and cos of r = x − k·π/2, 0 ≤ r < π/2, by their series, and k mod 4. */
function turn(x: number): { sin: Big; cos: Big; quarter: number } {
  const whole = shift(exactly(Math.abs(x)).mantissa, exactly(x).exponent + HALF_PI_BITS);
  const k = whole / HALF_PI_FIXED;
  const small = Math.abs(x) < 1;
  const r = small
    ? exactly(Math.abs(x))
    : add(ZERO, { mantissa: whole % HALF_PI_FIXED, exponent: -HALF_PI_BITS });
  const r2 = negative(square(r));
  const next = (start: number) => (term: Big, n: number) =>
    divide(multiply(term, r2), integer((2 * n + start) * (2 * n + start - 1)));
  const sin = series(r, next(1));
  const cos = series(ONE, next(0));
  return { sin, cos, quarter: small ? 0 : Number(k & 3n) };
}

export const bigSin: Reference = (x) => {
  const { sin, cos, quarter } = turn(x);
  const y = quarter % 2 === 0 ? sin : cos;
  return quarter >= 2 !== x < 0 ? negative(y) : y;
};

export const bigCos: Reference = (x) => {
  const { sin, cos, quarter } = turn(x);
  const y = quarter % 2 === 0 ? cos : sin;
  return quarter === 1 || quarter === 2 ? negative(y) : y;
};

export const bigExpm1: Reference = (x) => expm1Of(exactly(x));
export const bigLog1p: Reference = (x) => log1pOf(exactly(x));

export const bigTanh: Reference = (x) => {
  const m = expm1Of(timesPower(exactly(x), 1));
  return divide(m, add(m, integer(2)));
};

/** 4e/(1 + e)², e = exp(−2|x|). */
export const bigTanhDerivative: Reference = (x) =>
  timesPower(logisticDerivative(timesPower(exactly(x), 1)), 2);

const logistic = (x: Big): Big => divide(ONE, add(ONE, bigExpOf(negative(x))));

function logisticDerivative(x: Big): Big {
  const e = bigExpOf(negative(absolute(x)));
  return divide(e, square(add(ONE, e)));
}

export const bigSigmoid: Reference = (x) => logistic(exactly(x));
export const bigSigmoidDerivative: Reference = (x) => logisticDerivative(exactly(x));

export const bigSoftplus: Reference = (x) => {
  const y = log1pOf(bigExpOf(exactly(-Math.abs(x))));
  return x > 0 ? add(exactly(x), y) : y;
};

/** erf(z), z² known: 2/√π·exp(−z²)·Σ 2ⁿ z²ⁿ⁺¹/(1·3·…·(2n + 1)), all terms of one sign. */
function erfOf(z: Big, z2: Big): Big {
  if (z.mantissa === 0n) return ZERO;
  const twice = timesPower(z2, 1);
  const sum = series(z, (term, n) => divide(multiply(term, twice), integer(2 * n + 1)));
  return multiply(TWO_OVER_ROOT_PI, multiply(bigExpOf(negative(z2)), sum));
}

/** erfc(z) for z ≥ 0: 1 − erf below 4, else exp(−z²)/√π / (z + (1/2)/(z + (2/2)/(z + …))). */
function erfcOf(z: Big, z2: Big): Big {
  const size = Number(fixed(z, 20)) / 2 ** 20;
  if (size < 4) return subtract(ONE, erfOf(z, z2));
  // The fraction cut after n terms is off by about exp(−2z·√(2n)): 2⁻¹⁴⁴ for this n.
  const terms = 20 + Math.ceil(1250 / size ** 2);
  let tail = z;
  for (let n = terms; n > 0; n--) tail = add(z, divide(timesPower(integer(n), -1), tail));
  return divide(multiply(timesPower(TWO_OVER_ROOT_PI, -1), bigExpOf(negative(z2))), tail);
}

const erfcOfEither = (x: Big, x2: Big): Big =>
  isNegative(x) ? subtract(integer(2), erfcOf(negative(x), x2)) : erfcOf(x, x2);

export const bigErf: Reference = (x) => {
  const z = exactly(Math.abs(x));
  const y = Math.abs(x) < 4 ? erfOf(z, square(z)) : subtract(ONE, erfcOf(z, square(z)));
  return x < 0 ? negative(y) : y;
};

export const bigErfc: Reference = (x) => erfcOfEither(exactly(x), square(exactly(x)));

/** Φ(x) = erfc(−x/√2)/2. */
const distribution = (x: Big): Big =>
  timesPower(erfcOfEither(negative(multiply(x, ROOT_HALF)), timesPower(square(x), -1)), -1);

export const bigGelu: Reference = (x) => multiply(exactly(x), distribution(exactly(x)));

export const bigGeluDerivative: Reference = (x) => {
  const b = exactly(x);
  const density = multiply(DENSITY, bigExpOf(timesPower(negative(square(b)), -1)));
  return add(distribution(b), multiply(b, density));
};

export const bigSilu: Reference = (x) => multiply(exactly(x), logistic(exactly(x)));

/** (x·s(v(x)))′ = s + x·v′·s′. */
const gatedDerivative = (x: Big, v: Big, slope: Big): Big =>
  add(logistic(v), multiply(x, multiply(slope, logisticDerivative(v))));

export const bigSiluDerivative: Reference = (x) => gatedDerivative(exactly(x), exactly(x), ONE);

/** 2·√(2/π) and the decimal 0.044715. */
const LINEAR: Big = timesPower(root(divide(ONE, HALF_PI)), 1);
const CUBE: Big = divide(integer(44715), integer(1_000_000));

/** v(x) = 2·√(2/π)·(x + 0.044715·x³) and v′(x). */
function tanhForm(x: Big): { v: Big; slope: Big } {
  const part = multiply(CUBE, square(x));
  return {
    v: multiply(LINEAR, multiply(x, add(ONE, part))),
    slope: multiply(LINEAR, add(ONE, multiply(integer(3), part))),
  };
}

export const bigGeluTanh: Reference = (x) => multiply(exactly(x), logistic(tanhForm(exactly(x)).v));

export const bigGeluTanhDerivative: Reference = (x) => {
  const { v, slope } = tanhForm(exactly(x));
  return gatedDerivative(exactly(x), v, slope);
};

/** Activations of numbers that are no doubles, by the names of `model/activations.ts`. */
export const BIG_ACTIVATIONS: Readonly<Record<string, (x: Big) => Big>> = {
  relu: (x) => (isNegative(x) ? ZERO : x),
  gelu: (x) => multiply(x, distribution(x)),
  geluTanh: (x) => multiply(x, logistic(tanhForm(x).v)),
  silu: (x) => multiply(x, logistic(x)),
  tanh: (x) => subtract(ONE, divide(integer(2), add(bigExpOf(timesPower(x, 1)), ONE))),
  sigmoid: logistic,
  softplus: (x) => log1pOf(bigExpOf(x)),
};
