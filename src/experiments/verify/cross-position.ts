/**
 * The cross-position form (2.5): one base, the query token alone, for every position of the
 * contextual run. Exact at each, though the two tokens differ; all updates share their right factor.
 *
 * @module
 */
import { blockBounds, blockPatch, residual, runPatched } from '../../icl/index.ts';
import { matrix, norm, Random, rowOf, subtract } from '../../linalg/index.ts';
import { runBlock, sequenceOf } from '../../model/index.ts';
import { randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** The bound is that of `block-bounds.ts`: it asks nothing of where the two runs come from. */
export const crossPosition: Verification = {
  theorem: '2.5',
  title: 'one base for every position',
  layer: 'softmax',
  block: 'pre-ln',
  variant: 'cross-position',
  run(trials, seed) {
    const random = new Random(seed, 25);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { block, parameters, context, query } = randomCase(random, 'pre-ln');
      const sequence = sequenceOf(context, query);
      const nothing = matrix(0, context.cols);
      const base = runBlock(block, parameters, nothing, query);
      const position = random.integer(sequence.rows);
      const before = matrix(position, context.cols, context.data.slice(0, position * context.cols));
      const contextual = runBlock(block, parameters, before, rowOf(sequence, position));
      const patch = blockPatch(block, parameters, base, contextual);
      const bounds = blockBounds(block, parameters, { base, contextual }, 'default');
      const { output } = runPatched(block, parameters, nothing, query, patch);
      gatherer.trial(residual(output, contextual.output, bounds.output));
      // The shift of the mixing layer alone forgets that the tokens differ.
      const tokens = subtract(rowOf(sequence, position), query);
      if (norm(tokens) < 0.1) continue;
      const shift = subtract(contextual.attention, base.attention);
      const wrong = { weights: patch.weights, biases: { b2: shift } };
      const missed = runPatched(block, parameters, nothing, query, wrong);
      gatherer.control(
        'Δb2 without the token difference',
        missed.output,
        contextual.output,
        bounds.output,
      );
    }
    return gatherer.row(this);
  },
};
