import { expect, test } from 'vitest';
import { staticInputBound, staticOutputBound, staticPatch } from '../../src/icl/index.ts';
import {
  absExact,
  addExact,
  dotExact,
  exact,
  exactVector,
  type Matrix,
  matrix,
  matrixFromRows,
  matrixVector,
  quotientOfExact,
  Random,
  rowOf,
  subtract,
  subtractExact,
} from '../../src/linalg/index.ts';
import { type BlockRun, gpt2Block, initialise, part, runBlock } from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';

const sum = (x: Matrix, y: Matrix): Matrix =>
  matrix(
    x.rows,
    x.cols,
    x.data.map((entry, i) => entry + y.data[i]),
  );

/** |value − W·x − r|/bound for every row of W. */
const ratios = (
  value: Float64Array,
  W: Matrix,
  x: Float64Array,
  r: readonly (readonly [number, number])[],
  bound: Float64Array,
): number[] =>
  Array.from(value, (entry, k) => {
    const moved = subtractExact(exact(r[k][0]), exact(r[k][1]));
    const target = addExact(dotExact(exactVector(rowOf(W, k)), exactVector(x)), moved);
    return quotientOfExact(absExact(subtractExact(exact(entry), target)), exact(bound[k]));
  });

/** The static change of a Pre-LN block at n tokens, `close` of which are all but dependent. */
function draw(random: Random, close: number) {
  const block = gpt2Block({ width: 6, heads: 2, hidden: 9 });
  const parameters = initialise(block.shapes, random);
  const n = 1 + random.integer(4);
  const tokens = Array.from({ length: n }, () => normalMatrix(1, 6, random).data);
  const queries = tokens.map((token, i) =>
    i === 0 ? token : token.map((entry, j) => tokens[0][j] + close * (entry - tokens[0][j])),
  );
  const context = normalMatrix(5, 6, random);
  const [bases, contextuals] = [matrix(0, 6), context].map((before) =>
    queries.map((query): BlockRun => runBlock(block, parameters, before, query)),
  );
  const { weights } = staticPatch(block, parameters, bases, contextuals);
  return { own: part(parameters, 'mlp'), bases, contextuals, weights };
}

test('5.4: a static change meets its conditions within u·cond, near dependence too', () => {
  const random = new Random(54, 1);
  const ordinary: number[] = [];
  for (let trial = 0; trial < 90; trial++) {
    const close = [1, 1e-3, 1e-6][trial % 3];
    const { own, bases, contextuals, weights } = draw(random, close);
    const A = matrixFromRows(bases.map(({ input }) => input));
    const D = matrixFromRows(contextuals.map(({ input }, i) => subtract(input, bases[i].input)));
    const changed = sum(own['W1'], weights['W1']);
    const bounds = staticInputBound(own['W1'], A, D);
    bases.forEach(({ input }, i) => {
      const found = matrixVector(changed, input);
      const none = Array.from(found, () => [0, 0] as const);
      const at = contextuals[i].input;
      for (const ratio of ratios(found, own['W1'], at, none, rowOf(bounds, i))) {
        expect(ratio, `trial ${trial}, token ${i}`).toBeLessThanOrEqual(1);
        if (trial % 3 === 0) ordinary.push(ratio);
      }
    });
  }
  // Measured: largest 2.2e-2, median 3.7e-4.
  expect(Math.max(...ordinary)).toBeGreaterThan(5e-3);
});

test('5.4: … and at the last map, for the hidden vectors it was made for', () => {
  const random = new Random(54, 2);
  const ordinary: number[] = [];
  for (let trial = 0; trial < 90; trial++) {
    const close = [1, 1e-3, 1e-6][trial % 3];
    const { own, bases, contextuals } = draw(random, close);
    const block = gpt2Block({ width: 6, heads: 2, hidden: 9 });
    const parameters = Object.fromEntries(
      Object.entries(own).map(([name, value]) => [`mlp.${name}`, value]),
    );
    const { weights } = staticPatch(block, parameters, bases, contextuals, 'w2only');
    const H = matrixFromRows(bases.map(({ hidden }) => hidden));
    const R = matrixFromRows(contextuals.map((run, i) => subtract(run.sum, bases[i].sum)));
    const changed = sum(own['W2'], weights['W2']);
    const bounds = staticOutputBound(own['W2'], H, R);
    bases.forEach(({ hidden, sum: from }, i) => {
      const found = matrixVector(changed, hidden);
      const moved = Array.from(from, (entry, k) => [contextuals[i].sum[k], entry] as const);
      for (const ratio of ratios(found, own['W2'], hidden, moved, rowOf(bounds, i))) {
        expect(ratio, `trial ${trial}, token ${i}`).toBeLessThanOrEqual(1);
        if (trial % 3 === 0) ordinary.push(ratio);
      }
    });
  }
  // Measured: largest 4.1e-2, median 3.6e-4.
  expect(Math.max(...ordinary)).toBeGreaterThan(5e-3);
});

test('tokens that are dependent, or more than entries, have no finite bound', () => {
  const rows = (...x: number[][]): Matrix => matrixFromRows(x);
  const W = rows([1, 2]);
  const all = (bound: Matrix): boolean => bound.data.every((entry) => entry === Infinity);
  expect(all(staticInputBound(W, rows([1, 1], [2, 2]), rows([1, 0], [2, 0])))).toBe(true);
  expect(all(staticInputBound(W, rows([1, 1], [2, 2 + 2 ** -50]), rows([1, 0], [2, 0])))).toBe(
    true,
  );
  expect(all(staticOutputBound(W, rows([1, 0], [0, 1], [1, 1]), rows([1], [1], [2])))).toBe(true);
});

test('one token: the bound is that of one update times its constants', () => {
  // σ_min = ‖a‖ = 5, X = |d|/5; at u: O = K·(5·X + |d|) = 2K|d| with K = 2(3 + 37) + (6 + 39) = 125.
  const u = 2 ** -53;
  const [W, A, D] = [[[2, 0]], [[3, 4]], [[1, 0]]].map((x) => matrixFromRows(x));
  const [found] = staticInputBound(W, A, D).data;
  // |W|·(O + u|d| + γ_5·X·‖a‖) + γ_3·|W||a| = 2·(250 + 1 + 5) + 3·6 = 530
  expect(found / (530 * u)).toBeGreaterThan(1);
  expect(found / (530 * u)).toBeLessThan(1 + 1e-11);
});
