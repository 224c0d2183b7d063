/**
 * What one more token changes in softmax attention (3.3): the identity, and the rate 1/(i + 2).
 *
 * @module
 */
import {
  type AttentionMarginal,
  attentionMarginals,
  type PlainAttentionOptions,
  residual,
} from '../../icl/index.ts';
import { matrix, maxAbs, norm, Random } from '../../linalg/index.ts';
import { initialise, mapParameters, type Parameters, softmaxAttention } from '../../model/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

/** The marginals of a random prompt, heads grouped or not, with and without biases. */
function randomMarginals(random: Random): AttentionMarginal[] {
  const size = (most: number): number => 1 + random.integer(most);
  const kvHeads = size(2);
  const options: PlainAttentionOptions = {
    tokenWidth: size(4),
    width: size(6),
    heads: kvHeads * size(2),
    kvHeads,
    headWidth: size(3),
    biases: random.integer(2) === 1,
  };
  const layer = softmaxAttention(options);
  const parameters = mapParameters(initialise(layer.shapes, random), ({ rows, cols, data }) =>
    matrix(
      rows,
      cols,
      data.map((entry) => 3 * entry),
    ),
  );
  const context = normalMatrix(size(10), options.tokenWidth, random);
  const query = normalMatrix(1, options.tokenWidth, random).data;
  return attentionMarginals(options, parameters, context, query);
}

const ABOUT = { theorem: '3.3', layer: 'softmax', block: null } as const;

/** All tokens of a prompt at once, side by side; the bound is that of `attentionMarginals`. */
const identity: Verification = {
  ...ABOUT,
  title: 'what one more token changes',
  variant: 'identity',
  run(trials, seed) {
    const random = new Random(seed, 331);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const all = randomMarginals(random);
      const side = (pick: (each: AttentionMarginal) => Float64Array): Float64Array =>
        Float64Array.from(all.flatMap((each) => Array.from(pick(each))));
      const [observed, bound] = [side((x) => x.observed), side((x) => x.bound)];
      gatherer.trial(
        residual(
          side((x) => x.predicted),
          observed,
          bound,
        ),
      );
      // Where a token has next to no effect nothing can be wrong about it.
      const effect = (factor: (each: AttentionMarginal) => number): number =>
        all.reduce((most, each) => Math.max(most, factor(each) * maxAbs(each.predicted)), 0);
      if (effect(() => 1) < 1e-6) continue;
      gatherer.control(
        'the token’s weight 0.1% off',
        side((x) => x.predicted.map((entry) => 1.001 * entry)),
        observed,
        bound,
      );
      // With one head α is a factor of the whole, and α/(1 − α) is the weight against C_i and x alone.
      if (all[0].weights.length > 1 || effect(({ weights: [alpha] }) => alpha) < 1e-6) continue;
      gatherer.control(
        'e^{s_c} left out of the divisor',
        side(({ predicted, weights: [alpha] }) => predicted.map((entry) => entry / (1 - alpha))),
        observed,
        bound,
      );
    }
    return gatherer.row(this);
  },
};

/**
 * ‖A_{i+1} − A_i‖ over its limit. The control is where the limit is reached: equal scores, a context of −v
 * and a token v, whose marginal is 2·‖Wo·v‖/(i + 2). A limit with i + 3 is below it.
 */
const rate: Verification = {
  ...ABOUT,
  title: 'marginals fade like 1/i',
  variant: 'rate',
  run(trials, seed) {
    const random = new Random(seed, 332);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const all = randomMarginals(random);
      const sizes = Float64Array.from(all, ({ observed }) => norm(observed));
      const limits = Float64Array.from(all, ({ limit }) => limit);
      gatherer.trial(residual(sizes, new Float64Array(sizes.length), limits));
      const n = 1 + random.integer(12);
      const { observed, limit } = extremeMarginal(n, random);
      const shorter = (limit * (n + 1)) / (n + 2);
      gatherer.control(
        'i + 3 in place of i + 2',
        Float64Array.of(norm(observed)),
        Float64Array.of(0),
        Float64Array.of(shorter),
      );
    }
    return gatherer.row(this);
  },
};

/** Token n after n − 1 tokens and a query of the opposite sign, all scores 0. */
function extremeMarginal(n: number, random: Random): AttentionMarginal {
  const v = 0.1 + random.uniform();
  const one = matrix(1, 1, Float64Array.of(1));
  const Wo = normalMatrix(3, 1, random);
  const parameters: Parameters = { Wq: one, Wk: matrix(1, 1), Wv: one, Wo };
  const context = matrix(n, 1, new Float64Array(n).fill(-v));
  context.data[n - 1] = v;
  const options = { tokenWidth: 1, width: 3, heads: 1, headWidth: 1 };
  return attentionMarginals(options, parameters, context, Float64Array.of(-v))[n - 1];
}

export const MARGINALS: readonly Verification[] = [identity, rate];
