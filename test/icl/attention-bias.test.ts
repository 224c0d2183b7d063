import { expect, test } from 'vitest';
import { eager, linearAttention, tanh } from '../../src/autograd/index.ts';
import {
  type AttentionBias,
  contextBiases,
  type FeatureLayer,
  readTokens,
  rebaseBiases,
  rebasedBound,
} from '../../src/icl/index.ts';
import {
  DomainError,
  dot,
  gamma,
  type Matrix,
  matrix,
  matrixFromRows,
  multiplyNT,
  NonFiniteError,
  norm,
  Random,
  rowOf,
  ShapeError,
} from '../../src/linalg/index.ts';
import { featureMapAttentionLayer } from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';
import { assertSameBits } from '../support/same-bits.ts';

const sum = (x: Matrix, y: Matrix): Matrix =>
  matrix(
    x.rows,
    x.cols,
    x.data.map((entry, i) => entry + y.data[i]),
  );

const rope = { style: 'half', base: 100 } as const;

/** Layers r + tanh(M·r), r = x + attention, of several heads, some with biases and projection. */
function randomStack(seed: number, depth: number, heads: number, rotary = false) {
  const random = new Random(seed, 44);
  const width = heads * 2;
  const draw = (rows: number, cols = width): Matrix => normalMatrix(rows, cols, random);
  const layers = Array.from({ length: depth }, (_, l): FeatureLayer => {
    const M = draw(width);
    return {
      parameters: {
        Wq: draw(width),
        Wk: draw(width),
        Wv: draw(width),
        ...(l % 2 === 1 && { bk: draw(1), Wo: draw(width) }),
      },
      heads,
      ...(rotary && { rope }),
      after: (x, attention) => {
        const r = sum(x, attention);
        return sum(r, eager.apply(tanh, multiplyNT(r, M)));
      },
    };
  });
  return { layers, random, draw, width };
}

const joined = (x: Matrix, y: Matrix): Matrix =>
  matrix(x.rows + y.rows, x.cols, Float64Array.of(...x.data, ...y.data));
const lastRows = ({ cols, data }: Matrix, count: number): Float64Array =>
  data.slice(data.length - count * cols);

test('by hand: one token of key 1 and value 3, a query of 0', () => {
  // φ(1) = 2, φ(0) = 1: b_KV = 6, b_D = 2; the later token has k = 0, v = 0, so out = 6/3.
  const one = matrixFromRows([[1]]);
  const layer: FeatureLayer = {
    parameters: { Wq: one, Wk: one, Wv: matrixFromRows([[3]]) },
    after: (_, attention) => attention,
  };
  const [bias] = contextBiases([layer], one);
  expect(bias).toEqual({ S: matrixFromRows([[6]]), n: matrixFromRows([[2]]) });
  const { outputs } = readTokens([layer], matrixFromRows([[0]]), { biases: [bias] });
  expect(outputs).toEqual(matrixFromRows([[2]]));
});

test('every later token of every continuation has the same bits, in stacks of 1 to 4 layers', () => {
  for (let seed = 0; seed < 24; seed++) {
    const { layers, random, draw } = randomStack(
      seed,
      1 + (seed % 4),
      1 + (seed % 3),
      seed % 5 === 0,
    );
    const context = draw(random.integer(6));
    const biases = contextBiases(layers, context);
    for (let continuation = 0; continuation < 3; continuation++) {
      const later = draw(1 + random.integer(7));
      const whole = readTokens(layers, joined(context, later));
      const alone = readTokens(layers, later, { biases, first: context.rows });
      assertSameBits(
        alone.outputs.data,
        lastRows(whole.outputs, later.rows),
        `outputs, seed ${seed}`,
      );
      // … and leaves the same biases for what comes after.
      alone.biases.forEach(({ S, n }, l) => {
        assertSameBits(S.data, whole.biases[l].S.data, `S, seed ${seed}`);
        assertSameBits(n.data, whole.biases[l].n.data, `n, seed ${seed}`);
      });
    }
  }
});

test('without b_D, without b_KV, with another layer’s bias or a token less, later tokens differ', () => {
  for (let seed = 0; seed < 12; seed++) {
    const { layers, draw } = randomStack(seed, 2, 2);
    const [context, later] = [draw(4), draw(3)];
    const right = contextBiases(layers, context);
    const whole = lastRows(readTokens(layers, joined(context, later)).outputs, 3);
    const zero = ({ rows, cols }: Matrix): Matrix => matrix(rows, cols);
    const wrong: (readonly AttentionBias[])[] = [
      right.map(({ S, n }) => ({ S, n: zero(n) })),
      right.map(({ S, n }) => ({ S: zero(S), n })),
      [right[0], right[0]],
      contextBiases(layers, matrix(3, context.cols, context.data.slice(context.cols))),
    ];
    for (const biases of wrong) {
      const { data } = readTokens(layers, later, { biases }).outputs;
      expect(norm(data.map((entry, i) => entry - whole[i]))).toBeGreaterThan(1e-6);
    }
  }
});

test('the attention has the bits of the layer that trains, and of the operation with an initial state', () => {
  const { layers, draw, width } = randomStack(1, 1, 3);
  const bare = { ...layers[0], after: (_: Matrix, attention: Matrix) => attention };
  const [context, later] = [draw(5), draw(4)];
  const layer = featureMapAttentionLayer({ tokenWidth: width, width, heads: 3 });
  const all = joined(context, later);
  assertSameBits(
    readTokens([bare], all).outputs.data,
    layer.atEach(eager, bare.parameters, all, 1).data,
    'the layer',
  );
  const [bias] = contextBiases([bare], context);
  const op = linearAttention({
    ...{ batch: 1, heads: 3, causal: true, normalised: true, initialState: true },
    feature: 'elu+1',
  });
  const { Wq, Wk, Wv } = bare.parameters;
  const project = (W: Matrix): Matrix => multiplyNT(later, W);
  const value = eager.apply(op, project(Wq), project(Wk), project(Wv), bias.S, bias.n);
  assertSameBits(
    readTokens([bare], later, { biases: [bias] }).outputs.data,
    value.data,
    'the operation',
  );
});

test('rotary biases re-based by −n serve tokens that count from 0, within the rounding of the angles', () => {
  const phi = (x: Matrix): Matrix =>
    matrix(
      x.rows,
      x.cols,
      x.data.map((t) => (t > 0 ? t + 1 : Math.exp(t))),
    );
  for (let seed = 0; seed < 20; seed++) {
    const { layers, draw, width } = randomStack(seed, 1, 1, true);
    const bare = [{ ...layers[0], after: (_: Matrix, attention: Matrix) => attention }];
    const [n, T] = [6, 4];
    const [context, later] = [draw(n), draw(T)];
    const biases = contextBiases(bare, context);
    const whole = lastRows(readTokens(bare, joined(context, later)).outputs, T);
    const run = (used: readonly AttentionBias[]): Float64Array =>
      readTokens(bare, later, { biases: used, first: 0 }).outputs.data;
    const rebased = run(rebaseBiases(bare, biases, -n));
    const { Wq, Wk, Wv } = bare[0].parameters;
    const all = joined(context, later);
    const [q, k, v] = [phi(multiplyNT(later, Wq)), phi(multiplyNT(all, Wk)), multiplyNT(all, Wv)];
    let missed = 0;
    for (let t = 0; t < T; t++) {
      // A sum of norms over the divisor, which both runs compute alike.
      let [mass, divisor] = [0, 0];
      for (let j = 0; j <= n + t; j++) {
        const [qt, kj] = [rowOf(q, t), rowOf(k, j)];
        mass += norm(qt) * norm(kj) * Math.max(...rowOf(v, j).map(Math.abs));
        divisor += dot(qt, kj);
      }
      // Five rotations, each off by 2(P + 5)u, and two sums of n + t + width + 3 roundings; then a quotient.
      const rounding = 10 * (n + T + 5) * 2 ** -53 + 2 * gamma(n + t + width + 3) + 2 ** -52;
      const bound = (1.01 * rounding * mass) / divisor;
      for (let c = 0; c < width; c++) {
        expect(Math.abs(rebased[t * width + c] - whole[t * width + c])).toBeLessThanOrEqual(bound);
        const notTurned = run(biases)[t * width + c];
        missed = Math.max(missed, Math.abs(notTurned - whole[t * width + c]) / bound);
      }
    }
    expect(missed).toBeGreaterThan(1000);
  }
});

test('the bound of re-basing is kept at every entry of every head, and is 0 without rotation', () => {
  const ratios: number[] = [];
  for (let seed = 0; seed < 40; seed++) {
    const heads = 1 + (seed % 3);
    const { layers, draw } = randomStack(seed, 1, heads, true);
    const bare = [{ ...layers[0], after: (_: Matrix, attention: Matrix) => attention }];
    const [context, later] = [draw(1 + (seed % 9)), draw(3)];
    const whole = lastRows(readTokens(bare, joined(context, later)).outputs, 3);
    const biases = rebaseBiases(bare, contextBiases(bare, context), -context.rows);
    const rebased = readTokens(bare, later, { biases }).outputs.data;
    const bound = rebasedBound(bare[0], context, later);
    rebased.forEach((entry, i) => {
      const ratio = Math.abs(entry - whole[i]) / bound.data[i];
      expect(ratio, `seed ${seed}, entry ${i}`).toBeLessThanOrEqual(1);
      ratios.push(ratio);
    });
    const { rope: _, ...still } = bare[0];
    expect(rebasedBound(still, context, later).data.every((entry) => entry === 0)).toBe(true);
  }
  // Measured: 2.7e-2.
  expect(Math.max(...ratios)).toBeGreaterThan(5e-3);
});

test('shifting by 0 changes nothing, and back and forth is the identity up to rounding', () => {
  const { layers, draw } = randomStack(2, 2, 2, true);
  const biases = contextBiases(layers, draw(5));
  rebaseBiases(layers, biases, 0).forEach(({ S, n }, l) => {
    expect(S).toEqual(biases[l].S);
    expect(n).toEqual(biases[l].n);
    expect(n.data).not.toBe(biases[l].n.data);
  });
  rebaseBiases(layers, rebaseBiases(layers, biases, 7), -7).forEach(({ S }, l) => {
    // Two turns, each off by 2(7 + 5)u of a column.
    const allowed = 4 * 12 * 2 ** -53 * norm(biases[l].S.data);
    S.data.forEach((entry, i) => {
      expect(Math.abs(entry - biases[l].S.data[i])).toBeLessThanOrEqual(allowed);
    });
  });
});

test('too few biases, biases of another size, no rotation and features that vanish are refused', () => {
  const { layers, draw, width } = randomStack(3, 2, 1);
  const biases = contextBiases(layers, draw(2));
  expect(() => readTokens(layers, draw(1), { biases: biases.slice(1) })).toThrow(DomainError);
  expect(() => rebaseBiases(layers, biases, -2)).toThrow(/layer 0 must have a rotation, got none/);
  expect(() => rebaseBiases(layers, biases.slice(1), -2)).toThrow(DomainError);
  const small = biases.map(({ n }) => ({ S: matrix(1, 1), n }));
  expect(() => readTokens(layers, draw(1), { biases: small })).toThrow(ShapeError);
  const far = matrix(1, width, new Float64Array(width).fill(-1e6));
  const negative = {
    ...layers[0],
    parameters: {
      ...layers[0].parameters,
      Wq: matrixFromRows([
        [1, 0],
        [0, 1],
      ]),
    },
  };
  expect(() => readTokens([negative], far)).toThrow(NonFiniteError);
  const before = biases.map(({ S }) => S.data.slice());
  readTokens(layers, draw(3), { biases });
  expect(biases.map(({ S }) => S.data)).toEqual(before);
});
