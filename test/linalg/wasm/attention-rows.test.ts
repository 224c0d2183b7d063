import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import { softmax, softmaxBackward } from '../../../src/linalg/reference/softmax.ts';
import {
  type AttentionRowsExports,
  attentionRows,
  attentionRowsModule,
} from '../../../src/linalg/wasm/attention-rows.ts';
import { arena } from '../../../src/linalg/wasm/memory.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, normals } from '../cases.ts';
import { runGuarded } from './guarded.ts';

/** Rows, tokens, what the first row sees if causal, and doubles between rows that belong to nobody. */
const SHAPES = [
  [0, 3, 1, 0],
  [1, 1, 1, 0],
  [1, 2, 1, 1],
  [2, 2, 1, 0],
  [3, 3, 1, 2],
  [4, 4, 1, 0],
  [5, 8, 4, 1],
  [6, 7, 2, 0],
  [7, 7, 1, 0],
  [9, 33, 20, 3],
  [31, 31, 1, 0],
  [2, 130, 129, 5],
  [1, 4097, 4097, 0],
] as const;

interface Case {
  readonly rows: number;
  readonly tokens: number;
  readonly firstEnd: number;
  readonly causal: boolean;
  /** Doubles from row to row. */
  readonly step: number;
}

const CASES: readonly Case[] = SHAPES.flatMap(([rows, tokens, firstEnd, gap]) =>
  [false, true].map((causal) => ({ rows, tokens, firstEnd, causal, step: tokens + gap })),
);

const describeCase = ({ rows, tokens, firstEnd, causal, step }: Case): string =>
  `${rows} rows of ${tokens}, ${step} apart${causal ? `, causal from ${firstEnd}` : ''}`;

const endOf = ({ causal, firstEnd, tokens }: Case, r: number): number =>
  causal ? firstEnd + r : tokens;

/** Doubles of the rows: no gap after the last. */
const sizeOf = ({ rows, tokens, step }: Case): number =>
  rows === 0 ? 0 : (rows - 1) * step + tokens;

/** The lines of `attention` in reference/attention.ts. */
function weightsOf(c: Case, scores: Float64Array, scale: number): number {
  for (let r = 0; r < c.rows; r++) {
    const row = scores.subarray(r * c.step, r * c.step + c.tokens);
    const end = endOf(c, r);
    const scaled = row.map((s) => s * scale);
    if (!scaled.subarray(0, end).every(Number.isFinite)) return r;
    softmax(scaled, scaled, 0, end);
    row.set(scaled.fill(0, end));
  }
  return -1;
}

/** The lines of `attentionBackward` in reference/attention.ts. */
function backwardOf(c: Case, p: Float64Array, dp: Float64Array, scale: number): void {
  for (let r = 0; r < c.rows; r++) {
    const from = r * c.step;
    const end = endOf(c, r);
    const ds = blank(c.tokens);
    softmaxBackward(p, from, dp.subarray(from), ds, 0, end);
    for (let j = 0; j < c.tokens; j++) dp[from + j] = j < end ? ds[j] * scale : 0;
  }
}

/** Runs both functions in guarded memory, with the scores or with p last, and compares. */
function compare(c: Case, scores: Float64Array, p: Float64Array, dp: Float64Array, label: string) {
  const scale = 1 / 3;
  const [weights, ds] = [scores.slice(), dp.slice()];
  const bad = weightsOf(c, weights, scale);
  backwardOf(c, p, ds, scale);
  const rules = [c.rows, c.firstEnd, c.causal ? 1 : 0, c.tokens, scale] as const;
  for (const last of ['scores', 'p', 'dp']) {
    let got = NaN;
    const results = runGuarded(
      attentionRowsModule(),
      { scores, p, dp },
      ['scores', 'dp'],
      last,
      (f, at) => {
        const kernel = f as unknown as AttentionRowsExports;
        got = kernel.scoresToWeights(at['scores'], 8 * c.step, ...rules);
        kernel.weightsBackward(at['p'], at['dp'], 8 * c.step, ...rules);
      },
    );
    expect(got, `${label}, ${last} last`).toBe(bad);
    assertSameBits(results['scores'], weights, `${label}, weights, ${last} last`);
    assertSameBits(results['dp'], ds, `${label}, backward, ${last} last`);
  }
}

describe.each(CASES.map((c) => [describeCase(c), c] as const))('%s', (_, c) => {
  test.each(DRAWS)('both functions have the bits of the twins: %s entries', (kind, draw) => {
    const random = new Random(81);
    for (let round = 0; round < 5; round++) {
      const [scores, p, dp] = [0, 1, 2].map(() => draw(random, sizeOf(c)));
      compare(c, scores, p, dp, `seed 81, round ${round}, ${kind}`);
    }
  });

  test('steep scores, whose weights are subnormal or nothing', () => {
    const random = new Random(82);
    const [scores, p, dp] = [900, 1e-300, 1e300].map((size) =>
      normals(random, sizeOf(c)).map((x) => x * size),
    );
    compare(c, scores, p, dp, 'seed 82');
  });
});

describe('a row with a score that is not finite', () => {
  const c: Case = { rows: 6, tokens: 7, firstEnd: 2, causal: true, step: 7 };

  test.each([NaN, Infinity, -Infinity, 1.7e308])('is named wherever %d stands', (wrong) => {
    const random = new Random(83);
    const scale = 3; // 3·1.7e308 overflows
    for (let at = 0; at < 42; at++) {
      const scores = normals(random, 42);
      scores[at] = wrong;
      const expected = scores.slice();
      const bad = weightsOf(c, expected, scale);
      const seen = at % 7 < 2 + Math.floor(at / 7);
      expect(bad).toBe(seen ? Math.floor(at / 7) : -1);
      let got = NaN;
      const results = runGuarded(
        attentionRowsModule(),
        { scores },
        ['scores'],
        'scores',
        (f, to) => {
          const kernel = f as unknown as AttentionRowsExports;
          got = kernel.scoresToWeights(to['scores'], 56, 6, 2, 1, 7, scale);
        },
      );
      expect(got).toBe(bad);
      assertSameBits(results['scores'], expected, `seed 83, at ${at}`);
    }
  });
});

test('what is not seen becomes +0, whatever it was', () => {
  const scores = Float64Array.of(5, NaN, -Infinity, 1, 1, -0);
  const { scores: weights } = runGuarded(
    attentionRowsModule(),
    { scores },
    ['scores'],
    'scores',
    (f, at) => {
      const kernel = f as unknown as AttentionRowsExports;
      expect(kernel.scoresToWeights(at['scores'], 24, 2, 1, 1, 3, 1)).toBe(-1);
    },
  );
  assertSameBits(weights, [1, 0, 0, 0.5, 0.5, 0], 'weights');
});

test('the shared functions work on the memory of the arena', () => {
  const room = arena();
  const mark = room.used;
  const scores = room.take(4);
  scores.set([2, 2, 2, 2]);
  expect(attentionRows().scoresToWeights(scores.byteOffset, 32, 1, 4, 0, 4, 1)).toBe(-1);
  assertSameBits(scores, [0.25, 0.25, 0.25, 0.25], 'weights');
  room.release(mark);
  expect(attentionRows()).toBe(attentionRows());
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(attentionRowsModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
