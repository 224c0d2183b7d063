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
  initialise,
  matrix,
  plainBlock,
  proveContextPatch,
  Random,
  rankOneNorm,
  softmaxAttention,
} from '../src/index.ts';

const random = new Random(5);
const layer = softmaxAttention({ tokenWidth: 3, width: 8, heads: 2 });
const block = plainBlock({ layer, hidden: 16, outputWidth: 3 });
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

const show = (x: Float64Array): string => Array.from(x, (entry) => entry.toFixed(6)).join('  ');
console.log(`with the context           ${show(contextual.output)}`);
console.log(`without it                 ${show(base.output)}`);
console.log(`without it, W + ΔW         ${show(patched.output)}`);
console.log(
  `‖ΔW‖ = ${rankOneNorm(patch).toFixed(4)}, in ${patch.p.length} + ${patch.v.length} numbers`,
);
console.log(
  `largest difference ${output.observed.toExponential(1)}, proved to be at most ${output.bound.toExponential(1)}`,
);
