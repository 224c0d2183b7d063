import { afterEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFull, arena, simdSupported } from '../../../src/linalg/wasm/memory.ts';
import { TABLE_BYTES } from '../../../src/linalg/wasm/tables.ts';

describe('an arena', () => {
  test('hands out separate rooms at multiples of 64 bytes, and takes them back', () => {
    const room = new Arena(1);
    const mark = room.used;
    const addresses = [1, 0, 8, 9].map((count) => room.allocate(count));
    expect(addresses).toEqual([0, 64, 64, 128].map((offset) => TABLE_BYTES + offset));
    room.release(mark);
    expect(room.allocate(1)).toBe(TABLE_BYTES);
  });

  test('grows, keeps what it holds, and its view is of the new memory', () => {
    const room = new Arena(1);
    const at = room.allocate(3);
    room.copyIn(at, Float64Array.of(1, 2, 3), 0, 3);
    const far = room.allocate(100_000);
    room.copyIn(far, new Float64Array(100_000).fill(7), 0, 100_000);
    expect(room.view[(far + 8 * 99_999) / 8]).toBe(7);
    const out = new Float64Array(3);
    room.copyOut(at, out, 0, 3);
    expect(Array.from(out)).toEqual([1, 2, 3]);
  });

  test.each([1, 7, 8, 9, 100])('copies %d doubles out of and into the middle of arrays', (n) => {
    const room = new Arena(1);
    const at = room.allocate(n);
    const x = Float64Array.from({ length: n + 5 }, (_, i) => i);
    const out = new Float64Array(n + 4).fill(-1);
    room.copyIn(at, x, 2, n);
    room.copyOut(at, out, 3, n);
    expect(Array.from(out)).toEqual([-1, -1, -1, ...x.subarray(2, 2 + n), -1]);
  });

  test('knows what can never fit, and refuses it', () => {
    const room = new Arena(1);
    expect(room.fits(1000)).toBe(true);
    expect(room.fits(2 ** 29)).toBe(false);
    expect(() => room.allocate(2 ** 29)).toThrow(ArenaFull);
    expect(room.used).toBe(TABLE_BYTES);
  });

  test('that is pinned does not grow, and says so in an error of its own', () => {
    const room = new Arena(1);
    room.pin();
    expect(room.fits(10_000)).toBe(false);
    expect(() => room.allocate(10_000)).toThrow(ArenaFull);
    expect(() => room.allocate(10_000)).toThrow(RangeError);
    room.unpin();
    expect(room.allocate(10_000)).toBe(TABLE_BYTES);
  });

  test('is one for all kernels', () => {
    expect(arena()).toBe(arena());
  });
});

describe('support of SIMD', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test('is here on every Node we run on', () => {
    expect(simdSupported()).toBe(true);
  });

  test('is missing without WebAssembly, and where the module is not valid', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(simdSupported()).toBe(false);
    vi.stubGlobal('WebAssembly', { validate: () => false });
    expect(simdSupported()).toBe(false);
  });
});
