/**
 * Watching ΔW grow: each token of the prompt is one step of gradient descent on the weights.
 *
 * After i tokens W + ΔW makes of a what W made of A_i, the attention output with those i tokens. The step to i + 1 goes
 * down the gradient of a loss that is linear in W, tr(Δᵀ·W) with Δ = W·(A_i − A_{i+1})·aᵀ, with step size 1/‖a‖². ΔW does
 * not grow without end: it settles, and the steps become smaller.
 *
 *   npx tsx examples/04-watching-it-grow.ts
 *
 * @module
 */
import {
  contextualBlock,
  implicitDescent,
  initialise,
  linearPrompt,
  prefixVectors,
  Random,
  rankOneNorm,
  softmaxAttention,
} from '../src/index.ts';
import { part } from '../src/model/index.ts';

const random = new Random(7);
const layer = softmaxAttention({ tokenWidth: 3, width: 16, heads: 4 });
const block = contextualBlock({ layer, hidden: 32, outputWidth: 3 });
const weights = initialise(block.shapes, random);
const { context, query } = linearPrompt({ dimension: 2, pairs: 40 }, random);

const prefixes = prefixVectors(layer, part(weights, 'layer'), context, query);
const { stepSize, steps } = implicitDescent(weights['mlp.W1'], prefixes);

console.log(`step size 1/‖a‖² = ${stepSize.toFixed(3)}`);
console.log('token   ‖ΔW so far‖   change it made   its loss falls by');
for (const i of [0, 1, 2, 4, 9, 19, 39]) {
  const { update, marginalNorm, lossBefore, lossAfter } = steps[i];
  const columns = [rankOneNorm(update).toFixed(5), marginalNorm.toFixed(5)];
  const fall = (lossBefore - lossAfter).toExponential(2);
  console.log(`${String(i + 1).padStart(5)}   ${columns[0]}       ${columns[1]}          ${fall}`);
}
