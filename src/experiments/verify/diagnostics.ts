/**
 * Diagnostics of updates (8): angles from the factors alone, and what one base for every position (2.5) makes
 * of them: the rank of the sum is 1 whatever was learned, and the angles are those of the shifts.
 *
 * @module
 */
import {
  type Alignments,
  alignmentMatrix,
  patchWeight,
  residual,
  shiftAlignments,
  updateSpectrum,
} from '../../icl/index.ts';
import {
  dot,
  gamma,
  type Matrix,
  matrix,
  norm,
  Random,
  type RankOne,
  rankOneNorm,
  rankOneToMatrix,
  rowOf,
} from '../../linalg/index.ts';
import { type BlockRun, runBlock, sequenceOf } from '../../model/index.ts';
import { normalMatrix, randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const flat = (cosines: Alignments): Float64Array =>
  Float64Array.from(cosines.flat(), (cos) => cos ?? Number.NaN);

/** Errors of `alignmentMatrix` and of the dense cosine, whose entries, sum and norms round md + 12 times each. */
const angles: Verification = {
  theorem: '8',
  title: 'angles between updates from their factors',
  layer: null,
  block: null,
  variant: 'angles',
  run(trials, seed) {
    const random = new Random(seed, 81);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const [m, d] = [2 + random.integer(6), 2 + random.integer(6)];
      const W = normalMatrix(m, d, random);
      const updates = Array.from({ length: 4 }, () => {
        const [a, b] = [0, 1].map(() => normalMatrix(1, d, random).data);
        return patchWeight(W, a, b);
      });
      const dense = updates.map(rankOneToMatrix);
      const right = flat(dense.map((x) => dense.map((y) => cosine(x, y))));
      const allowed = right.slice().fill(gamma(2 * m * d + 24) + gamma(3 * (m + d) + 16));
      gatherer.trial(residual(flat(alignmentMatrix(updates)), right, allowed));
      const lefts = flat(shiftAlignments(updates.map(({ p }) => p)));
      gatherer.control('left factors alone', lefts, right, allowed);
    }
    return gatherer.row(this);
  },
};

const cosine = (x: Matrix, y: Matrix): number =>
  dot(x.data, y.data) / (norm(x.data) * norm(y.data));

/** The bounds are those of `updateSpectrum`, of `alignmentMatrix` and of `shiftAlignments`. */
const crossPositionRank: Verification = {
  theorem: '8',
  title: 'one base for every position: rank 1, angles of the shifts',
  layer: 'softmax',
  block: 'pre-ln',
  variant: 'cross-position',
  run(trials, seed) {
    const random = new Random(seed, 82);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { block, parameters, context, query } = randomCase(random, 'pre-ln');
      const tokens = sequenceOf(context, query);
      const nothing = matrix(0, context.cols);
      const alone = (token: Float64Array): BlockRun => runBlock(block, parameters, nothing, token);
      const positions = random
        .shuffle(Array.from({ length: tokens.rows }, (_, t) => t))
        .slice(0, 3);
      const inputs = positions.map((t): Float64Array => {
        const before = matrix(t, tokens.cols, tokens.data.slice(0, t * tokens.cols));
        return runBlock(block, parameters, before, rowOf(tokens, t)).input;
      });
      const updates = (bases: readonly BlockRun[]): RankOne[] =>
        inputs.map((z, i) => patchWeight(parameters['mlp.W1'], bases[i].input, z));
      const one = alone(query);
      const cross = updates(positions.map(() => one));
      const found = judge(cross);
      gatherer.trial(residual(found.observed, found.expected, found.allowed));
      const own = updates(positions.map((t) => alone(rowOf(tokens, t)))).filter(moves);
      const sizes = own.map(rankOneNorm).sort((x, y) => y - x);
      // Where one update outweighs all others, or W1 has one row, the sum has rank 1 in any case.
      if (own.length < 2 || own[0].p.length < 2 || sizes[1] < sizes[0] / 1000) continue;
      const wrong = judge(own);
      gatherer.control('a base for each token', wrong.observed, wrong.expected, wrong.allowed);
    }
    return gatherer.row(this);
  },
};

const moves = (update: RankOne): boolean => rankOneNorm(update) > 0;

/** All singular values but the first against 0, and the angles of updates against those of their shifts. */
function judge(
  updates: readonly RankOne[],
): Record<'observed' | 'expected' | 'allowed', Float64Array> {
  const [{ p, v }] = updates;
  const { singularValues, error } = updateSpectrum(updates);
  const small = singularValues.slice(1);
  const moving = updates.filter(moves);
  const cosines = flat(alignmentMatrix(moving));
  const shifts = flat(shiftAlignments(moving.map((update) => update.p)));
  const ofAngles = gamma(3 * (p.length + v.length) + 16) + gamma(3 * p.length + 8);
  return {
    observed: Float64Array.of(...small, ...cosines),
    expected: Float64Array.of(...small.map(() => 0), ...shifts),
    allowed: Float64Array.of(...small.map(() => error), ...cosines.map(() => ofAngles)),
  };
}

export const DIAGNOSTICS: readonly Verification[] = [angles, crossPositionRank];
