import { expect, test } from 'vitest';
import { NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import { absExact, exact, multiplyExact, subtractExact, sumExact } from '../../src/linalg/exact.ts';
import { SingularMatrix } from '../../src/linalg/factorisation-errors.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import { Random } from '../../src/linalg/random.ts';
import {
  solveLower,
  solveLowerTransposed,
  solveUpper,
  solveUpperTransposed,
} from '../../src/linalg/triangular.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { expectEntryWithin, expectThrows, normalMatrix, untouched } from './factorisation-cases.ts';

/** Solver, whether it reads the lower triangle, whether it solves with the transpose. */
const SOLVERS = [
  ['solveLower', solveLower, true, false],
  ['solveUpper', solveUpper, false, false],
  ['solveLowerTransposed', solveLowerTransposed, true, true],
  ['solveUpperTransposed', solveUpperTransposed, false, true],
] as const;

/** Entry (i, j) of the matrix that the system has. */
function entryOf(t: Matrix, lower: boolean, transposed: boolean, i: number, j: number): number {
  const [row, col] = transposed ? [j, i] : [i, j];
  return (lower ? col <= row : col >= row) ? t.data[row * t.cols + col] : 0;
}

test('|T·x − b| <= gamma_n·|T||x| entrywise, exactly, for each solver (derived: Higham 8.5)', () => {
  const random = new Random(201);
  for (const [name, solve, lower, transposed] of SOLVERS) {
    for (const n of [0, 1, 2, 3, 5, 8, 13]) {
      for (const k of [0, 1, 3]) {
        const t = normalMatrix(random, n, n);
        const b = normalMatrix(random, n, k);
        const x = untouched([t, b], () => solve(t, b));
        expect([x.rows, x.cols]).toEqual([n, k]);
        expect(x.data).not.toBe(b.data);
        for (let c = 0; c < k; c++) {
          for (let i = 0; i < n; i++) {
            const terms = Array.from({ length: n }, (_, j) =>
              multiplyExact(exact(entryOf(t, lower, transposed, i, j)), exact(x.data[j * k + c])),
            );
            const error = subtractExact(sumExact(terms), exact(b.data[i * k + c]));
            const label = `${name}, seed 201, n ${n}, row ${i}`;
            expectEntryWithin(n, error, sumExact(terms.map(absExact)), label);
          }
        }
      }
    }
  }
});

test('the other triangle is not read', () => {
  const random = new Random(202);
  const t = normalMatrix(random, 7, 7);
  const b = normalMatrix(random, 7, 2);
  for (const [name, solve, lower] of SOLVERS) {
    const masked = matrix(
      7,
      7,
      t.data.map((entry, at) => {
        const [i, j] = [Math.floor(at / 7), at % 7];
        return (lower ? j <= i : j >= i) ? entry : 1e300;
      }),
    );
    assertSameBits(solve(masked, b).data, solve(t, b).data, name);
  }
});

test('integer systems with diagonals of powers of two are solved by hand, without rounding', () => {
  const L = matrixFromRows([
    [2, 0],
    [3, 4],
  ]);
  const b = matrixFromRows([[2], [11]]);
  assertSameBits(solveLower(L, b).data, [1, 2], '2x = 2, 3x + 4y = 11');
  assertSameBits(solveLowerTransposed(L, b).data, [-3.125, 2.75], '2x + 3y = 2, 4y = 11');
  const U = matrixFromRows([
    [2, 3],
    [0, 4],
  ]);
  assertSameBits(solveUpper(U, b).data, [-3.125, 2.75], '2x + 3y = 2, 4y = 11');
  assertSameBits(solveUpperTransposed(U, b).data, [1, 2], '2x = 2, 3x + 4y = 11');
});

test('the sum of a row has the two-lane order', () => {
  const L = matrix(5, 5);
  for (let i = 0; i < 5; i++) L.data[i * 5 + i] = 1;
  L.data.set([1e16, 1, -1e16, 1], 20);
  // x = (1, 1, 1, 1, ·): lanes 1e16 − 1e16 and 1 + 1, so 2; in ascending order it would be 1.
  const b = matrix(5, 1, Float64Array.of(1, 1, 1, 1, 0));
  expect(solveLower(L, b).data[4]).toBe(-2);
});

test('a zero on the diagonal is named, the first one, in each solver', () => {
  const t = matrixFromRows([
    [1, 2, 3],
    [4, -0, 6],
    [7, 8, 0],
  ]);
  for (const [name, solve] of SOLVERS) {
    const message = `${name}: every diagonal entry must differ from 0, got 0 at pivot 1`;
    expectThrows([[() => solve(t, matrix(3, 1)), SingularMatrix, message]]);
    expect(() => solve(t, matrix(3, 1))).toThrow(expect.objectContaining({ index: 1 }));
  }
});

test('shapes that do not fit, numbers that are not finite and overflow are refused', () => {
  for (const [name, solve] of SOLVERS) {
    const one = matrix(1, 1, Float64Array.of(1e-300));
    const bad = matrix(1, 1, Float64Array.of(Number.NaN));
    expectThrows([
      [
        () => solve(matrix(2, 3), matrix(2, 1)),
        ShapeError,
        `${name}: the triangular matrix must be square, got 2x3`,
      ],
      [() => solve(one, matrix(2, 1)), ShapeError, `${name}: b needs 1 rows, got 2x1`],
      [
        () => solve(bad, one),
        NonFiniteError,
        `${name}: the triangular matrix must be finite, got NaN`,
      ],
      [() => solve(one, bad), NonFiniteError, `${name}: b must be finite, got NaN`],
      [
        () => solve(one, matrix(1, 1, Float64Array.of(1e300))),
        NonFiniteError,
        `${name}: the solution must be finite, got Infinity`,
      ],
      [
        () => solve({ rows: 2, cols: 2, data: new Float64Array(3) }, matrix(2, 1)),
        ShapeError,
        'it needs 4 entries, got 3',
      ],
    ]);
  }
});
