import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../../../src/linalg/wasm/assembler.ts';
import { Constants } from '../../../src/linalg/wasm/constants.ts';
import { f64, f64x2, i32, v128 } from '../../../src/linalg/wasm/instructions.ts';
import { horner, Lines } from '../../../src/linalg/wasm/lines.ts';
import { Arena } from '../../../src/linalg/wasm/memory.ts';
import { TABLE_BYTES, type TableName, tableRange } from '../../../src/linalg/wasm/tables.ts';
import { add, mul } from '../../../src/linalg/wasm/wide.ts';

const NAMES: readonly TableName[] = [
  'exp',
  'gelu',
  'geluTanh',
  'silu',
  'tanh',
  'sigmoid',
  'softplus',
  'eluPlusOne',
  'erfcx',
];

test('no two tables overlap, and all of them are below what kernels allocate', () => {
  const ranges = NAMES.map(tableRange).sort((a, b) => a.address - b.address);
  expect(ranges[0].address).toBe(0);
  ranges.forEach(({ address, end }, i) => {
    expect(address % 64).toBe(0);
    expect(end).toBeGreaterThan(address);
    expect(end).toBe(ranges[i + 1]?.address ?? TABLE_BYTES);
  });
});

describe('a table of constants', () => {
  test('holds each value twice, also when it is named after the table is brought along', () => {
    const module = new ModuleBuilder();
    const constants = new Constants('gelu');
    constants.bringAlong(module);
    const f = module.function('f');
    const values = [0, -0, 3, 0, 3].map(constants.pair);
    f.define(values.map((value, i) => v128.store(i32.const(TABLE_BYTES + 16 * i), value)));
    const arena = new Arena(1);
    (arena.instantiate(module.bytes())['f'] as () => void)();
    const table = Array.from(arena.view.subarray(tableRange('gelu').address / 8)).slice(0, 7);
    expect(table).toEqual([0, 0, -0, -0, 3, 3, 0]);
    const stored = Array.from(arena.view.subarray(TABLE_BYTES / 8, TABLE_BYTES / 8 + 10));
    expect(stored).toEqual([0, 0, -0, -0, 3, 3, 0, 0, 3, 3]);
  });

  test('refuses more than its table has room for', () => {
    const constants = new Constants('exp');
    const { address, end } = tableRange('exp');
    const room = (end - address) / 16;
    for (let i = 0; i < room; i++) constants.pair(i);
    expect(() => constants.pair(room)).toThrow(/table exp has 512 bytes/);
    constants.pair(room - 1); // is there already
  });
});

describe('lines', () => {
  /** Runs lines on two pairs: the doubles that stand at `TABLE_BYTES`. */
  function run(write: (lines: Lines, x: readonly ReturnType<typeof f64.const>[]) => unknown) {
    const module = new ModuleBuilder();
    const constants = new Constants('exp');
    constants.bringAlong(module);
    const f = module.function('f');
    const lines = new Lines(f, constants, 2);
    const x = [0, 16].map((offset) => v128.load(i32.const(TABLE_BYTES), offset));
    const results = lines.keep(write(lines, x) as typeof x);
    f.define([
      ...lines.code,
      ...results.map((result, i) => v128.store(i32.const(TABLE_BYTES), result, 16 * i)),
    ]);
    const arena = new Arena(1);
    const exports = arena.instantiate(module.bytes());
    arena.view.set([1, 2, 3, 4], TABLE_BYTES / 8);
    (exports['f'] as () => void)();
    return Array.from(arena.view.subarray(TABLE_BYTES / 8, TABLE_BYTES / 8 + 4));
  }

  test('work on pairs side by side', () => {
    expect(run((lines, x) => add(mul(x, lines.pair(10)), lines.keep(x)))).toEqual([11, 22, 33, 44]);
  });

  test('of two kinds are woven in their orders', () => {
    const woven = run((lines, x) => {
      const [one, other] = [lines.fork(), lines.fork()];
      let [a, b] = [x, x];
      for (let i = 0; i < 3; i++) a = one.keep(add(a, one.pair(i)));
      for (let i = 0; i < 8; i++) b = other.keep(mul(b, other.pair(2)));
      lines.weave(one, other);
      return add(a, b);
    });
    expect(woven).toEqual([1, 2, 3, 4].map((x) => x + 3 + 256 * x));
  });

  test('evaluate polynomials side by side, by Horner’s rule', () => {
    const polynomials = run((lines, x) => {
      const chain = (...all: number[]) => all.map((value) => () => lines.pair(value));
      const [one, other] = horner(lines, x, chain(1, 2, 3), chain(0, 0, 100));
      return add(one, other);
    });
    expect(polynomials).toEqual([1, 2, 3, 4].map((x) => 1 + 2 * x + 103 * x * x));
  });

  test('keep values, no statements', () => {
    const statement = f64.store(i32.const(0), f64x2.lane0(f64x2.splat(f64.const(1))));
    expect(() => run((lines) => lines.keep([statement]))).toThrow(/no value to keep/);
  });
});
