/**
 * Positions as sines and cosines.
 *
 * @module
 */
import { cos, exp, log, type Matrix, matrix, sin } from '../linalg/index.ts';
import { requireSizes } from './contextual-layer.ts';

/** 10000, the longest wave over 2π. */
const BASE = 10000;

/**
 * P_{t,2j} = sin(t·10000^(−2j/width)), P_{t,2j+1} = cos of the same (arXiv:1706.03762, section 3.5).
 *
 * Shapes: count×width, one row a position. It takes the place of the learned table: parameter P of a
 * language model. Error: a few ulp of the angle, so 4·count·2⁻⁵³ in each entry.
 *
 * @throws DomainError if a size is not a positive integer.
 */
export function sinusoidalPositions(count: number, width: number): Matrix {
  requireSizes('sinusoidalPositions', { count, width });
  const P = matrix(count, width);
  const step = log(BASE) / width;
  for (let t = 0; t < count; t++) {
    for (let c = 0; c < width; c++) {
      const angle = t * exp(-(c - (c % 2)) * step);
      P.data[t * width + c] = c % 2 === 0 ? sin(angle) : cos(angle);
    }
  }
  return P;
}
