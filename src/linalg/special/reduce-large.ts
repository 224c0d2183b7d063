/**
 * x − k·π/2 for numbers of any size, without losing a digit.
 *
 * x·2/π is a product of integers. Of it only the last two bits before the point (k mod 4) and some
 * 190 bits after it matter, so only those digits of 2/π are multiplied that reach them.
 *
 * Source: M. Payne, R. Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18
 * (1983), in digits of 24 bits.
 *
 * @module
 */
/** 2/π after the point, in hexadecimal: 1248 bits; the largest double needs 1200 of them. */
const TWO_OVER_PI =
  'a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2' +
  'e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d6398353' +
  '39f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e' +
  '5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc20';

/** The number of digits of x: 53 bits are spread over at most four. */
const X_DIGITS = 4;

/** Digits kept after the point. What is cut off is below 2⁻¹⁶⁶; no x leaves less than 2⁻⁶². */
const FRACTION = 8;

const BASE = 16777216; // 2²⁴
const BASE_INVERSE = 5.9604644775390625e-8; // 2⁻²⁴

/** 2/π = Σ DIGITS[i + X_DIGITS − 1]·2⁻²⁴ⁱ, with zeros for i ≤ 0. */
const DIGITS: Float64Array = digits();

/** π/2 in two doubles, and the leading one in halves of 26 bits at most. */
const HALF_PI: number = Math.PI / 2;
const HALF_PI_LOW = 6.123233995736766e-17;
const HALF_PI_LEAD = 1.5707963407039642;
const HALF_PI_REST = -1.3909067675399456e-8;

/** 2²⁷ + 1: multiplying by it splits a double into two halves of 26 bits. */
const VELTKAMP = 134217729;

/** What the last reduction left: at 0 the part below r's last bit, at 1 k mod 4. */
export const REDUCED: Float64Array = new Float64Array(2);

const X: Float64Array = new Float64Array(X_DIGITS);
const COLUMNS: Float64Array = new Float64Array(FRACTION + 1);

/**
 * x − k·π/2, |r| ≤ π/4: returns r, leaves the rest at `REDUCED[0]` and k mod 4 at `REDUCED[1]`.
 * NaN for a number that is not finite.
 *
 * Error: below 2⁻¹⁰⁰ relative.
 *
 * Trusts: |x| ≥ 1.
 */
export function reduceLarge(x: number): number {
  if (!(Math.abs(x) < Infinity)) {
    REDUCED[1] = 0;
    return NaN;
  }
  // |x| = X·2²⁴ᵠ with 1 ≤ X < 2²⁴, and X in digits: X[0] before the point, the others after it.
  let shift = 0;
  let rest = Math.abs(x);
  while (rest >= BASE) {
    rest *= BASE_INVERSE;
    shift++;
  }
  for (let a = 0; a < X_DIGITS; a++) {
    X[a] = Math.floor(rest);
    rest = (rest - X[a]) * BASE;
  }
  // Column n holds the multiples of 2⁻²⁴ⁿ: products of 48 bits, four of them. n < 0: multiples of 4.
  for (let n = 0; n <= FRACTION; n++) {
    let sum = 0;
    for (let a = 0; a < X_DIGITS; a++) sum += X[a] * DIGITS[n - a + shift + X_DIGITS - 1];
    COLUMNS[n] = sum;
  }
  for (let n = FRACTION; n >= 1; n--) {
    const carry = Math.floor(COLUMNS[n] * BASE_INVERSE);
    COLUMNS[n] -= carry * BASE;
    COLUMNS[n - 1] += carry;
  }
  // To nearest: a fraction of a half or more is one more and a negative fraction.
  const up = COLUMNS[1] >= BASE / 2 ? 1 : 0;
  COLUMNS[1] -= up * BASE;
  const k = (COLUMNS[0] % 4) + up;
  return finish(x < 0 ? -1 : 1, k);
}

/** The fraction in `COLUMNS` times π/2, in two doubles, with the sign of x. */
function finish(sign: number, k: number): number {
  const pair = (n: number): number => COLUMNS[n] * BASE + COLUMNS[n + 1]; // exact: 48 bits
  const unit = BASE_INVERSE * BASE_INVERSE;
  const [a, b] = [pair(1) * unit, pair(3) * unit * unit];
  const c = pair(5) * unit * unit * unit;
  const d = pair(7) * unit * unit * unit * unit;
  // a + b + c, with the errors of both sums: |a| is 0 or larger than b, a + b 0 or larger than c.
  const ab = a + b;
  const abError = b - (ab - a);
  const abc = ab + c;
  const abcError = c - (abc - ab);
  const tail = abError + abcError + d;
  const f = abc + tail;
  const fLow = abc - f + tail;

  // f·π/2 by Dekker's product.
  const big = f * VELTKAMP;
  const lead = big - (big - f);
  const last = f - lead;
  const product = f * HALF_PI;
  const error =
    lead * HALF_PI_LEAD - product + lead * HALF_PI_REST + last * HALF_PI_LEAD + last * HALF_PI_REST;
  const low = error + (f * HALF_PI_LOW + fLow * HALF_PI);
  const r = product + low;
  REDUCED[0] = sign * (product - r + low);
  REDUCED[1] = (sign * k) & 3;
  return sign * r;
}

function digits(): Float64Array {
  const values = new Float64Array(X_DIGITS + TWO_OVER_PI.length / 6);
  for (let i = 0; i < TWO_OVER_PI.length / 6; i++) {
    values[X_DIGITS + i] = Number.parseInt(TWO_OVER_PI.slice(6 * i, 6 * i + 6), 16);
  }
  return values;
}
