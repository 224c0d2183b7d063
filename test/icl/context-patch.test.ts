import { expect, test } from 'vitest';
import {
  composePatches,
  contextPatch,
  networkPatch,
  proveContextPatch,
  withoutPositions,
} from '../../src/icl/index.ts';
import {
  DegenerateBase,
  DomainError,
  matrix,
  matrixFromRows,
  NonFiniteError,
  Random,
  ShapeError,
} from '../../src/linalg/index.ts';
import { initialise, llamaBlock, network, prefixed } from '../../src/model/index.ts';
import { randomCase } from '../support/cases.ts';

test('patched equals contextual within its bound for any part of the context, both ways', () => {
  const random = new Random(1, 1);
  for (let round = 0; round < 1000; round++) {
    const { block, parameters, context, query, removed } = randomCase(random);
    for (const application of ['factored', 'dense'] as const) {
      const proof = proveContextPatch(block, parameters, context, query, {
        removed,
        application,
      });
      expect(proof.output.overBound).toBeLessThanOrEqual(1);
      expect(proof.preActivation?.overBound).toBeLessThanOrEqual(1);
      // Small enough to be rounding, not merely allowed: the sizes here are below 50.
      expect(proof.output.bound).toBeLessThan(1e-9);
    }
  }
});

test('the whole context named position by position is the whole context', () => {
  const { block, parameters, context, query } = randomCase(new Random(2, 1));
  const positions = Array.from({ length: context.rows }, (_, i) => i);
  expect(contextPatch(block, parameters, context, query, { removed: positions })).toEqual(
    contextPatch(block, parameters, context, query),
  );
});

test('an empty context is a context: its update is 0', () => {
  const { block, parameters, context, query } = randomCase(new Random(4, 1));
  const { patch, base, contextual } = contextPatch(
    block,
    parameters,
    matrix(0, context.cols),
    query,
  );
  expect(base).toEqual(contextual);
  for (const entry of patch.weights.W1.p) expect(Object.is(entry, 0)).toBe(true);
});

test('equal tokens at two positions are two tokens', () => {
  const { block, parameters, context, query } = randomCase(new Random(5, 1));
  const token = Array.from(context.data.subarray(0, context.cols));
  const doubled = matrixFromRows([token, token]);
  const one = proveContextPatch(block, parameters, doubled, query, { removed: [1] });
  expect(one.remaining).toEqual(matrixFromRows([token]));
  expect(one.output.overBound).toBeLessThanOrEqual(1);
});

test('C∖Y keeps the other tokens in their order', () => {
  const context = matrixFromRows([[0], [1], [2], [3], [4]]);
  expect(withoutPositions(context, [3, 0])).toEqual(matrixFromRows([[1], [2], [4]]));
  expect(withoutPositions(context, 'all')).toEqual(matrix(0, 1));
  expect(withoutPositions(context, [])).toEqual(context);
});

test('positions out of range, not integers or named twice are refused', () => {
  const context = matrixFromRows([[0], [1]]);
  for (const [positions, got] of [
    [[2], 'got number 2'],
    [[-1], 'got number -1'],
    [[0.5], 'got number 0.5'],
    [[NaN], 'got number NaN'],
    [[1, 1], 'got 1 twice'],
  ] as const) {
    expect(() => withoutPositions(context, positions)).toThrow(DomainError);
    expect(() => withoutPositions(context, positions)).toThrow(new RegExp(`${got}$`));
  }
});

test('tokens, weights and widths that cannot be used are refused by name', () => {
  const { block, parameters, context, query } = randomCase(new Random(6, 1));
  const W1 = parameters['mlp.W1'];
  const spoiled = {
    ...parameters,
    'mlp.W1': matrix(
      W1.rows,
      W1.cols,
      W1.data.map(() => NaN),
    ),
  };
  const wide = matrix(1, context.cols + 1);
  const nan = matrix(
    context.rows,
    context.cols,
    context.data.map(() => Infinity),
  );
  expect(() => contextPatch(block, spoiled, context, query)).toThrow(/mlp\.W1 must be finite/);
  expect(() => contextPatch(block, parameters, wide, query)).toThrow(ShapeError);
  expect(() => contextPatch(block, parameters, nan, query)).toThrow(NonFiniteError);
  expect(() => contextPatch(block, parameters, context, query.subarray(1))).toThrow(ShapeError);
});

test('a layer that returns 0 without context is refused, not softened', () => {
  const { block, parameters, context, query } = randomCase(new Random(7, 1));
  const zero = (name: string): object => {
    const value = parameters[name];
    return value ? { [name]: matrix(value.rows, value.cols) } : {};
  };
  const silent = { ...parameters, ...zero('layer.Wo'), ...zero('layer.bo') };
  expect(() => contextPatch(block, silent, context, query)).toThrow(DegenerateBase);
});

test('a position in two parts is refused', () => {
  const { block, parameters, context, query } = randomCase(new Random(9, 1));
  expect(() => composePatches(block, parameters, context, query, [[0], [0]])).toThrow(
    /parts must be disjoint, got position 0 twice/,
  );
});

test('what is left of a context keeps its positions, as in a network', () => {
  const random = new Random(171);
  const block = llamaBlock({ width: 6, heads: 1, hidden: 8 });
  const own = initialise(block.shapes, random);
  const X = matrix(6, 6);
  random.fillNormal(X.data);
  const context = matrix(5, 6, X.data.slice(0, 30));
  const found = contextPatch(block, own, context, X.data.slice(30), { removed: [1, 2] });
  expect(found.positions).toEqual([0, 3, 4, 5]);
  const net = networkPatch(network([block]), prefixed('blocks.0', own), X, [0, 3, 4, 5]);
  expect(found.base.attention).toEqual(net.base[0][3].attention);
  expect(found.patch.weights['Wg']).toEqual(net.patches[0][3]?.weights['Wg']);
  const all = contextPatch(block, own, context, X.data.slice(30));
  expect(all.positions).toEqual([5]);
});
