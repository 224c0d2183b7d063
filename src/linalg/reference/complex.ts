/**
 * Complex numbers as pairs of doubles, for the plain twins of complex recurrences.
 *
 * @module
 */
import { exp } from '../special/exp.ts';
import { expm1 } from '../special/expm1.ts';
import { cos, sin } from '../special/sin-cos.ts';

/** re + i·im. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** a·b: each part is a difference or sum of two rounded products. */
export const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

/** ā·b: the transpose of multiplication by a, acting on the gradient b. */
export const conjugateTimes = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re + a.im * b.im,
  im: a.re * b.im - a.im * b.re,
});

/** b/a as (ā·b)/|a|². Precondition: |a|² neither 0 nor overflowing. */
export function over(b: Complex, a: Complex): Complex {
  const square = a.re * a.re + a.im * a.im;
  const product = conjugateTimes(a, b);
  return { re: product.re / square, im: product.im / square };
}

/** factor·a. */
export const scaled = (factor: number, a: Complex): Complex => ({
  re: factor * a.re,
  im: factor * a.im,
});

/** e^a and e^a − 1, the latter without cancellation: expm1(x)·cos y − 2·sin²(y/2) + i·eˣ·sin y. */
export function expAndMinusOne(a: Complex): { power: Complex; minusOne: Complex } {
  const [size, c, s] = [exp(a.re), cos(a.im), sin(a.im)];
  const half = sin(a.im / 2);
  const im = size * s;
  return {
    power: { re: size * c, im },
    minusOne: { re: expm1(a.re) * c - 2 * (half * half), im },
  };
}
