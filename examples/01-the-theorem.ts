/**
 * The theorem in ten lines: a prompt is a weight update.
 *
 *   npx tsx examples/01-the-theorem.ts
 *
 * A block with random weights reads five tokens and a query. Then the five tokens are taken away and
 * a matrix of rank one is added to the weights instead. The output is the same.
 *
 * @module
 */
import {
  contextualBlock,
  initialise,
  matrix,
  proveContextPatch,
  Random,
  rankOneNorm,
  softmaxAttention,
} from '../src/index.ts';

const random = new Random(5);
const layer = softmaxAttention({ tokenWidth: 3, width: 8, heads: 2 });
const block = contextualBlock({ layer, hidden: 16, outputWidth: 3 });
const weights = initialise(block.shapes, random);
const context = matrix(5, 3); // five tokens of three numbers
random.fillNormal(context.data);
const query = Float64Array.of(2, -1, 0);

const { contextual, base, patched, patch, output } = proveContextPatch(
  block,
  weights,
  context,
  query,
);

const { W1 } = patch.weights; // ΔW = p·vᵀ, of the first matrix of the perceptron
const show = (x: Float64Array): string => Array.from(x, (entry) => entry.toFixed(6)).join('  ');
console.log(`with the context           ${show(contextual.output)}`);
console.log(`without it                 ${show(base.output)}`);
console.log(`without it, W + ΔW         ${show(patched.output)}`);
console.log(`‖ΔW‖ = ${rankOneNorm(W1).toFixed(4)}, in ${W1.p.length} + ${W1.v.length} numbers`);
console.log(
  `largest difference ${output.observed.toExponential(1)}, proved to be at most ${output.bound.toExponential(1)}`,
);
