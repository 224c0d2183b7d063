import { type Matrix, matrix } from '../../src/linalg/matrix.ts';
import { scaleToUnit, timesPowerOfTwo } from '../../src/linalg/powers-of-two.ts';
import { multiply } from '../../src/linalg/products.ts';
import type { Random } from '../../src/linalg/random.ts';

const LARGEST = 40;

export function size(random: Random): number {
  const t = random.uniform();
  return 1 + Math.floor(LARGEST * t * t * t);
}

export const scaledBy = (a: Matrix, e: number): Matrix =>
  matrix(
    a.rows,
    a.cols,
    a.data.map((entry) => timesPowerOfTwo(entry, e)),
  );
export const unit = (a: Matrix): Matrix => matrix(a.rows, a.cols, scaleToUnit(a.data).scaled);

export function normal(random: Random, m: number, n: number): Matrix {
  const a = matrix(m, n);
  random.fillNormal(a.data);
  return a;
}

function integers(random: Random, m: number, n: number): Matrix {
  return matrix(
    m,
    n,
    Float64Array.from({ length: m * n }, () => random.integer(19) - 9),
  );
}

/** The classes of m×n matrices. */
export const CLASSES: Readonly<Record<string, (random: Random, m: number, n: number) => Matrix>> = {
  normal,
  integers,
  'graded columns': (random, m, n) => {
    const a = normal(random, m, n);
    const e = Array.from({ length: n }, () => -random.integer(400));
    return matrix(
      m,
      n,
      a.data.map((entry, at) => timesPowerOfTwo(entry, e[at % n])),
    );
  },
  'graded rows': (random, m, n) => {
    const a = normal(random, m, n);
    const e = Array.from({ length: m }, () => -random.integer(400));
    return matrix(
      m,
      n,
      a.data.map((entry, at) => timesPowerOfTwo(entry, e[Math.floor(at / n)])),
    );
  },
  'rank-deficient': (random, m, n) => {
    const r = random.integer(Math.min(m, n) + 1);
    return multiply(integers(random, m, r), integers(random, r, n));
  },
  'nearly rank-deficient': (random, m, n) => {
    const r = random.integer(Math.min(m, n) + 1);
    const a = multiply(normal(random, m, r), normal(random, r, n));
    const noise = timesPowerOfTwo(1, -20 - random.integer(60));
    return matrix(
      m,
      n,
      a.data.map((entry) => entry + noise * random.normal()),
    );
  },
  'equal columns': (random, m, n) => {
    const a = normal(random, m, n);
    return matrix(
      m,
      n,
      a.data.map((_, at) => a.data[at - ((at % n) % 2)]),
    );
  },
  sparse: (random, m, n) =>
    matrix(
      m,
      n,
      normal(random, m, n).data.map((entry) => (random.uniform() < 0.7 ? 0 : entry)),
    ),
  tiny: (random, m, n) => scaledBy(normal(random, m, n), -900),
  huge: (random, m, n) => scaledBy(normal(random, m, n), 900),
};
