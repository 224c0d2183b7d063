/**
 * The next token as a problem: which rows count, what they are divided by, how parts add up.
 *
 * @module
 */
import { expect, test } from 'vitest';
import {
  DomainError,
  logSumExp,
  matrix,
  Random,
  rowOf,
  ShapeError,
} from '../../src/linalg/index.ts';
import {
  generate,
  gpt2Block,
  gradientOf,
  initialise,
  languageModel,
  llamaBlock,
  NO_TARGET,
  network,
  nextTokenPrediction,
  sumGradients,
} from '../../src/model/index.ts';
import { expectWithin, gamma } from '../autograd/support.ts';

const gpt2 = languageModel({
  network: network([gpt2Block({ width: 4, heads: 2, hidden: 5 })]),
  ...{ vocabulary: 7, learnedPositions: 3, finalNorm: 'layer', epsilon: 1e-5 },
});
const llama = languageModel({
  network: network([1, 2].map(() => llamaBlock({ width: 4, heads: 2, hidden: 5 }))),
  ...{ vocabulary: 7, finalNorm: 'rms', epsilon: 1e-6 },
});
const IDS = [
  [1, 4, 6],
  [0, 2, 5],
];
const TARGETS = [
  [NO_TARGET, 6, 3],
  [NO_TARGET, NO_TARGET, 0],
];
const whole = [
  matrix(2, 3, Float64Array.of(...IDS.flat())),
  matrix(2, 3, Float64Array.of(...TARGETS.flat())),
];

test.each([
  ['learned positions', gpt2],
  ['rotary positions', llama],
])('the loss is that of the logits which generation reads: %s', (_name, model) => {
  const parameters = initialise(model.shapes, new Random(11));
  const losses = IDS.flatMap((ids, b) =>
    ids.flatMap((_, t) => {
      const target = TARGETS[b][t];
      if (target === NO_TARGET) return [];
      const [logits] = generate(model, parameters, ids.slice(0, t + 1), 1).logits;
      return [logSumExp(logits) - logits[target]];
    }),
  );
  expect(losses).toHaveLength(3);
  const expected = losses.reduce((sum, loss) => sum + loss, 0) / 10;
  const problem = nextTokenPrediction(model, { targets: 10 });
  const { loss } = gradientOf(problem, parameters, whole);
  // Two ways to the same logits of order one; measured 2e-16.
  expectWithin([loss], [expected], [100 * gamma(8) * expected], 'loss');
});

test('the parts of a batch add up to the batch, whatever each of them counts', () => {
  const problem = nextTokenPrediction(llama, { targets: 3 });
  const parameters = initialise(llama.shapes, new Random(12));
  const all = gradientOf(problem, parameters, whole);
  const parts = [0, 1].map((b) => whole.map((m) => matrix(1, 3, rowOf(m, b))));
  const sum = sumGradients(parts.map((part) => gradientOf(problem, parameters, part)));
  expectWithin([sum.loss], [all.loss], [1e-14 * all.loss], 'loss');
  for (const [name, { data }] of Object.entries(all.gradients)) {
    // Measured 2e-16; a part divided by its own count would be off by a third and more.
    expectWithin(
      sum.gradients[name].data,
      data,
      data.map(() => 1e-14),
      name,
    );
  }
});

test('the gradient is that of the loss: along a random direction', () => {
  const random = new Random(13);
  const problem = nextTokenPrediction(gpt2, { targets: 3 });
  const parameters = initialise(gpt2.shapes, random);
  const { gradients } = gradientOf(problem, parameters, whole);
  const direction = initialise(gpt2.shapes, random);
  const names = Object.keys(parameters);
  const along = names.reduce(
    (sum, name) => gradients[name].data.reduce((s, g, i) => s + g * direction[name].data[i], sum),
    0,
  );
  const at = (step: number): number => {
    const moved = Object.fromEntries(
      names.map((name) => {
        const { rows, cols, data } = parameters[name];
        return [
          name,
          matrix(
            rows,
            cols,
            data.map((x, i) => x + step * direction[name].data[i]),
          ),
        ];
      }),
    );
    return gradientOf(problem, moved, whole).loss;
  };
  // Central difference: error of the order of step² and u/step; measured 1e-9.
  const difference = (at(1e-5) - at(-1e-5)) / 2e-5;
  expect(Math.abs(along)).toBeGreaterThan(0.01);
  expect(Math.abs(difference - along)).toBeLessThanOrEqual(1e-7);
});

test('what does not fit is refused', () => {
  for (const targets of [0, -1, 1.5, Number.NaN]) {
    expect(() => nextTokenPrediction(llama, { targets })).toThrow(
      `a positive integer of targets is required, got ${targets}`,
    );
  }
  const problem = nextTokenPrediction(llama, { targets: 3 });
  const parameters = initialise(llama.shapes, new Random(14));
  const [ids, targets] = whole;
  const at =
    (...batch: (typeof ids)[]) =>
    () =>
      gradientOf(problem, parameters, batch);
  expect(at(ids, matrix(2, 2))).toThrow(ShapeError);
  expect(at(ids, matrix(2, 3, new Float64Array(6).fill(NO_TARGET)))).toThrow(DomainError);
  expect(at(ids, matrix(2, 3, new Float64Array(6).fill(7)))).toThrow(DomainError);
  expect(at(matrix(2, 3, new Float64Array(6).fill(7)), targets)).toThrow();
});
