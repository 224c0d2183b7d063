/**
 * The changing base (3.2): W_n = W_0·Π(I + h_i·A_i), each W_i exact on the suffix that is left.
 *
 * @module
 */
import {
  applyFactored,
  changingBase,
  changingBaseBound,
  factoredToMatrix,
  patchWeight,
  productBound,
  residual,
  suffixVectors,
} from '../../icl/index.ts';
import {
  addRankOne,
  DegenerateBase,
  dot,
  gamma,
  type Matrix,
  norm,
  Random,
  type RankOne,
  vectorPseudoinverse,
} from '../../linalg/index.ts';
import { part } from '../../model/index.ts';
import { randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** The bound is that of `changingBaseBound`, and γ_d·|W||a_0| for the target. */
export const changingBases: Verification = {
  theorem: '3.2',
  title: 'reading with a changing base',
  layer: 'softmax',
  block: 'plain',
  variant: 'form (b)',
  run(trials, seed) {
    const random = new Random(seed, 32);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { block, parameters, context, query } = randomCase(random);
      const W = parameters['mlp.W1'];
      const suffixes = suffixVectors(block.layer, part(parameters, 'layer'), context, query);
      const found = changingBase(W, suffixes);
      const updates = found.steps.map(({ update }) => update);
      const own = productBound(W, suffixes[0]);
      const bound = joined(
        changingBaseBound(W, suffixes, found.steps).map((each) => each.map((x, r) => x + own[r])),
      );
      const target = joined(updates.map(() => found.target));
      const reached = (steps: readonly RankOne[]): Float64Array =>
        joined(found.steps.map(({ base }, i) => applyFactored(W, steps.slice(0, i + 1), base)));
      gatherer.trial(residual(reached(updates), target, bound));
      const zero = suffixes[0].map(() => 0);
      gatherer.refuse(DegenerateBase, () => changingBase(W, [suffixes[0], zero]));
      formsDiffer(gatherer, W, suffixes);
      // Where the last token has next to no effect its step cannot be wrong.
      if (norm(updates[updates.length - 1].p) < norm(found.target) / 100) continue;
      gatherer.control(
        'sign of A_i',
        reached(updates.map(({ p, v }) => ({ p: p.map((entry) => -entry), v }))),
        target,
        bound,
      );
      const before = found.steps.map(({ factor, base }) => base.map((x, j) => x + factor.p[j]));
      gatherer.control(
        'a_{i−1} as base of step i',
        reached(updates.map(({ p }, i) => ({ p, v: vectorPseudoinverse(before[i]) }))),
        target,
        bound,
      );
    }
    return gatherer.row(this);
  },
};

/**
 * W_2 by form (b) is not that by form (a), as matrices: the last two tokens, where their steps are neither
 * small nor parallel. Each matrix has two roundings an update, and γ_{4d+6} of its updates.
 */
function formsDiffer(gatherer: RowGatherer, W: Matrix, suffixes: readonly Float64Array[]): void {
  const [a, b, c] = suffixes.slice(-3);
  if (c === undefined) return;
  const found = changingBase(W, [a, b, c]);
  const [first] = found.steps;
  const cosine = Math.abs(dot(b, c)) / (norm(b) * norm(c));
  if (!(cosine < 0.99 && norm(first.update.p) > norm(found.target) / 100)) return;
  const updates = found.steps.map(({ update }) => update);
  const fixed = patchWeight(W, c, a);
  const bound = W.data.map((entry, k) => {
    const [r, j] = [Math.floor(k / W.cols), k % W.cols];
    const parts = [...updates, fixed].map(({ p, v }) => Math.abs(p[r] * v[j]));
    return gamma(4 * W.cols + 6) * parts.reduce((sum, x) => sum + x, 2 * Math.abs(entry));
  });
  const [b2, a2] = [factoredToMatrix(W, updates).data, addRankOne(W, fixed).data];
  gatherer.control('the fixed base’s W_n', a2, b2, bound);
}

const joined = (x: readonly Float64Array[]): Float64Array =>
  Float64Array.from(x.flatMap((each) => Array.from(each)));
