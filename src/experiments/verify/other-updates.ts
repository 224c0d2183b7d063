/**
 * Other exact updates of one matrix (1.6): the least one behind a rectifier, and the one that disturbs
 * other inputs least.
 *
 * @module
 */
import {
  absoluteProduct,
  patchBehindRelu,
  patchWeight,
  patchWeightedBy,
  residual,
  unseenPart,
} from '../../icl/index.ts';
import {
  DegenerateBase,
  dot,
  gamma,
  type Matrix,
  matrixVector,
  multiply,
  multiplyTN,
  norm,
  Random,
  type RankOne,
  rankOneToMatrix,
  UNIT_ROUNDOFF,
} from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const SITE = { theorem: '1.6', layer: null, block: null } as const;

/** A site of random shape, and the matrix applied factored. */
function randomSite(random: Random) {
  const d = 1 + random.integer(12);
  const W = normalMatrix(1 + random.integer(8), d, random);
  const [a, contextual] = [0, 1].map(() => normalMatrix(1, d, random).data);
  return { W, a, contextual, d };
}

const apply = (W: Matrix, { p, v }: RankOne, a: Float64Array): Float64Array => {
  const onto = dot(v, a);
  return matrixVector(W, a).map((entry, i) => entry + p[i] * onto);
};

const rectified = (z: Float64Array): Float64Array => z.map((entry) => (entry > 0 ? entry : 0));

/**
 * relu((W + ΔW)a + b) against relu(W·a' + b). c = p is what z is moved by; v·a = 1 + θ_{3d+2}, and the
 * sums with W·a and b round by u each: γ_{3d+4}·|c| + 4u·(|W·a| + |b| + |c| + |z'|).
 */
export const behindRelu: Verification = {
  ...SITE,
  title: 'the least update behind a rectifier',
  variant: 'relu-minimal',
  run(trials, seed) {
    const random = new Random(seed, 16, 1);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { W, a, contextual, d } = randomSite(random);
      const b = normalMatrix(1, W.rows, random).data;
      const shifted = (z: Float64Array): Float64Array => z.map((entry, i) => entry + b[i]);
      const patch = patchBehindRelu(W, b, a, contextual);
      const target = shifted(matrixVector(W, contextual));
      const Wa = matrixVector(W, a);
      const bound = Wa.map(
        (entry, i) =>
          gamma(3 * d + 4) * Math.abs(patch.p[i]) +
          4 *
            UNIT_ROUNDOFF *
            (Math.abs(entry) + Math.abs(b[i]) + Math.abs(patch.p[i]) + Math.abs(target[i])),
      );
      const goal = rectified(target);
      gatherer.trial(residual(rectified(shifted(apply(W, patch, a))), goal, bound));
      // |c_i| ≤ |z'_i − z_i| up to the rounding of both.
      const full = norm(patchWeight(W, a, contextual).p);
      const idle = patch.p.some((c, i) => c !== 0 && Wa[i] + b[i] <= 0 && target[i] <= 0);
      if (idle || !(norm(patch.p) <= full * (1 + gamma(4 * d + 8)) + norm(bound))) {
        gatherer.trial({ observed: norm(patch.p) - full, overBound: Infinity });
      }
      if (norm(patch.p) > norm(goal) / 10) {
        gatherer.control('no patch', rectified(shifted(Wa)), goal, bound);
      }
      gatherer.refuse(DegenerateBase, () => patchBehindRelu(W, b, new Float64Array(d), contextual));
    }
    return gatherer.row(this);
  },
};

/**
 * (W + ΔW)a against W·a' for the second moment S. With κ = Σ|a_j·y_j|/(aᵀy), y = S⁻¹a, the two sums
 * in v·a carry γ_{2d+2}·κ, so |residual| ≤ γ_{d+2}·|W||a| + (γ_{d+2} + γ_{2d+4}·κ)·|W||δ| + γ_d·|W||a'|.
 */
export const weighted: Verification = {
  ...SITE,
  title: 'the update that disturbs other inputs least',
  variant: 'covariance-weighted',
  run(trials, seed) {
    const random = new Random(seed, 16, 2);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { W, a, contextual, d } = randomSite(random);
      const samples = normalMatrix(d + 3, d, random);
      const S = multiplyTN(samples, samples); // symmetric to the bit: products commute
      const patch = patchWeightedBy(S, W, a, contextual);
      const delta = contextual.map((entry, j) => entry - a[j]);
      const kappa = a.reduce((sum, entry, j) => sum + Math.abs(entry * patch.v[j]), 0);
      const [atA, atDelta, atFull] = [a, delta, contextual].map((x) => absoluteProduct(W, x));
      const bound = atA.map(
        (entry, i) =>
          gamma(d + 2) * entry +
          (gamma(d + 2) + gamma(2 * d + 4) * kappa) * atDelta[i] +
          gamma(d) * atFull[i],
      );
      const target = matrixVector(W, contextual);
      const exactness = residual(apply(W, patch, a), target, bound);
      // Least tr(ΔW·S·ΔWᵀ) means that ΔW·S is orthogonal to every M with M·a = 0. Forming y = S⁻¹a is
      // backward stable (a few d²·u of ‖S‖‖y‖), so 1e-11 of the norms is ample for d ≤ 12.
      const M = unseenPart(normalMatrix(W.rows, d, random), a);
      const along = (update: RankOne): Float64Array =>
        Float64Array.of(dot(multiply(rankOneToMatrix(update), S).data, M.data));
      const scale = norm(S.data) * norm(M.data) * norm(patch.p) * norm(patch.v);
      const limit = Float64Array.of(1e-11 * scale);
      const none = new Float64Array(1);
      const least = d > 1 ? residual(along(patch), none, limit).overBound : 0; // d = 1: no such M
      gatherer.trial({
        observed: exactness.observed,
        overBound: Math.max(exactness.overBound, least),
      });
      if (d > 1 && Math.abs(along(patchWeight(W, a, contextual))[0]) > 1e-3 * scale) {
        gatherer.control('S ignored', along(patchWeight(W, a, contextual)), none, limit);
      }
      // Its own p with the base of another S: not exact.
      const v = patch.v.map((entry) => 1.001 * entry);
      if (norm(patch.p) > norm(target) / 10) {
        gatherer.control('v 0.1% off', apply(W, { p: patch.p, v }, a), target, bound);
      }
      gatherer.refuse(DegenerateBase, () => patchWeightedBy(S, W, new Float64Array(d), contextual));
    }
    return gatherer.row(this);
  },
};
