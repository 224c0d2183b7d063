/**
 * Softmax attention as a contextual layer: without context, under permutations, with repetitions.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { eager, Tape } from '../../../src/autograd/index.ts';
import {
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  multiplyNT,
  NonFiniteError,
  Random,
  rowMatrix,
  rowOf,
  ShapeError,
} from '../../../src/linalg/index.ts';
import { evaluateLayer, sequenceOf } from '../../../src/model/contextual-layer.ts';
import { softmaxAttention } from '../../../src/model/layers/softmax-attention.ts';
import { initialise, mapParameters, type Parameters } from '../../../src/model/parameters.ts';
import { expectWithin, gamma, normalMatrix } from '../../autograd/support.ts';
import { assertSameBits } from '../../support/same-bits.ts';

/** 3 query heads of width 5 over tokens of 7 entries; the output has 11. */
const SIZES = { tokenWidth: 7, width: 11, heads: 3, headWidth: 5 };
const layer = softmaxAttention(SIZES);
const random = new Random(37);
const parameters = initialise(layer.shapes, random);
const query = rowOf(normalMatrix(1, 7, random), 0);
const context = normalMatrix(13, 7, random);

/** Row i of x·Wᵀ starts at +0 and takes its products in ascending order; then the bias. */
function project(W: Matrix, x: ArrayLike<number>, b?: Matrix): number[] {
  return Array.from({ length: W.rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < W.cols; j++) sum += x[j] * W.data[i * W.cols + j];
    return b ? sum + b.data[i] : sum;
  });
}

describe('without context', () => {
  test('it is Wo·(Wv·x), bit for bit', () => {
    const expected = project(parameters.Wo, project(parameters.Wv, query));
    assertSameBits(evaluateLayer(layer, parameters, matrix(0, 7), query), expected, 'A(x)');
  });

  test('it is Wo·(Wv·x + bv) + bo with biases, bit for bit', () => {
    const biased = softmaxAttention({ ...SIZES, biases: true });
    const p = initialise(biased.shapes, new Random(41));
    const expected = project(p.Wo, project(p.Wv, query, p.bv), p.bo);
    assertSameBits(evaluateLayer(biased, p, matrix(0, 7), query), expected, 'A(x)');
  });

  test('it is exact in integers: Wo·Wv·x by hand', () => {
    const tiny = softmaxAttention({ tokenWidth: 2, width: 2, heads: 1 });
    const any = matrixFromRows([
      [0.3, -9],
      [7, 1e5],
    ]); // Wq and Wk do not matter
    const Wv = matrixFromRows([
      [1, 2],
      [-1, 3],
    ]);
    const Wo = matrixFromRows([
      [2, 0],
      [1, -4],
    ]);
    // Wv·(3, 1) = (5, 0); Wo·(5, 0) = (10, 5)
    const value = evaluateLayer(
      tiny,
      { Wq: any, Wk: any, Wv, Wo },
      matrix(0, 2),
      Float64Array.of(3, 1),
    );
    assertSameBits(value, [10, 5], 'A(x)');
  });
});

describe('with context', () => {
  const value = evaluateLayer(layer, parameters, context, query);

  /**
   * What rounding allows between two orders of the context. Both compute o = Σe_j·v_j/Σe_j from the
   * same e_j and v_j; with n tokens each is within γ_{3n+1}·Σp_j|v_j| of it (n for the numerator,
   * 1 for the quotient, 2n for the denominator), and Σp_j|v_j| ≤ max_j|v_j|. The product with Wo
   * adds γ_{H·e}. Twice that, and one unit more for the product of the two.
   */
  function permutationBound(sequence: Matrix): Float64Array {
    const v = multiplyNT(sequence, parameters.Wv);
    const largest = Float64Array.from({ length: v.cols }, (_, c) =>
      Math.max(...Array.from({ length: v.rows }, (_, j) => Math.abs(v.data[j * v.cols + c]))),
    );
    const absolute = matrix(11, 15, parameters.Wo.data.map(Math.abs));
    const factor = 2 * gamma(3 * sequence.rows + 1 + 15 + 1);
    return Float64Array.from(project(absolute, largest), (entry) => factor * entry);
  }

  test('the order of the context matters to rounding only', () => {
    const bound = permutationBound(sequenceOf(context, query));
    expect(Math.max(...bound)).toBeLessThan(1e-13); // measured 5e-14: the bound can bite
    const rows = Array.from({ length: 13 }, (_, i) => rowOf(context, i));
    for (let round = 0; round < 23; round++) {
      const shuffled = matrixFromRows(random.shuffle(rows));
      const other = evaluateLayer(layer, parameters, shuffled, query);
      expectWithin(other, value, bound, `round ${round}`);
    }
  });

  test('every token and the query matter', () => {
    for (let i = 0; i < 13; i++) {
      const rows = Array.from({ length: 13 }, (_, j) => rowOf(context, j)).filter(
        (_, j) => j !== i,
      );
      const other = evaluateLayer(layer, parameters, matrixFromRows(rows), query);
      expect(Math.max(...other.map((y, c) => Math.abs(y - value[c])))).toBeGreaterThan(1e-6);
    }
  });

  test('a context of copies of the query changes nothing', () => {
    const alone = evaluateLayer(layer, parameters, matrix(0, 7), query);
    for (const copies of [1, 3]) {
      // Weights 1/2 or 1/4: v/4 + v/4 + v/4 may round by half a unit, and the last sum undoes it.
      const same = matrixFromRows(Array.from({ length: copies }, () => query));
      assertSameBits(evaluateLayer(layer, parameters, same, query), alone, `${copies} copies`);
    }
    const same = matrixFromRows(Array.from({ length: 12 }, () => query));
    const bound = permutationBound(sequenceOf(same, query));
    expectWithin(evaluateLayer(layer, parameters, same, query), alone, bound, '12 copies');
  });

  test('a batch gives each sequence the bits it has alone, eagerly and on a tape', () => {
    const contexts = [2, 3, 5].map((seed) => normalMatrix(13, 7, new Random(43, seed)));
    const folded = matrixFromRows(
      contexts.flatMap((c) => {
        const sequence = sequenceOf(c, query);
        return Array.from({ length: 14 }, (_, i) => rowOf(sequence, i));
      }),
    );
    const tape = new Tape();
    const variables = mapParameters(parameters, (p) => tape.parameter(p));
    const batch = layer.atQuery(eager, parameters, folded, 3);
    const taped = layer.atQuery(tape, variables, tape.constant(folded), 3).value;
    contexts.forEach((c, b) => {
      const alone = evaluateLayer(layer, parameters, c, query);
      assertSameBits(rowOf(batch, b), alone, `sequence ${b}`);
      assertSameBits(rowOf(taped, b), alone, `sequence ${b} on a tape`);
    });
  });

  test('grouped key-value heads are full ones whose keys and values are repeated', () => {
    const grouped = softmaxAttention({
      ...SIZES,
      heads: 5,
      kvHeads: 2,
      headWidth: 3,
      biases: true,
    });
    const full = softmaxAttention({ ...SIZES, heads: 5, headWidth: 3, biases: true });
    const p = initialise(grouped.shapes, new Random(47));
    const repeat = (m: Matrix, size: number): Matrix => {
      const block = m.data.length / 2;
      const entries = [0, 0, 0, 1, 1].flatMap((g) =>
        Array.from(m.data.slice(g * block, (g + 1) * block)),
      );
      return size === 1
        ? rowMatrix(Float64Array.from(entries))
        : matrix(15, size, Float64Array.from(entries));
    };
    const wide = {
      Wk: repeat(p.Wk, 7),
      Wv: repeat(p.Wv, 7),
      bk: repeat(p.bk, 1),
      bv: repeat(p.bv, 1),
    };
    const expected = evaluateLayer(full, { ...p, ...wide }, context, query);
    assertSameBits(evaluateLayer(grouped, p, context, query), expected, 'A(C, x)');
  });

  test('each bias is added: bq, bk and bv to the projections, bo to the output', () => {
    const biased = softmaxAttention({ ...SIZES, biases: true });
    const names = ['bq', 'bk', 'bv', 'bo'];
    const zeros = Object.fromEntries(names.map((b) => [b, matrix(1, b === 'bo' ? 11 : 15)]));
    assertSameBits(
      evaluateLayer(biased, { ...parameters, ...zeros }, context, query),
      value,
      'zeros',
    );
    const ones = (name: string): Parameters => {
      const b = matrix(1, zeros[name].cols);
      return {
        ...parameters,
        ...zeros,
        [name]: matrix(
          1,
          b.cols,
          b.data.map((_, i) => (i % 3) - 1),
        ),
      };
    };
    const change = (name: string): number => {
      const other = evaluateLayer(biased, ones(name), context, query);
      return Math.max(...other.map((y, i) => Math.abs(y - value[i])));
    };
    expect(change('bq')).toBeGreaterThan(1e-3);
    // The same vector on every key shifts all scores of a query alike, so it is rounding: 1e-13 is
    // measured 1e-16 with a margin of a thousand.
    expect(change('bk')).toBeLessThan(1e-13);
    const far = { ...parameters, ...zeros, bk: matrix(1, 15, new Float64Array(15).fill(1e308)) };
    expect(() =>
      evaluateLayer(
        biased,
        far,
        context,
        query.map((x) => 100 * x),
      ),
    ).toThrow(
      NonFiniteError, // so it does enter the scores
    );
    expect(change('bv')).toBeGreaterThan(1e-3);
    expect(Math.abs(change('bo') - 1)).toBeLessThan(1e-15);
  });
});

test('the shapes are those of the projections, biases only when asked for', () => {
  const grouped = softmaxAttention({
    tokenWidth: 7,
    width: 11,
    heads: 5,
    kvHeads: 2,
    headWidth: 3,
    biases: true,
  });
  const shapes = Object.entries(grouped.shapes).map(
    ([name, { rows, cols }]) => `${name} ${rows}x${cols}`,
  );
  expect(shapes).toEqual([
    'Wq 15x7',
    'Wk 6x7',
    'Wv 6x7',
    'Wo 11x15',
    'bq 1x15',
    'bk 1x6',
    'bv 1x6',
    'bo 1x11',
  ]);
  expect(Object.keys(layer.shapes)).toEqual(['Wq', 'Wk', 'Wv', 'Wo']);
  expect(softmaxAttention({ tokenWidth: 3, width: 10, heads: 2 }).shapes.Wq.rows).toBe(10);
});

test('sizes that are no counts are refused by name', () => {
  for (const size of [0, -1, 1.5, NaN, Infinity]) {
    for (const what of ['tokenWidth', 'width', 'heads', 'kvHeads', 'headWidth']) {
      const run = (): unknown => softmaxAttention({ ...SIZES, [what]: size });
      expect(run).toThrow(`softmaxAttention: ${what} must be a positive integer, got ${size}`);
      expect(run).toThrow(DomainError);
    }
  }
  expect(() => softmaxAttention({ tokenWidth: 3, width: 7, heads: 2 })).toThrow(
    'without headWidth, width must be a multiple of heads, got 7 and 2',
  );
});

test('tokens and scores that do not fit are refused', () => {
  expect(() => evaluateLayer(layer, parameters, matrix(2, 5), query)).toThrow(ShapeError);
  expect(() => evaluateLayer(layer, parameters, context, query.slice(1))).toThrow(ShapeError);
  expect(() => evaluateLayer(layer, parameters, context, query.with(3, NaN))).toThrow(
    NonFiniteError,
  );
  const large = query.map((entry) => entry * 1e300);
  expect(() => evaluateLayer(layer, parameters, matrix(0, 7), large)).toThrow(NonFiniteError);
});
