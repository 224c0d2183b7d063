/**
 * Which of two products, and of two attentions, does the work: the twins are watched.
 *
 * @module
 */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as twinAttention from '../../../src/linalg/reference/attention.ts';
import * as twinMatmul from '../../../src/linalg/reference/matmul.ts';
import { attention, attentionBackward } from '../../../src/linalg/wasm/attention.ts';
import { roomForTiles } from '../../../src/linalg/wasm/attention-tiles.ts';
import { matmul, matmulNT, matmulTN, PACKING } from '../../../src/linalg/wasm/matmul.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import { inWorkspace, resultArray } from '../../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../../support/same-bits.ts';

vi.mock('../../../src/linalg/reference/matmul.ts', async (original) => {
  const twins = await original<typeof twinMatmul>();
  const { matmul, matmulNT, matmulTN } = twins;
  return {
    ...twins,
    matmul: vi.fn(matmul),
    matmulNT: vi.fn(matmulNT),
    matmulTN: vi.fn(matmulTN),
  };
});
vi.mock('../../../src/linalg/reference/attention.ts', async (original) => {
  const twins = await original<typeof twinAttention>();
  const { attention, attentionBackward } = twins;
  return { ...twins, attention: vi.fn(attention), attentionBackward: vi.fn(attentionBackward) };
});

beforeEach(() => {
  vi.clearAllMocks();
});

const entries = (n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(i));

const resident = (x: Float64Array): Float64Array => {
  const here = resultArray(x.length);
  here.set(x);
  return here;
};

/** Takes all room but for `left` doubles. */
const fillAllBut = (left: number): void => {
  const { used, view } = arena();
  arena().allocate(view.length - used / 8 - 8 * Math.ceil(left / 8));
};

const N = 64;

describe.each([
  ['matmul', matmul, twinMatmul.matmul],
  ['matmulNT', matmulNT, twinMatmul.matmulNT],
  ['matmulTN', matmulTN, twinMatmul.matmulTN],
])('%s in a full workspace', (_, product, twin) => {
  const a = entries(N * N);
  const expected = new Float64Array(N * N);

  test('needs no room for operands that are there', () => {
    inWorkspace(() => {
      const [here, c] = [resident(a), resultArray(N * N)];
      fillAllBut(PACKING + 64);
      const before = arena().used;
      product(here, here, c, N, N, N);
      expect(twin).not.toHaveBeenCalled();
      expect(arena().used).toBe(before);
      twin(a, a, expected, N, N, N);
      assertSameBits(c, expected, 'product');
    });
  });

  test('takes the twin where one operand would have to be copied', () => {
    inWorkspace(() => {
      const [here, c] = [resident(a), resultArray(N * N)];
      fillAllBut(PACKING + 64);
      const operands = [
        [a, here, c],
        [here, a, c],
        [here, here, new Float64Array(N * N)],
      ] as const;
      for (const [left, right, out] of operands) product(left, right, out, N, N, N);
      expect(twin).toHaveBeenCalledTimes(3);
    });
  });
});

describe('attention', () => {
  const sizes = { batch: 1, tokens: 16, queries: 16, heads: 2, kvHeads: 2, width: 8, causal: true };
  const [wide, weights] = [16 * 2 * 8, 2 * 16 * 16];

  /** Both passes, on arrays of `array`, after `before`. */
  const bothPasses = (
    rules?: object,
    array: (x: Float64Array) => Float64Array = (x) => x.slice(),
    before = (): void => {},
  ): void => {
    const [q, k, v, dO, o, dq, dk, dv] = Array.from({ length: 8 }, () => array(entries(wide)));
    const p = array(new Float64Array(weights));
    before();
    attention(sizes, 0.3, q, k, v, p, o, rules);
    attentionBackward(sizes, 0.3, { q, k, v, p, dO }, { dq, dk, dv }, rules);
  };
  const twinsTaken = (): number[] =>
    [twinAttention.attention, twinAttention.attentionBackward].map(
      (twin) => vi.mocked(twin).mock.calls.length,
    );
  const positions = entries(16).map((_, i) => 3 * i);

  test.each([
    ['no rules', {}, 0],
    ['positions alone, which bend nothing', { positions }, 0],
    ['positions and a window', { positions, window: 9 }, 1],
    ['positions and slopes', { positions, slopes: Float64Array.of(0.5, 0.25) }, 1],
    ['a soft cap', { softCap: 2 }, 1],
  ])('%s', (_, rules, calls) => {
    bothPasses(rules);
    expect(twinsTaken()).toEqual([calls, calls]);
  });

  test('in a full workspace needs no room for operands that are there', () => {
    inWorkspace(() => bothPasses({}, resident, () => fillAllBut(roomForTiles(sizes) + 16)));
    expect(twinsTaken()).toEqual([0, 0]);
  });

  test('in a full workspace takes the twin where operands would have to be copied', () => {
    inWorkspace(() => bothPasses({}, undefined, () => fillAllBut(roomForTiles(sizes) + 16)));
    expect(twinsTaken()).toEqual([1, 1]);
  });
});
