import { expect, test } from 'vitest';
import { experts, gatedMlp, mlp, type Site } from '../../src/model/index.ts';

const net = experts({ width: 2, hidden: 1, experts: 3, selected: 2 });
const none = Float64Array.of(0, 0);
const chosen = (...logits: number[]) =>
  net.choice?.(({ weight }: Site) => ({
    input: none,
    output: weight === 'Wr' ? Float64Array.from(logits) : none,
  }));

test('experts choose by the output of the router, whatever the experts themselves compute', () => {
  // Every hidden vector is 0 here: a dead expert that is selected is selected.
  const choice = chosen(1, -2, 5);
  expect(choice?.sites.map(({ weight }) => weight)).toEqual([
    'Wr',
    ...['experts.0.Wg', 'experts.0.Wu', 'experts.2.Wg', 'experts.2.Wu'],
  ]);
  expect(choice?.router.weight).toBe('Wr');
  expect(choice?.margin).toBe(3); // the second largest, 1, less the next, −2
});

test('of equal logits the smaller index is chosen, with a margin of 0', () => {
  const choice = chosen(4, 4, 4);
  expect(choice?.sites.map(({ weight }) => weight)).toEqual([
    'Wr',
    ...['experts.0.Wg', 'experts.0.Wu', 'experts.1.Wg', 'experts.1.Wu'],
  ]);
  expect(choice?.margin).toBe(0);
});

test('a perceptron, gated or not, chooses nothing', () => {
  expect(gatedMlp({ width: 2, hidden: 1 }).choice).toBeUndefined();
  expect(mlp({ width: 2, hidden: 1, outputWidth: 2, activation: 'relu' }).choice).toBeUndefined();
});
