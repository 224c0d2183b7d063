/**
 * Sequences and evaluations, on a layer simple enough to know: the sum of a sequence, weighted.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { column, type Evaluator, linear } from '../../src/autograd/index.ts';
import {
  DomainError,
  matrix,
  matrixFromRows,
  NonFiniteError,
  ShapeError,
} from '../../src/linalg/index.ts';
import {
  type ContextualLayer,
  evaluateLayer,
  sequenceOf,
} from '../../src/model/contextual-layer.ts';
import { type Parameters, weightShape } from '../../src/model/parameters.ts';
import { expectSameMatrix } from '../autograd/support.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** Records the sequence it is given; A(C, x) is its first column times W, if that fits. */
function recorder(): { layer: ContextualLayer; seen: unknown[] } {
  const seen: unknown[] = [];
  const layer: ContextualLayer = {
    name: 'recorder',
    tokenWidth: 3,
    width: 1,
    shapes: { W: weightShape(1, 1) },
    atQuery<V>(on: Evaluator<V>, p: Parameters<V>, sequences: V, batch: number): V {
      seen.push(on.read(sequences), batch);
      return on.apply(linear, on.apply(column(0), sequences), p.W);
    },
    atEach: (_, __, sequences) => sequences,
  };
  return { layer, seen };
}

const query = Float64Array.of(7, 8, 9);
const context = matrixFromRows([
  [1, 2, 3],
  [4, 5, 6],
]);
const W = matrixFromRows([[10]]);

test('a sequence is the context, in order, and the query last', () => {
  const expected = matrixFromRows([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  expectSameMatrix(sequenceOf(context, query), expected, 'two tokens');
  expectSameMatrix(sequenceOf(matrix(0, 3), query), matrixFromRows([[7, 8, 9]]), 'none');
});

test('a sequence is a copy', () => {
  sequenceOf(context, query).data.fill(0);
  assertSameBits(context.data, [1, 2, 3, 4, 5, 6], 'context');
  assertSameBits(query, [7, 8, 9], 'query');
});

test('tokens of another width, or not finite, are refused by name', () => {
  const wide = (): unknown => sequenceOf(matrix(5, 2), query);
  expect(wide).toThrow(ShapeError);
  expect(wide).toThrow(
    'sequenceOf: context tokens must have the 3 entries of the query, got 5 tokens of 2',
  );
  expect(() => sequenceOf(matrix(0, 2), query)).toThrow(ShapeError);
  for (const entry of [NaN, Infinity, -Infinity]) {
    const bad = matrixFromRows([
      [1, 2, 3],
      [4, entry, 6],
    ]);
    expect(() => sequenceOf(bad, query)).toThrow(
      `the context must be finite, got ${entry} at entry 4`,
    );
    expect(() => sequenceOf(bad, query)).toThrow(NonFiniteError);
    const asked = Float64Array.of(7, 8, entry);
    expect(() => sequenceOf(context, asked)).toThrow(
      `the query must be finite, got ${entry} at entry 2`,
    );
  }
});

test('evaluateLayer hands over one sequence and the parameters', () => {
  const { layer, seen } = recorder();
  assertSameBits(evaluateLayer(layer, { W }, context, query), [10, 40, 70], 'value');
  expect(seen).toEqual([sequenceOf(context, query), 1]);
});

test('evaluateLayer refuses what does not fit before the layer sees it', () => {
  const { layer, seen } = recorder();
  const run =
    (parameters: Parameters, c = context, x = query) =>
    (): unknown =>
      evaluateLayer(layer, parameters, c, x);
  expect(run({})).toThrow('evaluateLayer: recorder: parameter W (1x1) is required, got none');
  expect(run({})).toThrow(DomainError);
  expect(run({ W: matrix(1, 2) })).toThrow(ShapeError);
  expect(run({ W: matrixFromRows([[NaN]]) })).toThrow(NonFiniteError);
  const narrow = run({ W }, matrix(2, 2), Float64Array.of(1, 2)); // consistent, but no tokens of 3
  expect(narrow).toThrow('evaluateLayer: recorder: tokens must have 3 entries, got 2');
  expect(narrow).toThrow(ShapeError);
  expect(run({ W }, matrix(2, 5))).toThrow(ShapeError);
  expect(run({ W }, matrixFromRows([[1, NaN, 3]]))).toThrow(NonFiniteError);
  expect(seen).toEqual([]);
});
