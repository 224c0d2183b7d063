import { expect, test } from 'vitest';
import { NonFiniteError, ShapeError } from '../../src/linalg/errors.ts';
import { subtractExact } from '../../src/linalg/exact.ts';
import { matrix, matrixFromRows } from '../../src/linalg/matrix.ts';
import {
  applyQ,
  applyQTransposed,
  identity,
  padded,
  qr,
  reconstructFromQR,
  thinQ,
} from '../../src/linalg/qr.ts';
import { Random } from '../../src/linalg/random.ts';
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

/** r reflections of m numbers: the constant of the bound. */
const constant = (m: number, n: number): number => Math.min(m, n) * (3 * m + 37);

test('column by column ‖a − QR‖ <= gamma·‖a‖, and Q is orthonormal, exactly (derived)', () => {
  const random = new Random(221);
  for (const [name, draw] of DRAWS_2D) {
    for (const [m, n] of SHAPES) {
      const a = draw(random, m, n);
      const { Q, R } = untouched([a], () => qr(a));
      const r = Math.min(m, n);
      const label = `seed 221, ${name}, ${m}x${n}`;
      expect([R.rows, R.cols]).toEqual([r, n]);
      for (let i = 0; i < r; i++) for (let j = 0; j < i; j++) expect(R.data[i * n + j]).toBe(0);
      const k = constant(m, n);
      const Q1 = thinQ(Q);
      expect([Q1.rows, Q1.cols]).toEqual([m, r]);
      expectOrthonormal(Math.ceil(3 * Math.sqrt(r) * k) + 1, Q1, label);
      exactResidualColumns(a, Q1, R).forEach((error, j) => {
        // ‖a − Q₁r‖ ≤ γ_k·(1 + √r·(1 + γ))·‖a‖ for the computed columns of Q₁; and measured: below
        // 10 u·‖a‖ in all these cases; 32 u are allowed.
        expectNormWithin(Math.ceil(k * (1.01 + Math.sqrt(r))) + 1, error, columnOf(a, j), label);
        expectNormWithin(32, error, columnOf(a, j), `${label}, measured`);
      });
      const again = reconstructFromQR({ Q, R });
      for (let j = 0; j < n; j++) {
        const error = columnOf(again, j).map((t, i) => subtractExact(t, columnOf(a, j)[i]));
        expectNormWithin(2 * k + 1, error, columnOf(a, j), `${label}, reconstructed`);
      }
    }
  }
});

test('Qᵀ·(Q·b) is b, Q·I is Q, and applying does what the formed Q does', () => {
  const random = new Random(222);
  for (const [m, n] of SHAPES) {
    const { Q } = qr(normalMatrix(random, m, n));
    const b = normalMatrix(random, m, 3);
    const there = untouched([b], () => applyQ(Q, b));
    const back = applyQTransposed(Q, there);
    const full = applyQ(Q, identity(m));
    for (let j = 0; j < 3; j++) {
      const k = constant(m, n);
      const error = columnOf(back, j).map((t, i) => subtractExact(t, columnOf(b, j)[i]));
      expectNormWithin(2 * k + 1, error, columnOf(b, j), `seed 222, ${m}x${n}`);
    }
    exactResidualColumns(there, full, b).forEach((error, j) => {
      const k = Math.ceil(constant(m, n) * (1.01 + Math.sqrt(m)));
      expectNormWithin(k + 1, error, columnOf(b, j), `seed 222, ${m}x${n}`);
    });
    expectOrthonormal(Math.ceil(3 * Math.sqrt(m) * constant(m, n)) + 1, full, `${m}x${n}`);
    assertSameBits(
      applyQTransposed(Q, full).data.map((t) => Math.round(t) + 0),
      identity(m).data,
      'QᵀQ',
    );
  }
});

test('powers of two taken out of columns change no bit of Q or R', () => {
  const random = new Random(223);
  const a = normalMatrix(random, 7, 5);
  const d = [2 ** 900, 1, 2 ** -900, 2 ** 3, 2 ** -1];
  const scaled = matrix(
    7,
    5,
    a.data.map((t, at) => t * d[at % 5]),
  );
  const [plain, other] = [qr(a), qr(scaled)];
  assertSameBits(
    other.R.data,
    plain.R.data.map((t, at) => t * d[at % 5]),
    'R',
  );
  assertSameBits(thinQ(other.Q).data, thinQ(plain.Q).data, 'Q');
});

test('by hand: (3, 4) has length 5, and a triangular matrix is left as it is', () => {
  const { Q, R } = qr(matrixFromRows([[3], [4]]));
  // scaled to (0.75, 1)·4: length 1.25, v = (2, 1), β = 0.4
  assertSameBits(R.data, [-5], 'R');
  assertSameBits(
    thinQ(Q).data.map((t) => Math.round(t * 1e15) / 1e15),
    [-0.6, -0.8],
    'Q',
  );
  const negative = qr(matrixFromRows([[-3], [4]]));
  assertSameBits(negative.R.data, [5], 'the sign does not cancel');
  const upper = matrixFromRows([
    [2, -1, 4],
    [0, 3, 5],
    [0, 0, -7],
  ]);
  const factors = qr(upper);
  assertSameBits(factors.R.data, upper.data, 'R');
  assertSameBits(thinQ(factors.Q).data, identity(3).data, 'Q');
});

test('columns near overflow and subnormal ones are factored as well', () => {
  const a = matrixFromRows([
    [1e308, 5e-324],
    [1e308, -5e-324],
  ]);
  const { R } = qr(a);
  expect(Math.abs(R.data[0] / (Math.SQRT2 * 1e308) + 1) <= 1e-15).toBe(true);
  expect(Math.abs(R.data[3])).toBe(5e-324); // √2 units, rounded
});

test('what is left of a column may be tiny, and a later column huge', () => {
  const tail = qr(
    matrixFromRows([
      [1, 1],
      [0, 2 ** -600],
      [0, 2 ** -600],
    ]),
  );
  expect(Math.abs(tail.R.data[3] / 2 ** -600 + Math.SQRT2) <= 2 ** -51).toBe(true);
  const huge = qr(
    matrixFromRows([
      [1, 1.2e308],
      [1, 1.2e308],
    ]),
  );
  expect(Math.abs(huge.R.data[1] / 1.2e308 + Math.SQRT2) <= 2 ** -50).toBe(true);
});

test('numbers that are not finite, overflow and wrong shapes are refused', () => {
  const { Q, R } = qr(matrix(3, 2, Float64Array.of(1, 2, 3, 4, 5, 7)));
  const large = matrix(3, 1, new Float64Array(3).fill(1.7e308));
  expectThrows([
    [
      () => qr(matrixFromRows([[1, Number.NaN]])),
      NonFiniteError,
      'qr: a must be finite, got NaN at entry 1',
    ],
    [() => qr(large), NonFiniteError, 'qr: R must be finite, got -Infinity'],
    [
      () => qr({ rows: 1, cols: 2, data: new Float64Array(1) }),
      ShapeError,
      'qr: a is 1x2, so it needs 2 entries, got 1',
    ],
    [() => applyQ(Q, matrix(2, 1)), ShapeError, 'applyQ: b needs 3 rows, got 2x1'],
    [
      () => applyQTransposed(Q, matrix(4, 1)),
      ShapeError,
      'applyQTransposed: b needs 3 rows, got 4x1',
    ],
    [
      () => applyQ(Q, matrix(3, 1, Float64Array.of(0, Infinity, 0))),
      NonFiniteError,
      'applyQ: b must be finite',
    ],
    [() => reconstructFromQR({ Q, R: matrix(4, 2) }), ShapeError, 'b needs 3 rows, got 4x2'],
    [() => padded(R, 1), ShapeError, 'padded: b needs 1 rows, got 2x2'],
  ]);
});
