import { test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import {
  causalConvolution,
  causalConvolutionBackward,
  diagonalScan,
  diagonalScanBackward,
  runningMean,
  runningMeanBackward,
} from '../../../src/linalg/reference/scans.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, DRAWS, leavesAlone } from '../cases.ts';

const SIZES = [
  { batch: 1, tokens: 1, cols: 1 },
  { batch: 2, tokens: 5, cols: 3 },
  { batch: 3, tokens: 7, cols: 2 },
  { batch: 2, tokens: 4, cols: 0 },
];
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describeEach('diagonal scan', (sizes, draw, random) => {
  const { batch, tokens: T, cols: n } = sizes;
  const [a, b, ds] = [0, 1, 2].map(() => draw(random, batch * T * n));
  const [s, da, db] = [a, a, a].map((x) => blank(x.length));
  leavesAlone([a, b], () => diagonalScan(sizes, a, b, s));
  leavesAlone([a, s, ds], () => diagonalScanBackward(sizes, { a, s, ds }, { da, db }));
  const [S, dA, dB] = [s.map(() => 0), s.map(() => 0), s.map(() => 0)];
  for (const start of upTo(batch).map((k) => k * T * n)) {
    for (let i = start; i < start + T * n; i++)
      S[i] = i < start + n ? b[i] : a[i] * S[i - n] + b[i];
    for (let i = start + T * n - 1; i >= start; i--) {
      dB[i] = i + n >= start + T * n ? ds[i] : ds[i] + a[i + n] * dB[i + n];
      dA[i] = i < start + n ? 0 : dB[i] * S[i - n];
    }
  }
  assertSameBits(s, S, 's');
  assertSameBits([...da, ...db], [...dA, ...dB], 'da, db');
});

describeEach('running mean', (sizes, draw, random) => {
  const { batch, tokens: T, cols: n } = sizes;
  const [x, dy] = [draw(random, batch * T * n), draw(random, batch * T * n)];
  const [y, dx] = [blank(x.length), blank(x.length)];
  leavesAlone([x, dy], () => {
    runningMean(sizes, x, y);
    runningMeanBackward(sizes, dy, dx);
  });
  const fold = (terms: number[]): number => terms.reduce((sum, term) => sum + term);
  const at = (b: number, t: number, i: number): number => (b * T + t) * n + i;
  for (const b of upTo(batch)) {
    for (const t of upTo(T)) {
      for (const i of upTo(n)) {
        const before = upTo(t + 1).map((j) => x[at(b, j, i)]);
        assertSameBits([y[at(b, t, i)]], [fold(before) / (t + 1)], 'y');
        const after = upTo(T)
          .slice(t)
          .reverse()
          .map((j) => dy[at(b, j, i)] / (j + 1));
        assertSameBits([dx[at(b, t, i)]], [fold(after)], 'dx');
      }
    }
  }
});

describeEach('causal convolution', (sizes, draw, random) => {
  const { batch, tokens: T, cols: n } = sizes;
  for (const L of [1, 3, 9]) {
    const [x, dy, w] = [batch * T * n, batch * T * n, n * L].map((k) => draw(random, k));
    const [y, dx, dw] = [blank(x.length), blank(x.length), blank(w.length)];
    leavesAlone([x, w, dy], () => {
      causalConvolution(sizes, x, w, y);
      causalConvolutionBackward(sizes, { x, w, dy }, { dx, dw });
    });
    const at = (b: number, t: number, i: number): number => (b * T + t) * n + i;
    for (const i of upTo(n)) {
      for (const b of upTo(batch)) {
        for (const t of upTo(T)) {
          const lags = (reach: number): number[] => upTo(L).filter((l) => l < reach);
          const back = lags(t + 1).map((l) => w[i * L + l] * x[at(b, t - l, i)]);
          assertSameBits([y[at(b, t, i)]], [ascending(back)], `y, L = ${L}`);
          const on = lags(T - t).map((l) => w[i * L + l] * dy[at(b, t + l, i)]);
          assertSameBits([dx[at(b, t, i)]], [ascending(on)], `dx, L = ${L}`);
        }
      }
      for (const l of upTo(L)) {
        const terms = upTo(batch).flatMap((b) =>
          upTo(T)
            .slice(l)
            .map((t) => dy[at(b, t, i)] * x[at(b, t - l, i)]),
        );
        assertSameBits([dw[i * L + l]], [ascending(terms)], `dw, L = ${L}`);
      }
    }
  }
});

test('by hand: halves of what was, means so far, and a token plus ten times the one before', () => {
  const sizes = { batch: 1, tokens: 3, cols: 1 };
  const [x, out] = [Float64Array.of(4, 2, 9), blank(3)];
  diagonalScan(sizes, Float64Array.of(NaN, 0.5, 0.5), x, out);
  assertSameBits(out, [4, 4, 11], 'scan; a₀ is not read');
  runningMean(sizes, x, out);
  assertSameBits(out, [4, 3, 5], 'mean');
  causalConvolution(sizes, x, Float64Array.of(1, 10), out);
  assertSameBits(out, [4, 42, 29], 'convolution');
});

/** A test over all sizes and both kinds of entries. */
function describeEach(
  what: string,
  run: (
    sizes: (typeof SIZES)[number],
    draw: (random: Random, n: number) => Float64Array,
    random: Random,
  ) => void,
): void {
  test.each(DRAWS)(`${what}: terms in the stated order, forwards and backwards: %s`, (_, draw) => {
    const random = new Random(271);
    for (const sizes of SIZES) run(sizes, draw, random);
  });
}
