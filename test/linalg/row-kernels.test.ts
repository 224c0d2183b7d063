import { expect, test } from 'vitest';
import * as kernels from '../../src/linalg/kernels.ts';
import { Random } from '../../src/linalg/random.ts';
import * as twins from '../../src/linalg/reference.ts';
import { arena } from '../../src/linalg/wasm/memory.ts';
import { inWorkspace, resultArray } from '../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { blank, DRAWS } from './cases.ts';

type Kernels = typeof twins;

/** Operands of `rows` rows of 8; the results are y, z, s8 (one row) and s (one column). */
interface Operands {
  readonly rows: number;
  readonly x: Float64Array;
  readonly dy: Float64Array;
  readonly g: Float64Array;
  readonly w: Float64Array;
  readonly indices: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly row: Float64Array;
  readonly column: Float64Array;
}

type Call = (k: Kernels, o: Operands) => unknown;

/** Every kernel on rows that kernels.ts binds by the number of its entries. */
const CALLS: Readonly<Record<string, Call>> = {
  layerNorm: (k, { x, g, y, z, column }) => k.layerNorm(0.5, x, g, g, y, z, column),
  layerNormBackward: (k, { x, g, w, dy, y }) => k.layerNormBackward(g, x, w, dy, y),
  rmsNorm: (k, { x, g, y, z, column }) => k.rmsNorm(0.5, 1, x, g, y, z, column),
  rmsNormBackward: (k, { x, g, w, dy, y }) => k.rmsNormBackward(1, g, x, w, dy, y),
  softmax: (k, { x, y, rows }) => k.softmax(x, y, 1, 8 * rows - 1),
  softmaxBackward: (k, { x, dy, y, rows }) => k.softmaxBackward(x, 0, dy, y, 1, 8 * rows - 1),
  softmaxRows: (k, { x, y, rows }) => k.softmaxRows(x, y, rows, 8),
  softmaxRowsBackward: (k, { x, dy, y, rows }) => k.softmaxRowsBackward(x, dy, y, rows, 8),
  crossEntropy: (k, { x, y, rows }) => k.crossEntropy(x, y, 1, 8 * rows - 1, 3),
  crossEntropyBackward: (k, { x, y, rows }) =>
    k.crossEntropyBackward(x, y, 1, 8 * rows - 1, 3, 1 / 3),
  logSumExp: (k, { x, y, rows }) => k.logSumExp(x, y, 1, 8 * rows - 1),
  sum: (k, { x, rows }) => k.sum(x, 1, 8 * rows - 1),
  dot: (k, { x, dy, rows }) => k.dot(x, 1, dy, 0, 8 * rows - 1),
  maximum: (k, { x, rows }) => k.maximum(x, 1, 8 * rows - 1),
  scaleRows: (k, { x, g, y, rows }) => k.scaleRows(x, g, y, rows),
  sumOfRowProducts: (k, { x, dy, row, rows }) => k.sumOfRowProducts(x, dy, row, rows),
  weightRows: (k, { w, x, y }) => k.weightRows(w, x, y, 8),
  dotsOfRows: (k, { x, dy, column }) => k.dotsOfRows(x, dy, column, 8),
  takeRows: (k, { x, indices, y }) => k.takeRows(x, indices, y, 8),
  addToTakenRows: (k, { dy, indices, y }) => k.addToTakenRows(dy, indices, y, 8),
};

const RESULTS = ['y', 'z', 'row', 'column'] as const;

// Either side of every crossover: 16, 32, 64, 128, 256, 512 and 1024 entries; the last is two pieces.
const ROWS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 700];

test.each(Object.entries(CALLS))(
  '%s has the bits of its twin on either side of its crossovers',
  (name, call) => {
    const random = new Random(131);
    for (const [kind, draw] of DRAWS) {
      for (const rows of ROWS) {
        if (rows === 0 && /softmax|rossEntropy|logSumExp|sum|dot|maximum/.test(name)) continue; // needs entries
        const inputs = {
          rows,
          x: draw(random, 8 * rows),
          dy: draw(random, 8 * rows),
          g: draw(random, 8),
          w: draw(random, rows),
          indices: Float64Array.from({ length: rows }, () => random.integer(rows)),
        };
        const outputs = () => ({
          y: blank(8 * rows),
          z: blank(8 * rows),
          row: blank(8),
          column: blank(rows),
        });
        const [expected, actual] = [outputs(), outputs()];
        const value = call(twins, { ...inputs, ...expected });
        const label = `seed 131, ${rows} rows, ${kind}`;
        expect(call(kernels, { ...inputs, ...actual }), label).toBe(value);
        for (const result of RESULTS)
          assertSameBits(actual[result], expected[result], `${label}, ${result}`);

        inWorkspace(() => {
          const here = (from: Float64Array): Float64Array => {
            const to = resultArray(from.length);
            expect(from.length === 0 || arena().holds(to)).toBe(true);
            to.set(from);
            return to;
          };
          const { x, dy, g, w, indices } = inputs;
          const results = outputs();
          const [y, z, row, column] = RESULTS.map((result) => here(results[result]));
          const resident = {
            rows,
            x: here(x),
            dy: here(dy),
            g: here(g),
            w: here(w),
            indices: here(indices),
          };
          expect(call(kernels, { ...resident, y, z, row, column }), `${label}, here`).toBe(value);
          [y, z, row, column].forEach((result, i) => {
            assertSameBits(result, expected[RESULTS[i]], `${label}, ${RESULTS[i]}, in a workspace`);
          });
        });
      }
    }
  },
);

type Name = Exclude<keyof Operands, 'rows'>;

/** Which operands are in Wasm memory already. */
const PLACES: readonly (readonly Name[])[] = [
  [],
  ['y', 'z', 'row', 'column'],
  ['x', 'dy'],
  ['x', 'dy', 'y'],
  ['x', 'dy', 'y', 'z', 'row', 'column'],
  ['g', 'w', 'row', 'column'],
  ['x', 'dy', 'g', 'w', 'indices', 'y', 'z', 'row', 'column'],
];

test.each(Object.entries(CALLS))(
  '%s takes its twin where a workspace has no room for copies',
  (_, call) => {
    const random = new Random(132);
    const rows = 700;
    const draw = (n: number): Float64Array =>
      Float64Array.from({ length: n }, () => random.normal());
    const operands = (): Operands => ({
      ...inputs,
      y: blank(8 * rows),
      z: blank(8 * rows),
      row: blank(8),
      column: blank(rows),
    });
    const inputs = {
      rows,
      x: draw(8 * rows),
      dy: draw(8 * rows),
      g: draw(8),
      w: draw(rows),
      indices: Float64Array.from({ length: rows }, () => random.integer(rows)),
    };
    const expected = operands();
    const value = call(twins, expected);
    for (const place of PLACES) {
      for (const left of [0, 8, 512, 4096, 5600, 8192]) {
        inWorkspace(() => {
          const here = Object.fromEntries(
            Object.entries(operands()).map(([name, entries]) => {
              if (!place.includes(name as Name)) return [name, entries];
              const to = resultArray(entries.length);
              to.set(entries);
              return [name, to];
            }),
          ) as unknown as Operands; // the same names
          arena().allocate(arena().view.length - arena().used / 8 - left);
          const before = arena().used;
          const label = `seed 132, ${left} left, ${place.join()} resident`;
          expect(call(kernels, here), label).toBe(value);
          expect(arena().used, label).toBe(before);
          for (const result of RESULTS) {
            assertSameBits(here[result], expected[result], `${label}, ${result}`);
          }
        });
      }
    }
  },
);
