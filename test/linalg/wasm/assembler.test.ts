import { describe, expect, test } from 'vitest';
import {
  advance,
  block,
  brIf,
  either,
  type FunctionBuilder,
  loop,
  ModuleBuilder,
  set,
  tee,
  walk,
  when,
} from '../../../src/linalg/wasm/assembler.ts';
import { Bytes } from '../../../src/linalg/wasm/bytes.ts';
import { type Code, f64, f64x2, i32, i64x2, v128 } from '../../../src/linalg/wasm/instructions.ts';
import { Arena } from '../../../src/linalg/wasm/memory.ts';

const ONES = Number.NaN; // a lane of ones, read as a double

/** Assembles a function, and instantiates it on a page of memory that begins with `numbers`. */
function assembled(define: (f: FunctionBuilder, m: ModuleBuilder) => void, numbers: number[] = []) {
  const module = new ModuleBuilder();
  const f = module.function('f');
  define(f, module);
  const arena = new Arena(1);
  arena.view.set(numbers);
  const exports = arena.instantiate(module.bytes());
  return { f: exports['f'] as (...args: number[]) => number, view: arena.view };
}

/** The value of an expression of integers or doubles. */
const resultOf = (code: Code, numbers: number[] = []): number =>
  assembled((f) => f.define([], code), numbers).f();

describe('bytes', () => {
  const written = (write: (out: Bytes) => void): number[] => {
    const out = new Bytes();
    write(out);
    return Array.from(out.finish());
  };

  test.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('%d unsigned', (value, expected) => {
    expect(written((out) => out.unsigned(value))).toEqual(expected);
  });

  test.each([
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
  ])('%d signed', (value, expected) => {
    expect(written((out) => out.signed(value))).toEqual(expected);
  });

  test('grow beyond any first size, in order', () => {
    const out = written((to) => {
      for (let i = 0; i < 1000; i++) to.write([i & 255, i >> 8]);
    });
    expect(out).toEqual(Array.from({ length: 2000 }, (_, i) => (i % 2 ? i >> 9 : (i >> 1) & 255)));
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN])('refuse %d as an unsigned integer', (value) => {
    expect(() => new Bytes().unsigned(value)).toThrow(/integer in 0/);
  });

  test.each([2 ** 31, 0.5, Number.NaN])('refuse %d as a signed integer', (value) => {
    expect(() => new Bytes().signed(value)).toThrow(/integer in -2\^31/);
  });

  test('refuse a name that is not ASCII', () => {
    expect(() => new Bytes().name('ΔW')).toThrow(/ASCII, got "ΔW"/);
  });
});

describe('an instruction computes what its name says:', () => {
  const [seven, minusOne] = [i32.const(7), i32.const(-1)];
  const integers = v128.load(i32.const(24)); // 2³³ + 5 and 7
  test.each<[string, Code, number]>([
    ['i32.const', i32.const(-123456789), -123456789],
    ['i32.add', i32.add(seven, i32.const(5)), 12],
    ['i32.sub', i32.sub(seven, i32.const(5)), 2],
    ['i32.mul', i32.mul(seven, i32.const(-5)), -35],
    ['i32.and', i32.and(seven, i32.const(-2)), 6],
    ['i32.shl', i32.shl(seven, i32.const(3)), 56],
    ['i32.eqz', i32.eqz(i32.const(0)), 1],
    ['i32.eq', i32.eq(seven, minusOne), 0],
    ['i32.ne', i32.ne(seven, minusOne), 1],
    ['i32.ltU', i32.ltU(seven, minusOne), 1],
    ['i32.geU', i32.geU(seven, minusOne), 0],
    ['f64.const', f64.const(-0), -0],
    ['f64.add', f64.add(f64.const(0.1), f64.const(0.2)), 0.1 + 0.2],
    ['f64.sub', f64.sub(f64.const(1), f64.const(3)), -2],
    ['f64.mul', f64.mul(f64.const(3), f64.const(-5)), -15],
    ['f64.div', f64.div(f64.const(1), f64.const(3)), 1 / 3],
    ['f64.max', f64.max(f64.const(-0), f64.const(0)), 0],
    ['f64.sqrt', f64.sqrt(f64.const(2)), Math.sqrt(2)],
    ['i32.truncU', i32.truncU(f64.const(2 ** 31 + 0.75)), -(2 ** 31)],
    ['f64.ofU', f64.ofU(i32.const(-1)), 2 ** 32 - 1],
    ['f64.eq', f64.eq(f64.const(-0), f64.const(0)), 1],
    ['f64.gt', f64.gt(f64.const(1), f64.const(1)), 0],
    ['f64.load', f64.load(i32.const(8), 8), 3],
    ['i64x2.lowOf0', i64x2.lowOf0(integers), 5],
    ['i64x2.lowOf1', i64x2.lowOf1(integers), 7],
  ])('%s', (_name, code, expected) => {
    expect(resultOf(code, [1, 2, 3, ...[2 ** 33 + 5, 7].map((n) => n * Number.MIN_VALUE)])).toBe(
      expected,
    );
  });

  const [x, y] = [v128.load(i32.const(0)), v128.load(i32.const(0), 16)];
  test.each<[string, Code, [number, number]]>([
    ['v128.load', y, [-3, 2]],
    ['v128.loadSplat', v128.loadSplat(i32.const(8)), [4, 4]],
    ['v128.loadLane0', v128.loadLane0(i32.const(0), 8), [4, 0]],
    ['v128.loadLane1', v128.loadLane1(i32.const(8), y, 8), [-3, -3]],
    ['v128.and', v128.and(x, x), [2, 4]],
    ['v128.andNot', v128.andNot(x, x), [0, 0]],
    ['v128.or', v128.or(x, f64x2.splat(f64.const(-0))), [-2, -4]],
    ['v128.select', v128.select(x, y, f64x2.gt(x, f64x2.splat(f64.const(3)))), [-3, 4]],
    ['f64x2.splat', f64x2.splat(f64.const(5)), [5, 5]],
    ['f64x2.add', f64x2.add(x, y), [-1, 6]],
    ['f64x2.sub', f64x2.sub(x, y), [5, 2]],
    ['f64x2.mul', f64x2.mul(x, y), [-6, 8]],
    ['f64x2.div', f64x2.div(x, y), [2 / -3, 2]],
    ['f64x2.max', f64x2.max(x, y), [2, 4]],
    ['f64x2.pmin', f64x2.pmin(x, y), [-3, 2]],
    ['f64x2.pmax', f64x2.pmax(x, y), [2, 4]],
    ['f64x2.sqrt', f64x2.sqrt(x), [Math.SQRT2, 2]],
    ['f64x2.abs', f64x2.abs(y), [3, 2]],
    ['f64x2.neg', f64x2.neg(y), [3, -2]],
    ['f64x2.ne', f64x2.ne(x, f64x2.splat(f64.const(2))), [0, ONES]],
    ['f64x2.gt', f64x2.gt(x, y), [ONES, ONES]],
    ['f64x2.lt', f64x2.lt(x, f64x2.splat(f64.const(4))), [ONES, 0]],
    ['f64x2.le', f64x2.le(x, f64x2.splat(f64.const(2))), [ONES, 0]],
    ['i64x2.add and sub', i64x2.add(x, i64x2.sub(y, x)), [-3, 2]],
    ['i64x2.shl', i64x2.shl(x, i32.const(1)), [-0, -(2 ** -1021)]], // an exponent’s upper bit becomes the sign
    ['i64x2.shrU', i64x2.shl(i64x2.shrU(y, i32.const(1)), i32.const(1)), [-3, 2]],
  ])('%s', (_name, code, expected) => {
    const lanes = (pair: Code) => [
      f64.store(i32.const(32), f64x2.lane0(pair)),
      f64.store(i32.const(40), f64x2.lane1(pair)),
      v128.store(i32.const(48), pair),
    ];
    const { f, view } = assembled((to) => to.define(lanes(code)), [2, 4, -3, 2]);
    f();
    expect(Array.from(view.subarray(4, 6))).toEqual(expected);
    expect(view.slice(4, 6)).toEqual(view.slice(6, 8));
  });
});

describe('control', () => {
  test('a function of several parameters and locals returns its result', () => {
    const { f } = assembled((to) => {
      const [a, b] = [to.param('f64'), to.param('i32')];
      const c = to.local('f64');
      to.define([set(c, f64.mul(a, a)), when(b, set(c, f64.const(1)))], f64.add(c, a));
    });
    expect([f(3, 0), f(3, 1)]).toEqual([12, 4]);
  });

  test('walk runs from the first to below the end, also over nothing', () => {
    const { f } = assembled((to) => {
      const [from, end] = [to.param('i32'), to.param('i32')];
      const sum = to.local('i32');
      to.define([walk(from, end, i32.const(2), advance(sum, from))], sum);
    });
    expect([f(1, 6), f(0, 6), f(5, 5), f(6, 5)]).toEqual([9, 6, 0, 0]);
  });

  test('either takes one of two ways', () => {
    const { f } = assembled((to) => {
      const [x, y] = [to.param('i32'), to.local('i32')];
      to.define([either(i32.eqz(x), [set(y, i32.const(1))], [set(y, i32.const(2))])], y);
    });
    expect([f(0), f(5)]).toEqual([1, 2]);
  });

  test('a branch leaves a block and repeats a loop', () => {
    const { f } = assembled((to) => {
      const [n, turns] = [to.param('i32'), to.local('i32')];
      const next = tee(turns, i32.add(turns, i32.const(1)));
      to.define([block(loop(brIf(1, i32.eq(turns, n)), brIf(0, next)))], turns);
    });
    expect([f(0), f(10)]).toEqual([0, 10]);
  });

  test('functions of one module call each other, and all are exported', () => {
    const module = new ModuleBuilder();
    const inner = module.function('inner');
    const [at, value] = [inner.param('i32'), inner.param('f64')];
    inner.define([f64.store(at, f64.add(f64.load(at), value))]);
    const outer = module.function('outer');
    const x = outer.param('f64');
    outer.define([inner.call(i32.const(0), x), inner.call(i32.const(0), x)]);
    const arena = new Arena(1);
    const exports = arena.instantiate(module.bytes());
    (exports['outer'] as (x: number) => void)(3);
    (exports['inner'] as (at: number, x: number) => void)(0, 1);
    expect(arena.view[0]).toBe(7);
  });

  test('a call is worth what the function returns', () => {
    const { f } = assembled((to, module) => {
      const square = module.function('square');
      const y = square.param('f64');
      square.define([], f64.mul(y, y));
      const x = to.param('f64');
      to.define([], f64.add(square.call(x), square.call(f64.const(2))));
    });
    expect(f(3)).toBe(13);
  });

  test('a table is in memory as soon as the module is', () => {
    const { view } = assembled((f, module) => {
      module.table(16, [Math.PI, -0]);
      f.define([]);
    });
    expect(Array.from(view.subarray(1, 5))).toEqual([0, Math.PI, -0, 0]);
  });
});

describe('what makes no program is refused:', () => {
  const f = new ModuleBuilder().function('f');
  const x = f.param('i32');
  const pair = f64x2.splat(f64.const(0));
  const defined = new ModuleBuilder().function('defined');
  defined.param('i32');
  defined.define([]);

  test.each<[string, () => unknown, RegExp]>([
    [
      'an operand of another type',
      () => f64x2.add(pair, x),
      /f64x2.add: takes \(v128, v128\), got \(v128, i32\)/,
    ],
    ['an address that is none', () => f64.load(pair), /f64.load: takes \(i32\), got \(v128\)/],
    ['a stored value of another type', () => f64.store(x, pair), /f64.store: takes \(i32, f64\)/],
    ['a local set to another type', () => set(x, pair), /set: takes \(i32\), got \(v128\)/],
    ['a condition that is none', () => when(pair), /when: takes \(i32\)/],
    ['a branch on a pair', () => brIf(0, pair), /brIf: takes \(i32\)/],
    ['a value left in a loop', () => loop(x), /a block: takes \(none\), got \(i32\)/],
    ['a value left in a body', () => f.define([x]), /body of f: takes \(none\), got \(i32\)/],
    ['a call with too few operands', () => defined.call(), /defined: takes \(i32\), got \(\)/],
    ['an integer that is none', () => resultOf(i32.const(0.5)), /Bytes.signed/],
    [
      'a parameter after a local',
      () => [f.local('f64'), f.param('f64')],
      /a parameter after a local/,
    ],
  ])('%s', (_what, build, message) => {
    expect(build).toThrow(message);
  });

  test('a branch out of the function', () => {
    expect(() => assembled((to) => to.define([block(brIf(1, i32.const(1)))]))).toThrow(
      /depth below 1 open blocks, got 1/,
    );
  });

  test('a call of a function that has no body yet, whose result is not known', () => {
    expect(() => new ModuleBuilder().function('g').call()).toThrow(
      /g: called before it is defined/,
    );
  });

  test('a local of another function', () => {
    expect(() => assembled((to) => to.define([], x))).toThrow(/did not declare it/);
  });

  test('a function without a body, or with two', () => {
    expect(() => assembled(() => {})).toThrow(/f: declared and not defined/);
    const twice = (to: FunctionBuilder): void => {
      to.define([]);
      to.define([]);
    };
    expect(() => assembled(twice)).toThrow(/f: defined twice/);
  });

  test('two functions of one name', () => {
    const module = new ModuleBuilder();
    module.function('g');
    expect(() => module.function('g')).toThrow(/two functions are called g/);
  });
});
