/**
 * What the tests of the factorisations share: matrices of every kind, and their errors without
 * rounding, held against γ_k·(norm or entry) in BigInt.
 *
 * @module
 */
import { expect } from 'vitest';
import {
  absExact,
  addExact,
  compareExact,
  type Dyadic,
  exact,
  exactVector,
  multiplyExact,
  subtractExact,
  sumExact,
} from '../../src/linalg/exact.ts';
import { type Matrix, matrix } from '../../src/linalg/matrix.ts';
import type { Random } from '../../src/linalg/random.ts';
import { leavesAlone } from './cases.ts';

/** Empty, single rows and columns, square, tall and wide; distinct primes. */
export const SHAPES: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 3],
  [3, 0],
  [1, 1],
  [1, 7],
  [7, 1],
  [2, 2],
  [5, 5],
  [7, 3],
  [3, 7],
  [13, 11],
  [11, 13],
];

export type Draw = (random: Random, m: number, n: number) => Matrix;

export const normalMatrix: Draw = (random, m, n) => {
  const a = matrix(m, n);
  random.fillNormal(a.data);
  return a;
};

const by =
  (factor: (i: number, j: number) => number): Draw =>
  (random, m, n) => {
    const a = normalMatrix(random, m, n);
    return matrix(
      m,
      n,
      a.data.map((entry, at) => entry * factor(Math.floor(at / n), at % n)),
    );
  };

/** The kinds of matrices that every factorisation is tried on. */
export const DRAWS_2D: readonly (readonly [string, Draw])[] = [
  ['normal', normalMatrix],
  ['graded columns', by((_, j) => 2 ** (-40 * j))],
  ['graded rows', by((i) => 2 ** (-30 * i))],
  ['tiny', by(() => 2 ** -900)],
  ['huge', by(() => 2 ** 1000)],
  ['zero', by(() => 0)],
  ['equal columns', (random, m, n) => pick(normalMatrix(random, m, n), (j) => j - (j % 2))],
  ['rank one', (random, m, n) => pick(normalMatrix(random, m, n), () => 0)],
];

const pick = (a: Matrix, from: (j: number) => number): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((_, at) => a.data[at - (at % a.cols) + from(at % a.cols)]),
  );

/** Entry (i, j) of a·b, exactly, for matrices or their transposes given as functions of indices. */
export function exactProductEntry(a: Matrix, i: number, b: Matrix, j: number): Dyadic {
  return sumExact(
    Array.from({ length: a.cols }, (_, k) =>
      multiplyExact(exact(a.data[i * a.cols + k]), exact(b.data[k * b.cols + j])),
    ),
  );
}

/** The columns of a − b·c, exactly. */
export function exactResidualColumns(a: Matrix, b: Matrix, c: Matrix): Dyadic[][] {
  return Array.from({ length: a.cols }, (_, j) =>
    Array.from({ length: a.rows }, (_, i) =>
      subtractExact(exact(a.data[i * a.cols + j]), exactProductEntry(b, i, c, j)),
    ),
  );
}

export const columnOf = (a: Matrix, j: number): Dyadic[] =>
  exactVector(Array.from({ length: a.rows }, (_, i) => a.data[i * a.cols + j]));

const squares = (x: readonly Dyadic[]): Dyadic => sumExact(x.map((t) => multiplyExact(t, t)));

/** Asserts ‖error‖ ≤ γ_k·‖size‖ in the 2-norm, exactly: (2⁵³ − k)²·‖error‖² ≤ k²·‖size‖². */
export function expectNormWithin(
  k: number,
  error: readonly Dyadic[],
  size: readonly Dyadic[],
  label: string,
): void {
  const left = multiplyExact(multiplyExact(exact(2 ** 53 - k), exact(2 ** 53 - k)), squares(error));
  const right = multiplyExact(multiplyExact(exact(k), exact(k)), squares(size));
  expect(compareExact(left, right) <= 0, `${label}: error above gamma_${k}`).toBe(true);
}

/** Asserts |error| ≤ γ_k·size + slack for a size ≥ 0, exactly. */
export function expectEntryWithin(
  k: number,
  error: Dyadic,
  size: Dyadic,
  label: string,
  slack: Dyadic = exact(0),
): void {
  const scale = exact(2 ** 53 - k);
  const left = multiplyExact(scale, absExact(error));
  const right = addExact(multiplyExact(exact(k), size), multiplyExact(scale, slack));
  expect(compareExact(left, right) <= 0, `${label}: error above gamma_${k}`).toBe(true);
}

/** Asserts ‖QᵀQ − I‖_F ≤ γ_k, exactly. */
export function expectOrthonormal(k: number, Q: Matrix, label: string): void {
  const off: Dyadic[] = [];
  for (let p = 0; p < Q.cols; p++) {
    for (let q = 0; q < Q.cols; q++) {
      const x = columnOf(Q, p);
      const y = columnOf(Q, q);
      const inner = sumExact(x.map((t, i) => multiplyExact(t, y[i])));
      off.push(subtractExact(inner, exact(p === q ? 1 : 0)));
    }
  }
  expectNormWithin(k, off, [exact(1)], `${label}: not orthonormal`);
}

/** Every row of the table is a call that must throw an `error` whose message has `message` in it. */
export function expectThrows(
  rows: readonly (readonly [() => unknown, new (...args: never[]) => Error, string])[],
): void {
  for (const [call, error, message] of rows) {
    expect(call, message).toThrow(error);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  }
}

/** Calls `f` and asserts that it left the data of the matrices alone and shares none of it. */
export function untouched<T>(args: readonly Matrix[], f: () => T): T {
  return leavesAlone(
    args.map(({ data }) => data),
    f,
  );
}
