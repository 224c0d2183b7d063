/**
 * Attention with and without context: what a token sees of the tokens before it.
 *
 *   npx tsx examples/02-attention-and-context.ts
 *
 * A layer of attention weighs the tokens by how well their keys fit the query, and gives back the weighted
 * mean of their values. Alone, the query can only see itself. The theorem of the next example needs nothing of
 * attention but this: two vectors of one length, a without the context and a′ with it.
 *
 * @module
 */
import {
  evaluateLayer,
  initialise,
  matrix,
  matrixFromRows,
  Random,
  softmaxAttention,
} from '../src/index.ts';

const layer = softmaxAttention({ tokenWidth: 2, width: 3, heads: 1 });
const weights = initialise(layer.shapes, new Random(2));
const query = Float64Array.of(1, 0.5);
const show = (x: Float64Array): string =>
  Array.from(x, (entry) => entry.toFixed(4).padStart(8)).join('');

const nothing = matrix(0, 2);
const tokens = [
  [2, 1],
  [-1, 3],
  [0, -2],
];
const a = evaluateLayer(layer, weights, nothing, query);
console.log(`no context        a  = ${show(a)}`);
for (let n = 1; n <= 3; n++) {
  const context = matrixFromRows(tokens.slice(0, n));
  const contextual = evaluateLayer(layer, weights, context, query);
  console.log(`${n} of 3 tokens     a′ = ${show(contextual)}`);
}

// A mean does not ask for the order of what it is taken of: without positions neither does attention.
const turned = matrixFromRows([...tokens].reverse());
console.log(`3, turned round   a′ = ${show(evaluateLayer(layer, weights, turned, query))}`);
