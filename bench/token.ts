/**
 * How near to the speed of memory one token is: `npm run token`.
 *
 * A network that reads token after token looks at every weight once, so a token cannot cost less than a walk
 * through the weights. Timed are a product of a 3072×768 matrix with a vector, as `linear` has it for one row, and one
 * token of a network of GPT-2's shape with 124 million random parameters (1 GB of doubles), each beside a sum
 * over the same numbers with eight running sums: the fastest walk that plain code has here. Best of several.
 *
 * @module
 */
import { linear } from '../src/autograd/index.ts';
import { type Matrix, matrix, Random } from '../src/linalg/index.ts';
import {
  gpt2Block,
  initialise,
  languageModel,
  network,
  type Parameters,
  TextReader,
} from '../src/model/index.ts';

const [SMALL, TOKENS] = [60, 12];

/** Milliseconds of the fastest of `rounds` calls. */
function best(rounds: number, call: () => unknown): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    call();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function sum(x: Float64Array): number {
  const eights = x.length - (x.length % 8);
  let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < eights; i += 8) {
    s0 += x[i];
    s1 += x[i + 1];
    s2 += x[i + 2];
    s3 += x[i + 3];
    s4 += x[i + 4];
    s5 += x[i + 5];
    s6 += x[i + 6];
    s7 += x[i + 7];
  }
  return s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
}

function report(what: string, numbers: number, own: number, walk: number): void {
  const speed = (ms: number): string => `${((8 * numbers) / ms / 1e6).toFixed(1)} GB/s`;
  console.log(
    `${what}: ${own.toFixed(2)} ms, ${speed(own)}; plain sum ${walk.toFixed(2)} ms, ${speed(walk)}; ` +
      `share ${(walk / own).toFixed(2)}`,
  );
}

const random = new Random(1);
const W = matrix(3072, 768);
random.fillNormal(W.data);
const x = matrix(1, 768);
random.fillNormal(x.data);
// Alternately, so that both meet the same weather.
let [product, walk] = [Infinity, Infinity];
for (let round = 0; round < SMALL; round++) {
  product = Math.min(
    product,
    best(1, () => linear.forward([x, W])),
  );
  walk = Math.min(
    walk,
    best(1, () => sum(W.data)),
  );
}
report('3072x768 times a vector', W.data.length, product, walk);

const block = gpt2Block({ width: 768, heads: 12, hidden: 3072 });
const model = languageModel({
  ...{ network: network(Array.from({ length: 12 }, () => block)), vocabulary: 50257 },
  ...{ learnedPositions: 1024, finalNorm: 'layer', epsilon: 1e-5, tied: true },
});
const parameters: Parameters = initialise(model.shapes, random);
// Everything but the positions is looked at once a token; the embeddings are, for the logits.
const read: Matrix[] = Object.entries(parameters)
  .filter(([name]) => name !== 'P')
  .map(([, value]) => value);
const numbers = read.reduce((count, { data }) => count + data.length, 0);
const reader = new TextReader(model, parameters);
const first = best(1, () => reader.read(Array.from({ length: 64 }, (_, t) => (t * 997) % 50257)));
console.log(`64 tokens at once: ${(first / 1000).toFixed(2)} s`);
let [token, through] = [Infinity, Infinity];
for (let t = 0; t < TOKENS; t++) {
  token = Math.min(
    token,
    best(1, () => reader.read([t])),
  );
  through = Math.min(
    through,
    best(1, () => read.map(({ data }) => sum(data))),
  );
}
report(`one token of ${numbers} parameters`, numbers, token, through);
console.log(`memory: ${(process.memoryUsage().rss / 2 ** 30).toFixed(2)} GiB`);
