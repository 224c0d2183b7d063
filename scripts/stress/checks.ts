/**
 * Each factorisation's error over the backward-error bound of its doc comment.
 *
 * @module
 */
import { cholesky } from '../../src/linalg/cholesky.ts';
import { transpose } from '../../src/linalg/columns.ts';
import { productError, sumError } from '../../src/linalg/compensated.ts';
import { NotPositiveDefinite } from '../../src/linalg/factorisation-errors.ts';
import { leastSquares } from '../../src/linalg/least-squares.ts';
import { type Matrix, matrix } from '../../src/linalg/matrix.ts';
import { pivotedQR } from '../../src/linalg/pivoted-qr.ts';
import { scaleToUnit, timesPowerOfTwo } from '../../src/linalg/powers-of-two.ts';
import {
  multiply,
  multiplyNT,
  multiplyTN,
  norm,
  subtractMatrices,
} from '../../src/linalg/products.ts';
import { identity, type QR, qr, reconstructFromQR, thinQ } from '../../src/linalg/qr.ts';
import type { Random } from '../../src/linalg/random.ts';
import { svd } from '../../src/linalg/svd.ts';
import { symmetricEigen } from '../../src/linalg/symmetric-eigen.ts';
import { gamma, UNIT_ROUNDOFF } from '../../src/linalg/unit-roundoff.ts';

import { type CLASSES, normal, size, unit } from './matrices.ts';

/** Norms of up to 1600 numbers are within γ₁₆₀₂, bounds within γ₂₀ of what is meant. */
const SLOP = 1 + 4 * gamma(1700);
/** The most sweeps that an SVD or a symmetric eigenproblem has taken so far. */
export const SEEN: { sweeps: number } = { sweeps: 0 };

/** error/bound; 'refused' where the function may, and does, refuse. */
export type Check = (random: Random, draw: (typeof CLASSES)[string]) => number | 'refused';

/** Column by column ‖a_j − (QR)_j‖ ≤ γ_{2r(3m+37)}·‖a_j‖, +1 for the subtraction; Q orthonormal. */
function ofQR(a: Matrix, factors: QR): number {
  const { rows: m, cols: n } = a;
  const r = factors.R.rows;
  const k = r * (3 * m + 37);
  const columns = transpose(a);
  const off = transpose(subtractMatrices(a, reconstructFromQR(factors)));
  let worst = 0;
  for (let j = 0; j < n; j++) {
    const error = norm(off.data.subarray(j * m, (j + 1) * m));
    const length = norm(columns.data.subarray(j * m, (j + 1) * m));
    worst = larger(worst, ratio(error, gamma(2 * k + 1) * length));
  }
  return larger(worst, offOrthogonal(thinQ(factors.Q), gamma(k)));
}

/** ‖QᵀQ − I‖_F against √r·(2 + γ)·γ, plus r·γ_m·(1 + …) for the products that measure it. */
function offOrthogonal(Q: Matrix, perColumn: number): number {
  const r = Q.cols;
  const error = norm(subtractMatrices(multiplyTN(Q, Q), identity(r)).data);
  const bound = Math.sqrt(r) * (2 + perColumn) * perColumn + 2 * r * gamma(Q.rows + 1);
  return ratio(error, bound);
}

export const KINDS: Readonly<Record<string, Check>> = {
  cholesky: (random, draw) => {
    const n = size(random);
    const definite = random.uniform() < 0.5;
    const b = unit(draw(random, n + random.integer(3), n));
    const a = definite ? definiteMatrix(random, n) : multiplyTN(b, b);
    let L: Matrix;
    try {
      L = cholesky(a);
    } catch (error) {
      if (error instanceof NotPositiveDefinite && !definite) return 'refused';
      throw error;
    }
    return ofCholesky(a, L);
  },
  qr: (random, draw) => {
    const a = draw(random, size(random), size(random));
    return ofQR(a, qr(a));
  },
  'pivoted qr': (random, draw) => {
    const a = draw(random, size(random), size(random));
    const { Q, R, columns } = pivotedQR(a);
    const permuted = matrix(a.rows, a.cols);
    for (let i = 0; i < a.rows; i++) {
      columns.forEach((from, to) => {
        permuted.data[i * a.cols + to] = a.data[i * a.cols + from];
      });
    }
    return ofQR(permuted, { Q, R });
  },
  'least squares': (random, draw) => {
    const [m, n, k] = [size(random), size(random), 1 + random.integer(2)];
    const a = unit(draw(random, m, n));
    const b = normal(random, m, k);
    const ridge = random.uniform() < 0.3 ? timesPowerOfTwo(1, -random.integer(60)) : 0;
    return ofLeastSquares(a, b, ridge);
  },
  svd: (random, draw) => {
    const a = draw(random, size(random), size(random));
    return ofSVD(unit(a), svd(a), scaleToUnit(a.data).exponent);
  },
  'symmetric eigen': (random, draw) => {
    const n = size(random);
    const b = draw(random, n, n);
    const a = matrix(
      n,
      n,
      b.data.map((entry, at) => 0.5 * (entry + b.data[(at % n) * n + Math.floor(at / n)])),
    );
    return ofEigen(a);
  },
};

/** D·(I + E)·D with powers of two D and |e_ij| ≤ 1/(2n): positive definite whatever is rounded. */
function definiteMatrix(random: Random, n: number): Matrix {
  const e = Array.from({ length: n }, () => random.integer(400) - 200);
  const a = matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = i === j ? 1 + random.uniform() : random.between(-0.5, 0.5) / n;
      a.data[i * n + j] = timesPowerOfTwo(entry, e[i] + e[j]);
      a.data[j * n + i] = a.data[i * n + j];
    }
  }
  return a;
}

/**
 * |a − LLᵀ| ≤ γ_{n+1}·|L||Lᵀ| entrywise. The residual is summed with its rounding errors, so what the
 * measuring adds is u of the error, γ_{n+2}² of the terms (below 2⁻⁴⁰ of the bound), and underflow:
 * 5 units a product here, (n + 1)·2⁻¹⁰⁷⁴ scaled by D in the factorisation.
 */
function ofCholesky(a: Matrix, L: Matrix): number {
  const n = a.rows;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let [sum, low, size] = [a.data[i * n + j], 0, 0];
      for (let k = 0; k <= j; k++) {
        const [x, y] = [-L.data[i * n + k], L.data[j * n + k]];
        const product = x * y;
        const next = sum + product;
        low += sumError(sum, product, next) + productError(x, y, product);
        sum = next;
        size += Math.abs(product);
      }
      const underflow =
        5 * (n + 1) * Number.MIN_VALUE * Math.max(1, L.data[i * n + i] * L.data[j * n + j]);
      worst = larger(worst, ratio(Math.abs(sum + low), gamma(n + 1) * size + underflow));
    }
  }
  return worst;
}

/**
 * If x̂ solves the problem of A + ΔA, b + Δb exactly then, with r = b − A·x̂, Aᵀr = −ΔAᵀr − (A + ΔA)ᵀ(Δb −
 * ΔA·x̂), hence ‖Aᵀr‖ ≤ e·‖r‖ + (‖A‖ + e)·(γ‖b‖ + e·‖x̂‖) for ‖ΔA‖_F ≤ e. e is that of `leastSquares`
 * (‖R₂₂‖_F from its tolerance). Measuring adds γ_{n+1}·(‖b‖ + ‖A‖‖x̂‖) to r and γ_m·‖A‖‖r‖ after it.
 */
function ofLeastSquares(A: Matrix, B: Matrix, ridge: number): number {
  const { X, rank } = leastSquares(A, B, { ridge });
  const root = Math.sqrt(ridge);
  const stack = (top: Matrix, factor: number): Matrix =>
    ridge === 0
      ? top
      : matrix(
          top.rows + A.cols,
          top.cols,
          Float64Array.from([
            ...top.data,
            ...(factor === 0
              ? new Float64Array(A.cols * top.cols)
              : identity(A.cols).data.map((t) => t * factor)),
          ]),
        );
  const a = stack(A, root);
  const b = stack(B, 0);
  const { rows: m, cols: n } = a;
  const sizeA = norm(a.data);
  const qrPart = gamma(n * (3 * m + 39));
  const deficient = rank < n;
  const missing = (Math.min(m, n) - rank) * (n - rank);
  const dropped = Math.sqrt(missing) * Math.max(m, n) * UNIT_ROUNDOFF * sizeA;
  const e =
    (qrPart + (deficient ? gamma(rank * (3 * n + 39)) : 0)) * sizeA + (deficient ? dropped : 0);
  const r = subtractMatrices(b, multiply(a, X));
  const gradient = multiplyTN(a, r);
  let worst = 0;
  for (let j = 0; j < B.cols; j++) {
    const column = (c: Matrix): number =>
      norm(transpose(c).data.subarray(j * c.rows, (j + 1) * c.rows));
    const [sizeR, sizeB, sizeX] = [column(r), column(b), column(X)];
    const measuring = sizeA * (gamma(n + 1) * (sizeB + sizeA * sizeX) + gamma(m) * sizeR);
    const bound = e * sizeR + (sizeA + e) * (qrPart * sizeB + e * sizeX) + measuring;
    worst = larger(worst, ratio(column(gradient), bound));
  }
  return worst;
}

/** The three bounds of `svd`; measuring adds γ_{k+1}·√k·‖a‖ and, for V, as in `offOrthogonal`. */
function ofSVD(a: Matrix, { U, s, V, sweeps }: ReturnType<typeof svd>, exponent: number): number {
  SEEN.sweeps = Math.max(SEEN.sweeps, sweeps);
  const [m, n] = [Math.max(a.rows, a.cols), Math.min(a.rows, a.cols)];
  const jacobi = gamma(9 * (2 * n - 1) * sweeps); // 2n − 1 > max(2n − 3, 0)
  const g = gamma(n * (3 * m + 37)) + jacobi;
  const US = matrix(
    U.rows,
    n,
    U.data.map((entry, at) => entry * timesPowerOfTwo(s[at % n], -exponent)),
  );
  const error = norm(subtractMatrices(multiplyNT(US, V), a).data);
  const factor = (1 + Math.sqrt(n)) * (1 + g) * g + UNIT_ROUNDOFF + 2 * gamma(n + 2) * Math.sqrt(n);
  const [left, right] = a.rows < a.cols ? [V, U] : [U, V];
  const completed = s[n - 1] > 0 ? 0 : gamma(n * (3 * n + 37));
  const descending = s.every((t, i) => t >= 0 && !(t > s[Math.max(i - 1, 0)]));
  return [
    ratio(error, factor * norm(a.data)),
    offOrthogonal(left, g),
    offOrthogonal(right, (Math.sqrt(n) * gamma(2 * n + 20)) / 2 + completed),
    descending ? 0 : Infinity,
  ].reduce(larger);
}

/** The two bounds of `symmetricEigen`; measuring adds 2γ_{n+2}·√n·‖a‖. */
function ofEigen(a: Matrix): number {
  const n = a.rows;
  const { values, V, sweeps } = symmetricEigen(a);
  SEEN.sweeps = Math.max(SEEN.sweeps, sweeps);
  const { exponent } = scaleToUnit(a.data);
  const stages = (2 * n - 1) * sweeps;
  const f = Math.sqrt(n) * gamma(9 * stages);
  const factor = (gamma(36 * stages) + (2 + f) * f + UNIT_ROUNDOFF) * (1 + f) * (1 + f);
  const VD = matrix(
    n,
    n,
    V.data.map((entry, at) => entry * timesPowerOfTwo(values[at % n], -exponent)),
  );
  const error = norm(subtractMatrices(multiplyNT(VD, V), unit(a)).data);
  const bound = (factor + 2 * gamma(n + 2) * Math.sqrt(n)) * norm(unit(a).data);
  return larger(ratio(error, bound), offOrthogonal(V, gamma(9 * stages)));
}

/** error/bound with 0/0 = 0; NaN, which no bound admits, is Infinity. */
function ratio(error: number, bound: number): number {
  if (error === 0 && bound >= 0) return 0;
  const quotient = error / (bound * SLOP);
  return quotient >= 0 ? quotient : Infinity;
}

const larger = (x: number, y: number): number => (y <= x ? x : y);
