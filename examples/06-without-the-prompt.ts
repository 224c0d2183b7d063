/**
 * A prompt generated without the prompt: the patched model says what it would have said, without reading it.
 *
 *   npx tsx examples/06-without-the-prompt.ts
 *
 * @module
 */
import {
  gemmaBlock,
  generate,
  generatePatched,
  gpt2Block,
  initialise,
  languageModel,
  llamaBlock,
  network,
  Random,
} from '../src/index.ts';

const sizes = { width: 16, heads: 2, hidden: 32 };
const blocks = [gpt2Block(sizes), llamaBlock({ ...sizes, kvHeads: 1 }), gemmaBlock(sizes)];
const model = languageModel({
  network: network(blocks),
  vocabulary: 50,
  finalNorm: 'rms',
  epsilon: 1e-6,
});
const weights = initialise(model.shapes, new Random(3));

const prompt = [7, 21, 3, 42, 9, 11]; // five tokens of context and a query
const keep = [5]; // the query alone, at its own position
const whole = generate(model, weights, prompt, 6);
const alone = generate(model, weights, prompt.slice(5), 6);
const patched = generatePatched(model, weights, prompt, keep, 6);

const largest = whole.logits.flatMap((logits, k) =>
  Array.from(logits, (logit, j) => Math.abs(logit - patched.logits[k][j])),
);
const sites = patched.steps[0].patches.map(([patch]) => [
  ...Object.keys(patch?.weights ?? {}),
  ...Object.keys(patch?.biases ?? {}),
  ...Object.keys(patch?.gains ?? {}).map((norm) => `gain of ${norm}`),
]);

console.log(`with the context      ${whole.ids.join(' ')}`);
console.log(`without it            ${alone.ids.join(' ')}`);
console.log(`without it, patched   ${patched.ids.join(' ')}`);
console.log(`largest difference of a logit ${Math.max(...largest).toExponential(1)}`);
sites.forEach((names, l) => {
  console.log(`block ${l}, ${blocks[l].name}: ${names.join(', ')}`);
});
