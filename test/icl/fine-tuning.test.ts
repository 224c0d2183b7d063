import { expect, test } from 'vitest';
import { alignment, alignmentOfRankOnes, fineTuningTrajectory } from '../../src/icl/index.ts';
import {
  DomainError,
  matrix,
  matrixFromRows,
  Random,
  rankOneToMatrix,
  ShapeError,
} from '../../src/linalg/index.ts';
import {
  contextualBlock,
  initialise,
  linearPrompt,
  softmaxAttention,
} from '../../src/model/index.ts';

const layer = softmaxAttention({ tokenWidth: 3, width: 8, heads: 2 });
const block = contextualBlock({ layer, hidden: 7, outputWidth: 3 });
const random = new Random(1);
const parameters = initialise(block.shapes, random);
const prompt = linearPrompt({ dimension: 2, pairs: 5 }, random);

test('before any example both ways of learning have the same loss, and no angle', () => {
  const [first] = fineTuningTrajectory(block, parameters, prompt, 0.01);
  expect(first.fineTunedLoss).toBe(first.contextLoss);
  expect(first.updatedLoss).toBe(first.contextLoss);
  expect([first.alignment, first.trainLoss, first.gradient]).toEqual([null, null, null]);
});

test('the update predicts what the context predicts, after every example', () => {
  for (const row of fineTuningTrajectory(block, parameters, prompt, 0.01)) {
    // Derived: E_out for these sizes (32 terms of size about 1) stays below 1e-13.
    expect(Math.abs(row.updatedPrediction - row.contextPrediction)).toBeLessThan(1e-13);
  }
});

test('fine-tuning moves W1 against the gradient of the single example, and nothing else', () => {
  const rows = fineTuningTrajectory(block, parameters, prompt, 0.25);
  expect(rows.length).toBe(6);
  rows.slice(1).forEach(({ gradient, fineTuned }, i) => {
    const before = rows[i].fineTuned;
    const stepped = before.data.map((entry, k) => entry - 0.25 * (gradient?.data[k] ?? NaN));
    expect(fineTuned.data).toEqual(stepped);
  });
});

test('the gradient is that of the squared error, against differences', () => {
  const [, row] = fineTuningTrajectory(block, parameters, prompt, 0.01);
  const h = 1e-6;
  const loss = (t: number): number => {
    const W1 = parameters['mlp.W1'];
    const moved = matrix(
      W1.rows,
      W1.cols,
      W1.data.map((entry, k) => entry + t * (row.gradient?.data[k] ?? NaN)),
    );
    const rows = fineTuningTrajectory(block, { ...parameters, 'mlp.W1': moved }, prompt, 0.01);
    return rows[1].trainLoss ?? NaN;
  };
  const squared = row.gradient?.data.reduce((sum, entry) => sum + entry * entry, 0) ?? NaN;
  // Central differences along the gradient: truncation h², rounding u/h, both below 1e-9.
  expect((loss(h) - loss(-h)) / (2 * h) / squared).toBeCloseTo(1, 7);
});

test('a prompt without examples and a rate that is no number are refused', () => {
  const empty = { ...prompt, context: matrix(0, 3) };
  expect(() => fineTuningTrajectory(block, parameters, empty, 0.01)).toThrow(DomainError);
  expect(() => fineTuningTrajectory(block, parameters, prompt, NaN)).toThrow(DomainError);
});

test('angles: equal 1, opposite −1, orthogonal 0, of nothing null', () => {
  const x = { p: Float64Array.of(3, 4), v: Float64Array.of(1, 0) };
  const minus = { p: Float64Array.of(-3, -4), v: Float64Array.of(2, 0) };
  const across = { p: Float64Array.of(3, 4), v: Float64Array.of(0, 5) };
  const nothing = { p: new Float64Array(2), v: new Float64Array(2) };
  expect(alignmentOfRankOnes(x, x)).toBe(1);
  expect(alignmentOfRankOnes(x, minus)).toBe(-1);
  expect(alignmentOfRankOnes(x, across)).toBe(0);
  expect(alignmentOfRankOnes(x, nothing)).toBeNull();
  expect(alignment(x, rankOneToMatrix(minus))).toBe(-1);
  expect(alignment(x, matrix(2, 2))).toBeNull();
  expect(() => alignment(x, matrixFromRows([[1, 2, 3]]))).toThrow(ShapeError);
});
