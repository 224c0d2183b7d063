/**
 * Golden files: values that an independent program computed, and how closely ours must agree.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Matrix, matrixFromRows } from '../../src/linalg/index.ts';

/** A golden file as JSON has it; its fields differ from case to case. */
// biome-ignore lint/suspicious/noExplicitAny: the readers know the fields of their case.
export type Golden = any;

/** The folder in use: GOLDEN_DIR, or test/golden. */
export const GOLDEN_DIR: string =
  process.env.GOLDEN_DIR || join(import.meta.dirname, '..', 'golden');

/** The case names of a folder: its JSON files, without the ending. */
export const goldenCases = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();

export const loadGolden = (folder: string, name: string): Golden =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

export const toMatrix = (rows: number[][], cols?: number): Matrix => matrixFromRows(rows, cols);
export const toVector = (x: number[]): Float64Array => Float64Array.from(x);
/** A bias: one row. */
export const toRow = (x: number[]): Matrix => matrixFromRows([x]);

/** One unit in the last place of |x|, at least the smallest double. */
export function ulp(x: number): number {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer)[0];
  const [next] = new Float64Array(BigUint64Array.of(bits + 1n).buffer);
  return next - Math.abs(x);
}

type Nested = number | null | string | ArrayLike<Nested>;

/** Collects comparisons; every one is written so that NaN, a missing entry and a wrong length fail. */
export class Agreement {
  readonly #tolerance: (golden: number) => number;
  readonly failures: string[] = [];
  compared = 0;

  /** `tolerance` is the absolute difference allowed at a golden value. */
  constructor(tolerance: (golden: number) => number) {
    this.#tolerance = tolerance;
  }

  /** |ours − golden| ≤ tolerance, entry by entry through nested arrays. */
  close(what: string, ours: Nested, golden: Nested): void {
    this.#walk(what, ours, golden, this.#tolerance);
  }

  /** The same with another tolerance. */
  within(what: string, ours: Nested, golden: Nested, tolerance: (golden: number) => number): void {
    this.#walk(what, ours, golden, tolerance);
  }

  /** Exactly equal. */
  same(what: string, ours: unknown, golden: unknown): void {
    this.compared++;
    if (!Object.is(ours, golden)) this.failures.push(`${what}: ${ours}, golden ${golden}`);
  }

  /** A statement that must be true. */
  holds(what: string, truth: boolean): void {
    this.compared++;
    if (truth !== true) this.failures.push(`${what} does not hold`);
  }

  #walk(what: string, ours: Nested, golden: Nested, tolerance: (golden: number) => number): void {
    if (typeof golden === 'number') {
      this.compared++;
      if (!(typeof ours === 'number' && Math.abs(ours - golden) <= tolerance(golden))) {
        this.failures.push(`${what}: ${ours}, golden ${golden}, allowed ${tolerance(golden)}`);
      }
      return;
    }
    if (golden === null || typeof golden === 'string') {
      this.same(what, ours, golden);
      return;
    }
    if (ours === null || typeof ours !== 'object' || ours.length !== golden.length) {
      this.failures.push(`${what}: ${golden.length} entries are required`);
      return;
    }
    for (let i = 0; i < golden.length; i++) {
      this.#walk(`${what}[${i}]`, ours[i], golden[i], tolerance);
    }
  }
}

/** 16 times the deviation that plain double loops showed from 50 digits, and 4 ulp. */
export const byDeviation =
  (golden: Golden): ((value: number) => number) =>
  (value) =>
    16 * golden.f64_max_abs_deviation_from_mp + 4 * ulp(value);

/** For files that state no deviation: 1e-12·max(1, |value|). */
export const byMagnitude = (value: number): number => 1e-12 * Math.max(1, Math.abs(value));

/** A row-major matrix as nested rows. */
export const rowsOf = ({ rows, cols, data }: Matrix): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * cols, (i + 1) * cols)));
