import { expect, test } from 'vitest';
import { NonFiniteError } from '../../src/linalg/errors.ts';
import { ConvergenceError } from '../../src/linalg/factorisation-errors.ts';
import { type Matrix, matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import { orthogonalise, tangent } from '../../src/linalg/one-sided-jacobi.ts';
import { multiply } from '../../src/linalg/products.ts';
import { Random } from '../../src/linalg/random.ts';
import { type SVD, svd } from '../../src/linalg/svd.ts';
import { assertSameBits } from '../support/same-bits.ts';
import {
  columnOf,
  DRAWS_2D,
  exactResidualColumns,
  expectNormWithin,
  expectOrthonormal,
  expectThrows,
  normalMatrix,
  SHAPES,
  untouched,
} from './factorisation-cases.ts';

/** The bounds of the doc comment, and tighter measured ones, without rounding but that of U·diag(s). */
function expectDecomposition(a: Matrix, { U, s, V, sweeps }: SVD, label: string): void {
  const [m, n] = [Math.max(a.rows, a.cols), Math.min(a.rows, a.cols)];
  expect([U.rows, U.cols, s.length, V.rows, V.cols], label).toEqual([a.rows, n, n, a.cols, n]);
  s.forEach((value, i) => {
    expect(value >= 0 && value <= (i === 0 ? Infinity : s[i - 1]), label).toBe(true);
  });
  const g = n * (3 * m + 37) + 9 * (2 * n) * sweeps;
  const diagonal = matrix(n, n);
  s.forEach((value, i) => {
    diagonal.data[i * n + i] = value;
  });
  const Vt = matrix(
    n,
    a.cols,
    Float64Array.from(V.data, (_, at) => {
      return V.data[(at % a.cols) * n + Math.floor(at / a.cols)];
    }),
  );
  const US = multiply(U, diagonal); // each entry is one product, rounded once: u, covered by + 2n
  const error = exactResidualColumns(a, US, Vt).flat();
  const size = Array.from({ length: a.cols }, (_, j) => columnOf(a, j)).flat();
  expectNormWithin(Math.ceil((1.01 + Math.sqrt(n)) * g) + 2 * n + 2, error, size, label);
  expectNormWithin(64, error, size, `${label}, measured`); // at most 22 seen
  expectOrthonormal(Math.ceil(2.01 * Math.sqrt(n) * g) + n * (2 * n + 20) + 1, U, `${label}, U`);
  expectOrthonormal(Math.ceil(2.01 * Math.sqrt(n) * g) + n * (2 * n + 20) + 1, V, `${label}, V`);
  expectOrthonormal(128, U, `${label}, U, measured`); // at most 67 seen
  expectOrthonormal(128, V, `${label}, V, measured`);
}

/** Largest relative difference in units of u. */
function worstDifference(s: Float64Array, expected: readonly number[]): number {
  expect(s.length).toBe(expected.length);
  return Math.max(...expected.map((t, i) => Math.abs(s[i] - t) / t)) / 2 ** -53;
}

test('A = U·diag(s)·Vᵀ with orthonormal U and V, for every kind and shape, exactly measured', () => {
  const random = new Random(241);
  for (const [name, draw] of DRAWS_2D) {
    for (const [m, n] of SHAPES) {
      const a = draw(random, m, n);
      expectDecomposition(
        a,
        untouched([a], () => svd(a)),
        `seed 241, ${name}, ${m}x${n}`,
      );
    }
  }
});

test('one row, one column, a zero matrix and none at all', () => {
  const row = svd(matrixFromRows([[3, 0, -4]]));
  assertSameBits(row.s, [5], 's of a row');
  expect(row.U.data.map(Math.abs)).toEqual(Float64Array.of(1));
  const column = svd(matrixFromRows([[3], [0], [-4]]));
  assertSameBits(column.s, [5], 's of a column');
  assertSameBits(svd(matrix(3, 2)).s, [0, 0], 's of zero');
  expect(svd(matrix(0, 3)).V).toEqual(matrix(3, 0));
  expect(svd(matrix(3, 0)).U).toEqual(matrix(3, 0));
  // diag(2, −3) and its reverse, by hand.
  const { U, s, V } = svd(
    matrixFromRows([
      [2, 0],
      [0, -3],
    ]),
  );
  assertSameBits(s, [3, 2], 's of diag(2, −3)');
  assertSameBits(
    [U.data, V.data].flatMap((t) => Array.from(t, Math.abs)),
    [0, 1, 1, 0, 0, 1, 1, 0],
    'U, V',
  );
});

test('27720 times the Hilbert matrix of order 6: condition 1.5e7, all values to 32 u·s₀', () => {
  const entries = Array.from(
    { length: 36 },
    (_, at) => 27720 / (Math.floor(at / 6) + (at % 6) + 1),
  );
  const a = matrix(6, 6, Float64Array.from(entries));
  expect(entries.every(Number.isInteger)).toBe(true);
  // mpmath 1.3.0, 80 digits.
  const expected = [
    44875.90408938268, 6718.243332344809, 452.4325709869578, 17.06854437794327, 0.3484613874391704,
    0.0030015201712157037,
  ];
  const s = svd(a).s;
  expect(Math.abs(s[0] - expected[0]) / expected[0] <= 16 * 2 ** -53).toBe(true); // measured 4.4 u
  expected.forEach((t, i) => {
    expect(Math.abs(s[i] - t) <= 32 * 2 ** -53 * expected[0]).toBe(true); // measured 4.4 u·s₀
  });
  expectDecomposition(a, svd(a), 'Hilbert');
});

test('the Kahan matrix of order 12 with sine 0.9, whose smallest value pivoted QR overestimates', () => {
  const n = 12;
  const a = matrix(n, n);
  let power = 1;
  for (let i = 0; i < n; i++) {
    a.data[i * n + i] = power;
    for (let j = i + 1; j < n; j++) a.data[i * n + j] = -0.4358898943540673 * power;
    power *= 0.9;
  }
  const { s } = svd(a);
  // mpmath 1.3.0, 80 digits, of the same doubles.
  const expected = [
    2.362151450715687, 1.2062604773508723, 1.0791467653661506, 0.9648970758584972,
    0.8619356685572939, 0.7690704017282486, 0.685210626113247, 0.6093230365497925,
    0.540375284943111, 0.4771885031670285, 0.4178165742475681, 0.010794723705574235,
  ];
  expect(worstDifference(s, expected) <= 64 * 220).toBe(true); // κ = 219; measured 18 u
});

test('columns graded from 1 to 1e-150 cost no relative accuracy', () => {
  const d = [1, 1e-30, 1e-60, 1e-90, 1e-120, 1e-150];
  const b = [
    [4, 1, -2, 3, 1, 0],
    [1, 5, 1, 0, -2, 1],
    [0, 1, 3, 1, 1, -1],
    [2, 0, 1, 6, 1, 1],
    [1, 1, 0, 1, 4, 2],
    [-1, 2, 1, 0, 1, 5],
  ];
  // mpmath 1.3.0, 80 digits, of the same doubles.
  const expected = [
    4.79583152331272, 5.40531139753741e-30, 3.309438162646486e-60, 2.9518785470479197e-90,
    4.380948745042841e-120, 1.6062092978605685e-150,
  ];
  for (const order of [
    [0, 1, 2, 3, 4, 5],
    [5, 3, 0, 1, 4, 2],
  ]) {
    const a = matrixFromRows(b.map((row) => order.map((j) => row[j] * d[j])));
    expect(worstDifference(svd(a).s, expected) <= 32, `${order}`).toBe(true); // measured 1.7 u
  }
  const diagonal = matrix(16, 16);
  for (let i = 0; i < 16; i++) diagonal.data[i * 17] = Number(`1e-${10 * ((7 * i) % 16)}`);
  // Exchanging rows by reflections rounds; nothing else does.
  const powers = Array.from({ length: 16 }, (_, i) => Number(`1e-${10 * i}`));
  expect(worstDifference(svd(diagonal).s, powers) <= 16).toBe(true); // measured 1.6 u
});

test('gradings down to 2^-960 keep their small values, and what is below 2^-969 is 0', () => {
  const a = matrixFromRows([
    [1, 2 ** -960],
    [1, -(2 ** -960)],
  ]);
  expect(worstDifference(svd(a).s, [Math.SQRT2, Math.SQRT2 * 2 ** -960]) <= 8).toBe(true);
  assertSameBits(
    svd(
      matrixFromRows([
        [1, 0],
        [0, 2 ** -970],
      ]),
    ).s,
    [1, 0],
    'below',
  );
  assertSameBits(
    svd(
      matrixFromRows([
        [1, 0],
        [0, 2 ** -968],
      ]),
    ).s,
    [1, 2 ** -968],
    'above',
  );
  // 1 beside 2⁻⁷⁰⁰·[[2, 1], [1, 2]]: the inner products of the small columns are below 2⁻¹³⁹⁰.
  const small = 2 ** -700;
  const block = matrixFromRows([
    [2 * small, small, 0],
    [small, 2 * small, 0],
    [0, 0, 1],
  ]);
  expect(worstDifference(svd(block).s, [1, 3 * small, small]) <= 16).toBe(true); // measured 1 u
  const smallest = svd(
    matrixFromRows([
      [5e-324, 0],
      [0, 5e-324],
    ]),
  );
  assertSameBits(smallest.s, [5e-324, 5e-324], 'subnormal');
});

test('the Läuchli matrix [1 1 1; e·I]: s is √(3 + e²), e, e, though AᵀA is singular in doubles', () => {
  for (const e of [2 ** -27, 2 ** -40, 1e-100]) {
    const a = matrixFromRows([
      [1, 1, 1],
      [e, 0, 0],
      [0, e, 0],
      [0, 0, e],
    ]);
    const { s } = svd(a);
    // The columns are not graded but nearly equal: absolute accuracy, u·s₀ times a small number.
    [Math.sqrt(3 + e * e), e, e].forEach((t, i) => {
      expect(Math.abs(s[i] - t) <= 16 * 2 ** -53).toBe(true); // measured 2.9 u
    });
    expectDecomposition(a, svd(a), `Läuchli, e = ${e}`);
  }
});

test('equal columns and products of thin factors have as many values of rounding size as they must', () => {
  const random = new Random(242);
  for (const r of [0, 1, 3, 6]) {
    const a = multiply(normalMatrix(random, 11, r), normalMatrix(random, r, 7));
    const { s } = svd(a);
    s.forEach((value, i) => {
      if (i < r) expect(value).toBeGreaterThan(1e-3);
      else expect(value <= 64 * 2 ** -53 * s[0]).toBe(true); // measured 1.3 u
    });
  }
  const equal = matrixFromRows([
    [1, 1, 1],
    [2, 2, 2],
  ]);
  expect(Math.abs(svd(equal).s[0] - Math.sqrt(15)) <= 4 * 2 ** -53 * 4).toBe(true);
});

test('powers of two change no bit but the exponents of s', () => {
  const a = normalMatrix(new Random(243), 7, 5);
  const plain = svd(a);
  for (const e of [2 ** 900, 2 ** -900]) {
    const scaled = svd(
      matrix(
        7,
        5,
        a.data.map((t) => t * e),
      ),
    );
    assertSameBits(
      scaled.s,
      plain.s.map((t) => t * e),
      's',
    );
    assertSameBits(scaled.U.data, plain.U.data, 'U');
    assertSameBits(scaled.V.data, plain.V.data, 'V');
  }
});

test('a cap on the sweeps is kept, and the error says what was reached', () => {
  const a = normalMatrix(new Random(244), 8, 8);
  const call = () => orthogonalise('svd', a.data, 8, 1);
  expect(call).toThrow(ConvergenceError);
  expect(call).toThrow(RangeError);
  expect(call).toThrow(
    /svd: the largest cosine between two columns must be at most .*e-15 after 1 s/,
  );
  expect(call).toThrow(expect.objectContaining({ sweeps: 1, required: 24 * 2 ** -53 }));
  try {
    call();
  } catch (error) {
    const reached = error instanceof ConvergenceError ? error.reached : Number.NaN;
    expect(reached > 0.01 && reached <= 1 + 1e-14).toBe(true);
  }
  expect(orthogonalise('svd', a.data, 8).sweeps).toBeLessThan(10);
});

test('the tangent solves t² + 2ζt − 1 = 0 for ζ of any size', () => {
  for (const zeta of [0, 1e-300, 0.3, 1, 7, 1e8, 2 ** 28, 2 ** 29, 1e160, 1e300]) {
    for (const sign of [1, -1]) {
      const t = tangent(sign * zeta);
      expect(Math.abs(t)).toBeLessThanOrEqual(1);
      // t·(t + 2ζ) = 1, without overflow; measured 2 u.
      if (t !== 0) expect(Math.abs(t * (t / 2 + sign * zeta) * 2 - 1) <= 8 * 2 ** -53).toBe(true);
    }
  }
});

test('numbers that are not finite and values that overflow are refused', () => {
  expectThrows([
    [
      () => svd(matrixFromRows([[1, Number.NaN]])),
      NonFiniteError,
      'svd: a must be finite, got NaN',
    ],
    [
      () => svd(matrixFromRows([[Infinity], [1]])),
      NonFiniteError,
      'svd: a must be finite, got Inf',
    ],
    [
      () => svd(matrix(2, 2, new Float64Array(4).fill(1.5e308))),
      NonFiniteError,
      'singular value must be below 2^1024, got Infinity',
    ],
  ]);
});
