/**
 * Gradient clipping.
 *
 * @module
 */
import { DomainError, matrix, NonFiniteError, norm } from '../linalg/index.ts';
import * as kernels from '../linalg/kernels.ts';
import { mapParameters, type Parameters } from './parameters.ts';

/**
 * ‖g‖₂ over the entries of all gradients: the norm of the norms, so that neither overflows nor
 * underflows where the result does not. Parameters count in the order of their record; 0 for none.
 */
export function globalNorm(gradients: Parameters): number {
  return norm(Float64Array.from(Object.values(gradients), ({ data }) => norm(data)));
}

/** Gradients to step along, and the global norm of those that came. */
export interface Clipped {
  readonly gradients: Parameters;
  readonly norm: number;
}

/**
 * g·(limit/‖g‖) if ‖g‖ > limit, with the quotient rounded first; otherwise a copy of g, bit for bit.
 *
 * @throws DomainError if the limit is not positive and finite.
 * @throws NonFiniteError if the norm is not finite: there is no direction to keep.
 */
export function clipByGlobalNorm(gradients: Parameters, limit: number): Clipped {
  if (!(limit > 0 && limit < Infinity)) {
    throw new DomainError(`clipByGlobalNorm: limit must be positive and finite, got ${limit}`);
  }
  const total = globalNorm(gradients);
  if (!Number.isFinite(total)) {
    throw new NonFiniteError(`clipByGlobalNorm: the norm must be finite, got ${total}`);
  }
  const factor = total > limit ? limit / total : 1;
  const clipped = mapParameters(gradients, ({ rows, cols, data }) => {
    const scaled = matrix(rows, cols);
    kernels.scale(factor, data, scaled.data);
    return scaled;
  });
  return { gradients: clipped, norm: total };
}
