/**
 * The theorem: a prompt is a weight update.
 *
 *   npx tsx examples/03-the-theorem.ts
 *
 * a is what attention gives for the query alone, a′ what it gives with the context, W the matrix it is
 * multiplied by next. ΔW is made so that (W + ΔW)·a = W·a′: the query alone now does what the prompt did.
 *
 * Why a ≠ 0? Every matrix sends zero to zero, so no ΔW could make W·a′ of it (unless that is zero too). The last line
 * shows what happens then.
 *
 * @module
 */
import {
  contextualBlock,
  evaluateLayer,
  initialise,
  linearPrompt,
  matrix,
  patchWeight,
  proveContextPatch,
  Random,
  softmaxAttention,
} from '../src/index.ts';
import { part } from '../src/model/index.ts';

const random = new Random(5);
const layer = softmaxAttention({ tokenWidth: 3, width: 8, heads: 2 });
const block = contextualBlock({ layer, hidden: 16, outputWidth: 3 }); // attention, then W1, ReLU, W2
const weights = initialise(block.shapes, random);
const { context, query } = linearPrompt({ dimension: 2, pairs: 5 }, random); // five examples and a question

const W = weights['mlp.W1'];
const a = evaluateLayer(layer, part(weights, 'layer'), matrix(0, 3), query);
const aContext = evaluateLayer(layer, part(weights, 'layer'), context, query);
const square = a.reduce((sum, entry) => sum + entry * entry, 0); // ‖a‖²
const times = (row: number, x: Float64Array): number =>
  // row of W times x
  x.reduce((sum, entry, k) => sum + W.data[row * W.cols + k] * entry, 0);
const delta = aContext.map((entry, k) => entry - a[k]); // a′ − a
const dW = (i: number, j: number): number => (times(i, delta) * a[j]) / square; // ΔW = (W·(a′ − a))·aᵀ/‖a‖²

const { p, v } = patchWeight(W, a, aContext); // the same as two factors: ΔW = p·vᵀ
const entries = [dW(2, 3), p[2] * v[3]].map((entry) => entry.toFixed(12));
console.log(`one entry of ΔW, by hand and by patchWeight: ${entries.join(', ')}`);

const { contextual, base, patched, output } = proveContextPatch(block, weights, context, query);
const show = (x: Float64Array): string => Array.from(x, (entry) => entry.toFixed(6)).join('  ');
console.log(`with the context           ${show(contextual.output)}`);
console.log(`without it                 ${show(base.output)}`);
console.log(`without it, W + ΔW         ${show(patched.output)}`);
const [off, most] = [output.observed, output.bound].map((x) => x.toExponential(1));
console.log(`largest difference ${off}, proved to be at most ${most}`);
try {
  patchWeight(W, new Float64Array(8), aContext); // a = 0
} catch (error) {
  console.log(String(error));
}
