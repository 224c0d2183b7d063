/**
 * Blocks small enough to follow by hand, in integers, and random blocks of every wiring, variant and
 * activation. They are drawn here, not where `deltaw verify` draws its own.
 *
 * @module
 */
import { type Matrix, matrix, matrixFromRows, Random } from '../../src/linalg/index.ts';
import {
  type ActivationName,
  type Block,
  contextualBlock,
  type Parameters,
  softmaxAttention,
  type WiringName,
} from '../../src/model/index.ts';

export interface SmallCase {
  readonly block: Block;
  readonly parameters: Parameters;
  readonly context: Matrix;
  readonly query: Float64Array;
}

export const WIRING_LIST: readonly WiringName[] = [
  'plain',
  'v1-skip',
  'residual',
  'pre-ln',
  'post-ln',
];

export const ACTIVATION_LIST: readonly ActivationName[] = [
  'relu',
  'gelu',
  'geluTanh',
  'silu',
  'tanh',
  'sigmoid',
  'softplus',
];

export const vector = (...x: number[]): Float64Array => Float64Array.from(x);

/** An ε that adds nothing to any variance above 2⁻¹⁴⁷. */
const VANISHING = 2 ** -200;

/** Query, the one context token, the diagonal of Wv, and the norms, by wiring. */
const HAND = {
  plain: { query: [1, 1], token: [5, -1], values: [1, 1], norms: {} },
  'v1-skip': { query: [1, 1], token: [5, -1], values: [1, 1], norms: {} },
  residual: { query: [1, 1], token: [5, -1], values: [1, 1], norms: {} },
  'pre-ln': {
    query: [2, 1],
    token: [1, 5],
    values: [1, 3],
    norms: { 'norm1.g': [2, 2], 'norm1.b': [1, 1], 'norm2.g': [1, 1], 'norm2.b': [0, 2] },
  },
  'post-ln': {
    query: [2, 1],
    token: [0, 5],
    values: [1, 1],
    norms: { 'norm1.g': [2, 1], 'norm1.b': [-1, 2], 'norm2.g': [3, 5], 'norm2.b': [1, 1] },
  },
} as const;

/**
 * A block that computes in integers: W1 = (1 2; 3 4), b1 = (1, −1), ReLU, W2 = (1 −1; 2 1),
 * b2 = (12, −3), uniform attention over query and one token, and norms whose ε vanishes, which make
 * (1, −1) or (−1, 1) of any two numbers. `handRuns` in block-patch.test.ts has its values.
 */
export function handCase(wiring: WiringName): SmallCase {
  const { query, token, values, norms } = HAND[wiring];
  const layer = softmaxAttention({ tokenWidth: 2, width: 2, heads: 1 });
  const rows = (...x: number[][]): Matrix => matrixFromRows(x);
  return {
    block: contextualBlock({ wiring, layer, hidden: 2, epsilon: VANISHING }),
    parameters: {
      'layer.Wq': matrix(2, 2),
      'layer.Wk': matrix(2, 2),
      'layer.Wv': rows([values[0], 0], [0, values[1]]),
      'layer.Wo': rows([1, 0], [0, 1]),
      'mlp.W1': rows([1, 2], [3, 4]),
      'mlp.b1': rows([1, -1]),
      'mlp.W2': rows([1, -1], [2, 1]),
      'mlp.b2': rows([12, -3]),
      ...Object.fromEntries(
        Object.entries(norms).map(([name, entries]) => [name, rows([...entries])]),
      ),
    },
    context: rows([...token]),
    query: vector(...query),
  };
}

/** A block of 4 to 7 numbers a token, 5 to 9 hidden and 1 to 6 context tokens, all entries normal. */
export function drawCase(seed: number, wiring: WiringName, activation: ActivationName): SmallCase {
  const random = new Random(seed, 2026);
  const width = 4 + random.integer(4);
  const layer = softmaxAttention({
    tokenWidth: width,
    width,
    heads: 2,
    headWidth: 1 + random.integer(3),
    biases: random.integer(2) === 0,
  });
  const block = contextualBlock({ wiring, layer, hidden: 5 + random.integer(5), activation });
  const normal = (rows: number, cols: number, scale: number): Matrix =>
    matrix(
      rows,
      cols,
      Float64Array.from({ length: rows * cols }, () => scale * random.normal()),
    );
  const parameters = Object.fromEntries(
    Object.entries(block.shapes).map(([name, { rows, cols }]) => [name, normal(rows, cols, 0.8)]),
  );
  const context = normal(1 + random.integer(6), width, 1.5);
  return { block, parameters, context, query: normal(1, width, 1.5).data };
}

/** The norm bound to first order: (f + |n|·rms(f))/σ + 2(d + 8)|n| times |g|, and 2(|n||g| + |b|). */
export function normFormula(
  y: number[],
  e: number[],
  g: number[],
  b: number[],
  epsilon: number,
): number[] {
  const d = y.length;
  const mean = (x: number[]): number => x.reduce((sum, entry) => sum + entry, 0) / d;
  const absolute = y.map(Math.abs);
  const widened = e.map((entry, i) => entry + 2 * (d + 2) * (absolute[i] + mean(absolute)));
  const f = widened.map((entry) => entry + mean(widened));
  const rms = Math.sqrt(mean(f.map((entry) => entry * entry)));
  const c = y.map((entry) => entry - mean(y));
  const sigma = Math.sqrt(mean(c.map((entry) => entry * entry)) + epsilon);
  return f.map((entry, i) => {
    const n = Math.abs(c[i]) / sigma;
    return ((entry + n * rms) / sigma + 2 * (d + 8) * n) * g[i] + 2 * (n * g[i] + b[i]);
  });
}
