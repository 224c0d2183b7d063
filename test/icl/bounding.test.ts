import { expect, test } from 'vitest';
import {
  add,
  addBias,
  column,
  eager,
  linear,
  multiply,
  relu,
  softmaxRows,
  topKRouting,
  weightRows,
} from '../../src/autograd/index.ts';
import { type Bounded, bounding, certain } from '../../src/icl/bounding.ts';
import { DomainError, matrix, Random, rowMatrix } from '../../src/linalg/index.ts';
import { ACTIVATIONS, type ActivationName } from '../../src/model/index.ts';
import { vector } from '../support/small-cases.ts';

const u = 2 ** -53;
const row = (value: number[], error: number[]): Bounded => ({
  value: rowMatrix(vector(...value)),
  error: vector(...error),
});
const errorsOf = ({ error }: Bounded): number[] => Array.from(error);

/** At least what is wanted, and above it by less than one part in 10¹². */
function expectJust(found: number, wanted: number): void {
  expect(found).toBeGreaterThanOrEqual(wanted);
  expect(found).toBeLessThanOrEqual(wanted * (1 + 1e-12));
}

test('where nothing differs nothing is added, whatever the operation', () => {
  const x = certain(rowMatrix(vector(3, -1, 2)));
  for (const op of [relu, topKRouting(2), column(1)]) {
    expect(errorsOf(bounding.apply(op, x))).toEqual(
      Array.from({ length: op.forward([x.value]).value.data.length }, () => 0),
    );
  }
  for (const op of [add, multiply]) expect(errorsOf(bounding.apply(op, x, x))).toEqual([0, 0, 0]);
});

test('a product by hand: 3 ± 1 times 5 ± 2 is off by 3·2 + 5·1 + 1·2 and the roundings', () => {
  const [found] = errorsOf(bounding.apply(multiply, row([-3], [1]), row([5], [2])));
  expectJust(found, 13 + 2 * u * 4 * 7);
});

test('an exact 0 times anything is 0, also where the other factor has no bound', () => {
  const open = row([1, 1, 0], [Infinity, Infinity, Infinity]);
  const found = bounding.apply(multiply, row([0, 2, 0], [0, 0, 1]), open);
  expect(errorsOf(found)).toEqual([0, Infinity, Infinity]);
  const weight = (w: number): Bounded => row([w], [0]);
  expect(errorsOf(bounding.apply(weightRows, open, weight(0)))).toEqual([0, 0, 0]);
  expect(errorsOf(bounding.apply(weightRows, open, weight(0.5)))).toEqual([
    Infinity,
    Infinity,
    Infinity,
  ]);
});

test('a sum by hand: errors 1 and 2 of 3 + 4 give 3 + 2u·10', () => {
  const [found] = errorsOf(bounding.apply(add, row([3], [1]), row([4], [2])));
  expectJust(found, 3 + 2 * u * 10);
});

test('a linear map by hand: |W|·e and the roundings of both runs; a bias adds one more', () => {
  const W = certain(matrix(2, 2, vector(2, -3, 0, 1)));
  const found = bounding.apply(linear, row([5, -7], [1, 0.5]), W);
  // |W|·e = (3.5, 0.5), |W|·(|x| + e) = (34.5, 7.5), γ_4
  const gamma = (4 * u) / (1 - 4 * u);
  expectJust(found.error[0], 3.5 + 2 * gamma * 34.5);
  expectJust(found.error[1], 0.5 + 2 * gamma * 7.5);
  const shifted = bounding.apply(addBias, row([3, 4], [1, 0]), certain(rowMatrix(vector(5, 6))));
  expectJust(shifted.error[0], 1 + 2 * u * 9);
  expect(shifted.error[1]).toBe(0);
});

test('a linear map leaves rows alone that do not differ, and passes on that nothing is known', () => {
  const W = certain(matrix(2, 2, vector(2, -3, 0, 1)));
  const x = matrix(3, 2, vector(1, 2, 3, 4, 5, 6));
  const found = bounding.apply(linear, { value: x, error: vector(0, 0, Infinity, 0, 0, 1e-9) }, W);
  expect(errorsOf(found).slice(0, 3)).toEqual([0, 0, Infinity]);
  expectJust(found.error[3], ((2 * 4 * u) / (1 - 4 * u)) * 4); // 0·∞ is nothing: only 1·4 was rounded
  expect(found.error[4]).toBeGreaterThan(3e-9);
  expect(() => bounding.apply(linear, certain(x), { ...W, error: vector(0, 0, 0, 1) })).toThrow(
    DomainError,
  );
});

test('a column takes its error along', () => {
  expect(errorsOf(bounding.apply(column(1), row([3, 4], [1, 2])))).toEqual([2]);
});

test('routing by hand: (5, 1, −9) of 2, E = ¼', () => {
  const { value, error } = bounding.apply(topKRouting(2), row([5, 1, -9], [0.25, 0, 0.125]));
  // 2E + (2E)² + 2γ_18 + 2u·(5 − 1 + 2E)
  const relative = 0.5 + 0.25 + 2 * 18 * u + 2 * u * 4.5;
  expectJust(error[0], value.data[0] * relative);
  expectJust(error[1], value.data[1] * relative);
  expect(error[2]).toBe(0);
});

test('routing far from the largest logit is bounded by the rounding of the difference', () => {
  // E so small that only rounding counts: 2γ_18 = 36u against 2u·600.
  const { value, error } = bounding.apply(topKRouting(2), row([600, 0, -9], [2 ** -90, 0, 0]));
  expect(error[1] / value.data[1]).toBeGreaterThanOrEqual(1236 * u);
  expect(error[1] / value.data[1]).toBeLessThanOrEqual(1237 * u);
});

test('routing without a clear margin, or with errors above ½, has no bound', () => {
  const all = [Infinity, Infinity, Infinity];
  const found = (value: number[], e: number) =>
    errorsOf(bounding.apply(topKRouting(2), row(value, [e, 0, 0])));
  expect(found([5, 1, 0.5], 0.25)).toEqual(all); // margin ½ = 2E
  expect(found([5, 1, 0.499], 0.25)).not.toEqual(all);
  expect(found([5, 1, -9], 0.6)).toEqual(all);
  expect(found([5, 5, 5], 1e-300)).toEqual(all);
});

test('a selected weight that underflows may be another in the other run', () => {
  const { value, error } = bounding.apply(topKRouting(2), row([900, 0, -9], [0.25, 0, 0]));
  expect(value.data[1]).toBe(0);
  expect(error[1]).toBeGreaterThan(0);
  expect(error[2]).toBe(0);
});

test('no run within its errors leaves the bounds of any rule', () => {
  const random = new Random(5, 31);
  const draw = (n: number, scale: number): number[] =>
    Array.from({ length: n }, () => scale * random.normal());
  const unary = [
    ...(Object.keys(ACTIVATIONS) as ActivationName[]).map((name) => ACTIVATIONS[name].op),
    topKRouting(2),
    column(2),
  ];
  for (let round = 0; round < 400; round++) {
    const size = 2 ** -(2 + random.integer(50));
    const pair = (scale: number): { here: Bounded; there: Bounded['value'] } => {
      const [value, off] = [draw(4, scale), draw(4, size)];
      const there = value.map((entry, i) => entry + off[i]);
      const error = there.map((entry, i) => Math.abs(entry - value[i]) * (1 + 2 * u));
      return { here: row(value, error), there: rowMatrix(vector(...there)) };
    };
    const [x, y] = [pair(3), pair(3)];
    const within = (found: Bounded, other: Bounded['value'], name: string): void => {
      found.error.forEach((bound, i) => {
        expect(Math.abs(found.value.data[i] - other.data[i]), name).toBeLessThanOrEqual(bound);
      });
    };
    for (const op of unary) {
      within(bounding.apply(op, x.here), eager.apply(op, x.there), op.name);
    }
    for (const op of [add, multiply]) {
      within(bounding.apply(op, x.here, y.here), eager.apply(op, x.there, y.there), op.name);
    }
    const V = certain(matrix(3, 4, vector(...draw(12, 2))));
    within(bounding.apply(linear, x.here, V), eager.apply(linear, x.there, V.value), 'linear');
    const b = certain(y.there);
    within(bounding.apply(addBias, x.here, b), eager.apply(addBias, x.there, b.value), 'addBias');
    const w = row([random.normal()], [0]);
    within(
      bounding.apply(weightRows, x.here, w),
      eager.apply(weightRows, x.there, w.value),
      'weightRows',
    );
  }
});

test('an operation without a rule is refused by name', () => {
  const run = () => bounding.apply(softmaxRows, certain(matrix(2, 2)));
  expect(run).toThrow(DomainError);
  expect(run).toThrow(/no rule for the operation softmaxRows/);
});
