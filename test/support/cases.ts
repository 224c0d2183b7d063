/**
 * Inputs that many tests share: sites and blocks of random small sizes.
 *
 * @module
 */

import { normalMatrix } from '../../src/experiments/verify/random-case.ts';
import { type Matrix, Random } from '../../src/linalg/index.ts';

export {
  normalMatrix,
  type RandomCase,
  randomCase,
} from '../../src/experiments/verify/random-case.ts';

/** A weight matrix and the two vectors of a site. */
export interface Site {
  readonly W: Matrix;
  readonly base: Float64Array;
  readonly contextual: Float64Array;
}

/** A site of random shape, 1×1 included, decided by `seed` alone. */
export function randomSite(seed: number): Site {
  const random = new Random(seed, 77);
  const [m, d] = [1 + random.integer(9), 1 + random.integer(13)];
  const W = normalMatrix(m, d, random);
  const [base, contextual] = [0, 1].map(() => normalMatrix(1, d, random).data);
  return { W, base, contextual };
}
