/**
 * A whole network patched: one patch a block, each computed from the actual state that the blocks before it leave.
 *
 *   npx tsx examples/05-a-network.ts
 *
 * @module
 */
import {
  addRankOne,
  gemmaBlock,
  gpt2Block,
  initialise,
  llamaBlock,
  matrix,
  network,
  networkPatch,
  Random,
  rankOneNorm,
} from '../src/index.ts';
import { frobeniusNorm } from '../src/linalg/index.ts';

const sizes = { width: 16, heads: 2, hidden: 32 };
const net = network([gpt2Block(sizes), llamaBlock({ ...sizes, kvHeads: 1 }), gemmaBlock(sizes)]);
const random = new Random(3);
const weights = initialise(net.shapes, random);
const prompt = matrix(6, 16); // five tokens of context and a query, as they enter the first block
random.fillNormal(prompt.data);
const keep = [5]; // the query alone, at its own position

const { patches, contextual, base, patched } = networkPatch(net, weights, prompt, keep);
const distance = (x: Float64Array, y: Float64Array): string =>
  Math.hypot(...x.map((entry, i) => entry - y[i])).toExponential(1);

net.blocks.forEach((block, l) => {
  const [target, without, now] = [contextual[l][5], base[l][0], patched[l][0]];
  console.log(
    `block ${l}, ${block.name}: output without the context off by ${distance(without.output, target.output)},` +
      ` patched by ${distance(now.output, target.output)}`,
  );
  for (const [name, update] of Object.entries(patches[l][0]?.weights ?? {})) {
    const W = weights[`blocks.${l}.mlp.${name}`];
    const change = rankOneNorm(update) / frobeniusNorm(W);
    console.log(
      `   ${name.padEnd(3)} ${W.rows}x${W.cols}   ‖ΔW‖/‖W‖ = ${change.toFixed(4)}   in ${W.rows} + ${W.cols} numbers`,
    );
    addRankOne(W, update); // W + ΔW as a matrix, for whoever wants one
  }
});
