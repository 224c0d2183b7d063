import { expect, test } from 'vitest';
import {
  type Application,
  contextPatch,
  residual,
  runPatched,
  withPatch,
} from '../../src/icl/index.ts';
import { DomainError, ShapeError } from '../../src/linalg/index.ts';
import { handCase, vector } from '../support/small-cases.ts';

test('a residual by hand, and nothing off with nothing allowed', () => {
  expect(residual(vector(1, 2, 5), vector(1, 4, 4), vector(0, 4, 4))).toEqual({
    ...{ observed: 2, overBound: 0.5, bound: 4 },
  });
});

test('a bound that is infinite, negative or NaN proves nothing, also where nothing is off', () => {
  for (const bound of [Infinity, -1, NaN]) {
    expect(residual(vector(1, 2), vector(1, 2), vector(1, bound)).overBound).toBeNaN();
  }
  expect(residual(vector(NaN), vector(1), vector(1)).overBound).toBeNaN();
  expect(() => residual(vector(1), vector(1, 2), vector(1, 2))).toThrow(ShapeError);
});

test('a patch added in is the patched block as a block like any other', () => {
  const { block, parameters, context, query } = handCase('residual');
  const { patch, remaining, contextual } = contextPatch(block, parameters, context, query);
  const dense = withPatch(block, parameters, patch);
  // ΔW1 = (0, 2)ᵀ(2, 2)/8, Δb2 = (2, −1), by hand.
  expect(dense['mlp.W1'].data).toEqual(vector(1, 2, 3.5, 4.5));
  expect(dense['mlp.b2'].data).toEqual(vector(14, -4));
  const { output } = runPatched(block, parameters, remaining, query, patch, 'dense');
  expect(output).toEqual(contextual.output);
  const other = () =>
    runPatched(block, parameters, remaining, query, patch, 'thick' as Application);
  expect(other).toThrow(DomainError);
});
