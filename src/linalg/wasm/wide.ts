/**
 * The instructions on pairs of doubles, on several pairs side by side: one instruction a pair.
 *
 * A processor waits three or four cycles for each sum and product, and begins several in one. One pair
 * in a long chain of operations leaves it idle; the chains of two pairs fill each other's gaps.
 *
 * @module
 */
import { type Code, f64x2, i32, i64x2, v128 } from './instructions.ts';

/** A value for each of the pairs. */
export type Wide = readonly Code[];

type Unary = (x: Wide) => Wide;
type Binary = (x: Wide, y: Wide) => Wide;

const unary =
  (operation: (x: Code) => Code): Unary =>
  (x) =>
    x.map((each) => operation(each));

const binary =
  (operation: (x: Code, y: Code) => Code): Binary =>
  (x, y) =>
    x.map((each, i) => operation(each, y[i]));

export const add: Binary = binary(f64x2.add);
export const sub: Binary = binary(f64x2.sub);
export const mul: Binary = binary(f64x2.mul);
export const div: Binary = binary(f64x2.div);
export const abs: Unary = unary(f64x2.abs);
export const neg: Unary = unary(f64x2.neg);
/** y < x ? y : x. */
export const pmin: Binary = binary(f64x2.pmin);
/** x < y ? y : x. */
export const pmax: Binary = binary(f64x2.pmax);
export const lt: Binary = binary(f64x2.lt);
export const gt: Binary = binary(f64x2.gt);
export const le: Binary = binary(f64x2.le);

/** Bit by bit. */
export const and: Binary = binary(v128.and);
export const or: Binary = binary(v128.or);
/** x where the mask is 1, y where it is 0. */
export const select = (x: Wide, y: Wide, mask: Wide): Wide =>
  x.map((each, i) => v128.select(each, y[i], mask[i]));

/** Sums and differences of integers of 64 bits, and their shifts. */
export const addIntegers: Binary = binary(i64x2.add);
export const subIntegers: Binary = binary(i64x2.sub);
export const shiftLeft = (x: Wide, by: number): Wide =>
  x.map((each) => i64x2.shl(each, i32.const(by)));
export const shiftRight = (x: Wide, by: number): Wide =>
  x.map((each) => i64x2.shrU(each, i32.const(by)));
