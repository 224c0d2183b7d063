/**
 * A thought matrix: one change of the weights for every query, not exact for any.
 *
 *   npx tsx examples/07-a-thought-matrix.ts
 *
 * The updates of K queries to one context are replaced by the one matrix that does best on all of them, in the mean of
 * squares, and it is tried on queries it has not seen. A query is (x; 0) with x of 4 numbers, so a lies in a space of 4
 * dimensions: 4 queries are met at any price, and others suffer. With more it has to compromise, and does well.
 *
 * @module
 */
import { calibrationOf, runQueries } from '../src/icl/index.ts';
import {
  contextualBlock,
  initialise,
  linearPrompt,
  matrixFromRows,
  meanRankOnePatch,
  Random,
  softmaxAttention,
  thoughtError,
  thoughtMatrix,
} from '../src/index.ts';

const random = new Random(11);
const layer = softmaxAttention({ tokenWidth: 5, width: 16, heads: 4 });
const block = contextualBlock({ layer, hidden: 32, outputWidth: 5 });
const weights = initialise(block.shapes, random);
const W = weights['mlp.W1'];
const task = { dimension: 4, pairs: 60 };
const { context } = linearPrompt(task, random);

/** a and a′ − a for `count` fresh queries of the same context. */
const calibration = (count: number) => {
  const queries = Array.from({ length: count }, () => linearPrompt(task, random).query);
  return calibrationOf(runQueries(block, weights, context, matrixFromRows(queries)));
};

const others = calibration(200);
const nothing = thoughtError(W, null, others); // what leaving W as it is misses by
console.log(
  'queries   missed on them   on 200 others   others, by the mean of the rank-one updates',
);
for (const K of [1, 2, 4, 8, 16, 64]) {
  const seen = calibration(K);
  const { map } = thoughtMatrix(W, seen.inputs, seen.differences);
  const mean = meanRankOnePatch(W, seen.inputs, seen.differences);
  const errors = [
    thoughtError(W, map, seen) / thoughtError(W, null, seen),
    thoughtError(W, map, others) / nothing,
    thoughtError(W, mean, others) / nothing,
  ];
  const columns = errors.map((error) => error.toExponential(1).padStart(16));
  console.log(`${String(K).padStart(7)}${columns.join('')}`);
}
console.log('1 is what no change misses by. Up to 4 queries are met exactly.');
