/**
 * Theorem 2 (1.4): adding a matrix that the base does not see keeps the equality and costs norm.
 *
 * @module
 */
import { absoluteProduct, compareWithMinimal, contextPatch, unseenPart } from '../../icl/index.ts';
import { gamma, matrix, norm, Random, rankOneToMatrix } from '../../linalg/index.ts';
import { normalMatrix, randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const ABOUT = {
  theorem: '1.4',
  title: 'ΔW is the smallest exact update',
  layer: 'softmax',
  block: 'plain',
  variant: 'minimality',
} as const;

/**
 * The residual is the defect of Pythagoras, |‖X‖² − ‖ΔW‖² − ‖M‖²| for X = ΔW + M, and the norm of
 * (X − ΔW)·a, each over its bound.
 *
 * Bounds. M = fl(R − fl(fl(R·a)·vᵀ)) is the patched matrix of R for a' = 0, so by the proof of
 * Theorem 5 |M·a| ≤ γ_{3d+4}·|R||a|. Forming X = fl(ΔW + M) and X − ΔW moves an entry by at most
 * 2u(1 + u)(|ΔW| + |M|), the product with a adds γ_d: together γ_{d+3}·(|ΔW| + |M|)|a|. For the
 * norms, |⟨ΔW, M⟩| = |pᵀ(M·a)|/‖a‖² ≤ ‖p‖·‖M·a‖/‖a‖², and the squared norms carry at most
 * γ_{md+10} of themselves each.
 */
export const minimality: Verification = {
  ...ABOUT,
  run(trials, seed) {
    const random = new Random(seed, 14);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { block, parameters, context, query, removed } = randomCase(random);
      const found = contextPatch(block, parameters, context, query, { removed });
      const { base } = found;
      const patch = found.patch.weights.W1;
      const { rows, cols } = parameters['mlp.W1'];
      const a = base.attention;
      const R = normalMatrix(rows, cols, random);
      const M = unseenPart(R, a);
      const dense = rankOneToMatrix(patch);
      const X = matrix(
        rows,
        cols,
        dense.data.map((entry, i) => entry + M.data[i]),
      );
      const report = compareWithMinimal(patch, a, X);
      const rounding = matrix(
        rows,
        cols,
        dense.data.map((entry, i) => Math.abs(entry) + Math.abs(M.data[i])),
      );
      const seen = absoluteProduct(R, a).map(
        (entry, i) =>
          gamma(3 * cols + 4) * entry + gamma(cols + 3) * absoluteProduct(rounding, a)[i],
      );
      const inner = (norm(patch.p) * norm(seen)) / (norm(a) * norm(a));
      const sizes = [report.otherNorm, report.norm, norm(M.data)].map((x) => x * x);
      const defect = Math.abs(sizes[0] - sizes[1] - sizes[2]);
      const allowed = 2 * inner + gamma(rows * cols + 10) * (sizes[0] + sizes[1] + sizes[2]) * 2;
      gatherer.trial({
        observed: report.seenDifference,
        overBound: Math.max(report.seenDifference / norm(seen), defect / allowed),
      });
      // A matrix that a does see is no exact update, and the report must show it.
      const wrong = compareWithMinimal(patch, a, R);
      gatherer.control(
        'an update that a sees',
        Float64Array.of(wrong.seenDifference),
        Float64Array.of(0),
        Float64Array.of(norm(seen)),
      );
      if (cols > 1 && !(report.otherNorm >= report.norm)) {
        gatherer.trial({ observed: report.norm - report.otherNorm, overBound: Infinity });
      }
    }
    return gatherer.row(ABOUT);
  },
};
