/**
 * Evaluators that compute as a shorter number format would.
 *
 * @module
 */
import {
  FLOAT32,
  type Matrix,
  matrix,
  multiplyNTFloat32,
  type NumberFormat,
  roundAll,
  transpose,
} from '../linalg/index.ts';
import { type Evaluator, eager } from './evaluator.ts';
import type { Op } from './op.ts';
import { linear, matmul } from './ops/index.ts';

/**
 * Every operation in float64, its result rounded to the format once; constants are rounded too.
 *
 * So a dot product is rounded once and not at each of its terms, and what an operation keeps to itself (the
 * weights of attention, the divisor of a norm) is not rounded at all. That is how processors compute
 * bfloat16 and float16, which add up in float32 and store the result short, except that here the adding up
 * is done in float64: a difference of 2⁻²⁴ beside roundings of 2⁻⁸ or 2⁻¹¹. Parameters and inputs are taken
 * as they are; `on.constant` rounds them.
 */
export function roundingTo(format: NumberFormat): Evaluator<Matrix> {
  const rounded = ({ rows, cols, data }: Matrix): Matrix =>
    matrix(rows, cols, roundAll(format, data));
  return {
    constant: rounded,
    apply: (op, ...args) => rounded(eager.apply(op, ...args)),
    read: (value) => value,
  };
}

const onceInFloat32 = roundingTo(FLOAT32);

/**
 * Float32 arithmetic: products of matrices round every product and every sum, as float32 hardware does
 * without fused multiply-add (`multiplyNTFloat32`), and operations on single entries have one rounding
 * anyway. The rest differs from hardware: attention, norms and activations compute in float64 inside and
 * round their result once.
 */
export const float32: Evaluator<Matrix> = {
  ...onceInFloat32,
  apply(op, ...args) {
    const [a, b] = args;
    if (same(op, linear)) return multiplyNTFloat32(a, b);
    if (same(op, matmul)) return multiplyNTFloat32(a, transpose(b));
    return onceInFloat32.apply(op, ...args);
  },
};

const same = (op: unknown, other: Op<readonly Matrix[]>): boolean => op === other;
