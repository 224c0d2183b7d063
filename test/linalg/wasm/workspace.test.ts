import { describe, expect, test } from 'vitest';
import { multiply } from '../../../src/linalg/index.ts';
import { matrix } from '../../../src/linalg/matrix.ts';
import { arena, simdSupported } from '../../../src/linalg/wasm/memory.ts';
import { inWorkspace, resultArray, resultMatrix } from '../../../src/linalg/wasm/workspace.ts';

describe.runIf(simdSupported())('a workspace', () => {
  test('keeps results in Wasm memory and gives the room back', () => {
    const before = arena().used;
    inWorkspace(() => {
      expect(arena().holds(resultArray(100))).toBe(true);
      const product = multiply(matrix(20, 20), matrix(20, 20));
      expect(arena().holds(product.data)).toBe(true);
      expect(arena().used).toBeGreaterThan(before);
    });
    expect(arena().used).toBe(before);
    expect(arena().holds(resultArray(100))).toBe(false);
  });

  test('inside another keeps what the outer one holds', () => {
    inWorkspace(() => {
      const outer = resultArray(8).fill(1);
      inWorkspace(() => resultArray(8).fill(2));
      expect(Array.from(resultArray(8).fill(3))).toEqual(new Array(8).fill(3));
      expect(Array.from(outer)).toEqual(new Array(8).fill(1));
    });
  });

  test('ends where its body throws', () => {
    const before = arena().used;
    expect(() =>
      inWorkspace(() => {
        resultArray(100);
        throw new Error('on purpose');
      }),
    ).toThrow('on purpose');
    expect(arena().used).toBe(before);
    expect(arena().holds(resultArray(100))).toBe(false);
  });

  test('that is full goes on in ordinary memory, and what it holds stays attached', () => {
    inWorkspace(() => {
      const first = resultArray(10).fill(5);
      const most = arena().view.length;
      expect(arena().fits(most)).toBe(false);
      const large = resultArray(most - 1_000_000); // leaves too little for the kernels
      expect(large.length).toBe(most - 1_000_000);
      expect(arena().holds(large)).toBe(false);
      expect(arena().view.length).toBe(most);
      expect(Array.from(first)).toEqual(new Array(10).fill(5));
    });
  });
});

test('a result of no entries is an ordinary empty array', () => {
  inWorkspace(() => expect(resultMatrix(0, 3).data.length).toBe(0));
});

test('outside a workspace a result is zero', () => {
  expect(resultMatrix(2, 3)).toEqual(matrix(2, 3));
});
