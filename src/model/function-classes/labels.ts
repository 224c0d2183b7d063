/**
 * Noise on labels, and labels scaled to the size that noiseless ones have.
 *
 * Source: `NoisyLinearRegression` of the code of Garg et al., arXiv:2208.01066.
 *
 * @module
 */
import { DomainError, norm, requireFinite, ShapeError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';

/**
 * y + σ·ε, entry by entry; the product is rounded, then the sum.
 *
 * @throws ShapeError if y and ε differ in length.
 */
export function noisyLabels(
  labels: Float64Array,
  noise: Float64Array,
  deviation: number,
): Float64Array {
  if (labels.length !== noise.length) {
    throw new ShapeError(
      `noisyLabels: as much noise as labels is required, got ${noise.length} for ${labels.length}`,
    );
  }
  return labels.map((label, i) => label + deviation * noise[i]);
}

/**
 * The labels of one or more prompts times √d / s, where s is their standard deviation taken together:
 *
 *   s² = Σ (y − mean)²/(n − 1) over all n labels; sums in two lanes, prompt after prompt
 *
 * Error: relative, γ_{n+8} + (γ_{n+1}·max|y|/s)² for each label: an error of the mean is orthogonal to
 * the deviations, so it enters s squared.
 *
 * @throws DomainError if there are fewer than two labels, or all are equal; NonFiniteError.
 */
export function renormalisedLabels(
  prompts: readonly Float64Array[],
  dimension: number,
): Float64Array[] {
  const all = Float64Array.from(prompts.flatMap((labels) => Array.from(labels)));
  requireFinite('renormalisedLabels', 'labels', all);
  const n = all.length;
  const mean = kernels.sum(all, 0, n) / n;
  const deviation = norm(all.map((y) => y - mean)) / Math.sqrt(n - 1);
  if (!(deviation > 0 && deviation < Infinity)) {
    throw new DomainError(
      `renormalisedLabels: two different labels are required, so that their deviation is above 0, ` +
        `got ${n} with deviation ${deviation}`,
    );
  }
  const root = Math.sqrt(dimension);
  return prompts.map((labels) => labels.map((y) => (y * root) / deviation));
}
