/**
 * Every special function in double-double, relative error below 2⁻⁷⁰ where the result is normal: what
 * `npm run accuracy` measures ten million arguments a range by. test/linalg/special/accuracy.test.ts
 * holds it against BigInt.
 *
 * Results are returned as in pairs.ts: leading part returned, the rest at `LOW[0]`.
 *
 * @module
 */
import {
  DENSITY as BIG_DENSITY,
  ROOT_HALF as BIG_ROOT_HALF,
  add as bigAdd,
  divide as bigDivide,
  multiply as bigMultiply,
  HALF_PI,
  integer,
  root,
  subtract,
  TWO_OVER_ROOT_PI,
  timesPower,
} from '../../test/support/big-float.ts';
import { type Big, bigExpOf, exactly } from '../../test/support/big-functions.ts';
import { bigErfc } from '../../test/support/big-special.ts';
import {
  EXPONENT,
  exp,
  expMantissa,
  expm1,
  log,
  log1p,
  scale,
  sinOrCos,
  split,
} from './elementary.ts';
import { add, divide, LOW, multiply, product, sum } from './pairs.ts';

/** The leading part of f(x); the rest is at `LOW[0]`. */
export type PairReference = (x: number) => number;

function tanh(x: number): number {
  const m = expm1(2 * x, 0);
  const mLow = LOW[0];
  const d = add(2, 0, m, mLow);
  return divide(m, mLow, d, LOW[0]);
}

/** sigmoid(x + low) = e/(1 + e) or 1/(1 + e), times x^times. */
function logistic(x: number, low: number): number {
  const sign = x < 0 ? 1 : -1;
  const e = expMantissa(sign * x, sign * low);
  const eLow = LOW[0];
  const k = EXPONENT[0];
  const scaled = scale(e, k);
  const d = add(1, 0, scaled, LOW[0]);
  const q = x < 0 ? divide(e, eLow, d, LOW[0]) : divide(1, 0, d, LOW[0]);
  EXPONENT[0] = x < 0 ? k : 0;
  return q;
}

/** sigmoid(x)·sigmoid(−x) as a mantissa: e/(1 + e)². */
function logisticDerivative(x: number, low: number): number {
  const sign = x < 0 ? 1 : -1;
  const e = expMantissa(sign * x, sign * low);
  const eLow = LOW[0];
  const k = EXPONENT[0];
  const scaled = scale(e, k);
  const d = add(1, 0, scaled, LOW[0]);
  const square = multiply(d, LOW[0], d, LOW[0]);
  const q = divide(e, eLow, square, LOW[0]);
  EXPONENT[0] = k;
  return q;
}

const finish = (h: number): number => scale(h, EXPONENT[0]);

function softplus(x: number): number {
  const e = exp(-Math.abs(x), 0);
  const y = log1p(e, LOW[0]);
  return add(Math.max(x, 0), 0, y, LOW[0]);
}

/** The spacing of the points at which exp(z²)·erfc(z) is tabulated, and the terms of its series. */
const GRID = 64;
const TERMS = 12;
const FURTHEST = 29;

/** Row j: the Taylor coefficients at j/64, the first four of them in two doubles. */
const ERFCX: Float64Array = erfcxTable();

function erfcxTable(): Float64Array {
  const table = new Float64Array((FURTHEST * GRID + 1) * (TERMS + 4));
  for (let j = 0; j <= FURTHEST * GRID; j++) {
    const c = exactly(j / GRID);
    // y = exp(z²)·erfc(z) solves y′ = 2zy − 2/√π.
    const y: Big[] = [bigMultiply(bigErfc(j / GRID), bigExpOf(bigMultiply(c, c)))];
    y[1] = subtract(bigMultiply(timesPower(c, 1), y[0]), TWO_OVER_ROOT_PI);
    for (let n = 1; n < TERMS - 1; n++) {
      const sum = bigAdd(bigMultiply(c, y[n]), y[n - 1]);
      y[n + 1] = bigDivide(timesPower(sum, 1), integer(n + 1));
    }
    y.forEach((value, n) => {
      const [high, low] = split(value);
      table[j * (TERMS + 4) + 4 + n] = high;
      if (n < 4) table[j * (TERMS + 4) + n] = low;
    });
  }
  return table;
}

/** exp(z²)·erfc(z) for 0 ≤ z + low ≤ 29. */
function erfcx(z: number, low: number): number {
  const j = Math.round(z * GRID);
  const row = j * (TERMS + 4) + 4;
  const t = sum(z - j / GRID, low);
  const tLow = LOW[0];
  let tail = ERFCX[row + TERMS - 1];
  for (let n = TERMS - 2; n >= 4; n--) tail = ERFCX[row + n] + t * tail;
  let s = product(t, tail);
  for (let n = 3; n > 0; n--) {
    s = add(ERFCX[row + n], ERFCX[row + n - 4], s, LOW[0]);
    s = multiply(t, tLow, s, LOW[0]);
  }
  return add(ERFCX[row], ERFCX[row - 4], s, LOW[0]);
}

/** erfc(x) for x ≥ 0. */
function upper(x: number): number {
  const square = product(x, x);
  const e = expMantissa(-square, -LOW[0]);
  const eLow = LOW[0];
  const k = EXPONENT[0];
  const y = erfcx(x, 0);
  const h = multiply(e, eLow, y, LOW[0]);
  return scale(h, k);
}

function erfc(x: number): number {
  if (x >= 0) return upper(x);
  if (x > -0.25) {
    const y = erf(x);
    return add(1, 0, -y, -LOW[0]);
  }
  const y = upper(-x);
  return add(2, 0, -y, -LOW[0]);
}

/** The coefficients 2/√π·(−1)ⁿ/(n!·(2n + 1)) of erf(x)/x in x², two doubles each. */
const ERF_SERIES: [number, number][] = Array.from({ length: 14 }, (_, n) => {
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  const size = bigDivide(TWO_OVER_ROOT_PI, integer(factorial * (2 * n + 1)));
  return split(n % 2 === 0 ? size : { mantissa: -size.mantissa, exponent: size.exponent });
});

function erf(x: number): number {
  const size = Math.abs(x);
  if (size >= 0.25) {
    const y = upper(size);
    const h = add(1, 0, -y, -LOW[0]);
    if (x < 0) LOW[0] = -LOW[0];
    return x < 0 ? -h : h;
  }
  const z = product(x, x);
  const zLow = LOW[0];
  let tail = ERF_SERIES[13][0];
  for (let n = 12; n >= 6; n--) tail = ERF_SERIES[n][0] + z * tail;
  let s = product(z, tail);
  for (let n = 5; n > 0; n--) {
    s = add(ERF_SERIES[n][0], ERF_SERIES[n][1], s, LOW[0]);
    s = multiply(z, zLow, s, LOW[0]);
  }
  s = add(ERF_SERIES[0][0], ERF_SERIES[0][1], s, LOW[0]);
  return multiply(x, 0, s, LOW[0]);
}

const [ROOT_HALF, ROOT_HALF_LOW] = split(BIG_ROOT_HALF);
const [DENSITY, DENSITY_LOW] = split(BIG_DENSITY);

/** g(a) with the derivative of gelu, or gelu itself, equal to g for −a and 1 − g, or a − g, for a ≥ 0. */
function geluPart(a: number, derivative: boolean): number {
  const square = product(a, a);
  const e = expMantissa(-0.5 * square, -0.5 * LOW[0]);
  const eLow = LOW[0];
  const k = EXPONENT[0];
  const z = multiply(ROOT_HALF, ROOT_HALF_LOW, a, 0);
  const y = erfcx(z, LOW[0]);
  const yLow = LOW[0];
  let factor: number;
  if (derivative) {
    const linear = multiply(DENSITY, DENSITY_LOW, a, 0);
    factor = add(0.5 * y, 0.5 * yLow, -linear, -LOW[0]);
  } else {
    factor = multiply(-0.5 * a, 0, y, yLow);
  }
  const h = multiply(e, eLow, factor, LOW[0]);
  return scale(h, k);
}

function gelu(x: number): number {
  const g = geluPart(Math.abs(x), false);
  return x < 0 ? g : add(x, 0, g, LOW[0]);
}

function geluDerivative(x: number): number {
  const g = geluPart(Math.abs(x), true);
  return x < 0 ? g : add(1, 0, -g, -LOW[0]);
}

const silu: PairReference = (x) => {
  const s = logistic(x, 0);
  return finish(multiply(s, LOW[0], x, 0));
};

/** s(v) + w·s′(v), s = sigmoid, s′ = s·(1 − s): a derivative of x·s(v(x)) with w = x·v′(x). */
function gatedDerivative(v: number, vLow: number, w: number, wLow: number): number {
  // s′ = s·(1 − s): s·(1 + w·(1 − s)), and 1 − s = sigmoid(−v).
  const other = finish(logistic(-v, -vLow));
  const part = multiply(w, wLow, other, LOW[0]);
  const factor = add(1, 0, part, LOW[0]);
  const factorLow = LOW[0];
  const s = logistic(v, vLow);
  return finish(multiply(s, LOW[0], factor, factorLow));
}

const [LINEAR, LINEAR_LOW] = split(timesPower(root(bigDivide(integer(1), HALF_PI)), 1));
/** 0.044715 and three times as much. */
const CUBES = [1, 3].map((factor) => split(bigDivide(integer(factor * 44715), integer(1_000_000))));

/** 2·√(2/π)·x·(1 + c·x²), c = CUBES[kind]: v for kind 0, x·v′ for 1. */
function cubic(x: number, kind: 0 | 1): number {
  const square = product(x, x);
  const part = multiply(CUBES[kind][0], CUBES[kind][1], square, LOW[0]);
  const bracket = add(1, 0, part, LOW[0]);
  const linear = multiply(bracket, LOW[0], LINEAR, LINEAR_LOW);
  return multiply(linear, LOW[0], x, 0);
}

const geluTanh: PairReference = (x) => {
  const v = cubic(x, 0);
  const s = logistic(v, LOW[0]);
  return finish(multiply(s, LOW[0], x, 0));
};

const geluTanhDerivative: PairReference = (x) => {
  const v = cubic(x, 0);
  const vLow = LOW[0];
  const w = cubic(x, 1);
  return gatedDerivative(v, vLow, w, LOW[0]);
};

/** By the names of src/linalg/special. */
export const REFERENCES: Readonly<Record<string, PairReference>> = {
  exp: (x) => exp(x, 0),
  expm1: (x) => expm1(x, 0),
  log,
  log1p: (x) => log1p(x, 0),
  sin: (x) => sinOrCos(x, 0),
  cos: (x) => sinOrCos(x, 1),
  tanh,
  tanhDerivative: (x) => {
    const s = logisticDerivative(2 * x, 0);
    LOW[0] *= 4;
    return finish(4 * s);
  },
  sigmoid: (x) => finish(logistic(x, 0)),
  sigmoidDerivative: (x) => finish(logisticDerivative(x, 0)),
  softplus,
  erf,
  erfc,
  gelu,
  geluDerivative,
  geluTanh,
  geluTanhDerivative,
  silu,
  siluDerivative: (x) => gatedDerivative(x, 0, x, 0),
};
