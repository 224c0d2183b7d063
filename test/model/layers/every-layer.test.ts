/**
 * What every contextual layer promises, whatever it computes.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { eager, Tape } from '../../../src/autograd/index.ts';
import { DomainError, type Matrix, matrix, Random } from '../../../src/linalg/index.ts';
import {
  type ContextualLayer,
  convolutionLayer,
  diagonalStateSpaceLayer,
  elmanLayer,
  evaluateLayer,
  featureMapAttentionLayer,
  gruLayer,
  initialise,
  linearAttentionLayer,
  lstmLayer,
  mapParameters,
  meanLayer,
  selectiveStateSpaceLayer,
  softmaxAttention,
} from '../../../src/model/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';

const w = { tokenWidth: 6, width: 4 };
const LAYERS: Readonly<Record<string, ContextualLayer>> = {
  softmax: softmaxAttention({ ...w, heads: 2, biases: true }),
  'softmax, grouped': softmaxAttention({ ...w, heads: 4, kvHeads: 2, headWidth: 3, biases: 'qkv' }),
  'softmax, rotary': softmaxAttention({ ...w, heads: 2, rope: { style: 'half' } }),
  'softmax, rotary in part': softmaxAttention({
    ...w,
    heads: 1,
    rope: { style: 'interleaved', rotated: 2, base: 100 },
  }),
  'softmax, ALiBi': softmaxAttention({ ...w, heads: 2, alibi: [0.5, 0.25] }),
  'softmax, window': softmaxAttention({ ...w, heads: 2, window: 3 }),
  'softmax, soft cap': softmaxAttention({ ...w, heads: 2, softCap: 0.5, scale: 1.5 }),
  'softmax, QK norm': softmaxAttention({
    ...w,
    heads: 2,
    qkNorm: { epsilon: 1e-6, offset: 1 },
    rope: { style: 'half' },
  }),
  linear: linearAttentionLayer({ ...w, heads: 2 }),
  'linear, without self': linearAttentionLayer({ ...w, excludeSelf: true, outputProjection: true }),
  'feature map': featureMapAttentionLayer({ ...w, heads: 2 }),
  elman: elmanLayer(w),
  gru: gruLayer(w),
  lstm: lstmLayer(w),
  ssm: diagonalStateSpaceLayer({ tokenWidth: 6, states: 3 }),
  'selective ssm': selectiveStateSpaceLayer({ tokenWidth: 6, states: 3 }),
  mean: meanLayer(w),
  convolution: convolutionLayer({ tokenWidth: 6, length: 3 }),
};

const draw = (random: Random, rows: number, cols: number): Matrix => {
  const x = matrix(rows, cols);
  random.fillUniform(x.data, -1, 1);
  return x;
};

const rowsFrom = (x: Matrix, from: number, to: number): Matrix =>
  matrix(to - from, x.cols, x.data.slice(from * x.cols, to * x.cols));

describe.each(Object.entries(LAYERS))('%s', (name, layer) => {
  const random = new Random(81);
  const parameters = initialise(layer.shapes, random);
  const [batch, length] = [3, 5];
  const sequences = draw(random, batch * length, 6);
  const each = layer.atEach(eager, parameters, sequences, batch);
  const sequence = (b: number): Matrix => rowsFrom(sequences, b * length, (b + 1) * length);

  test('the output at a token is the output of the sequence that ends there, to the bit', () => {
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < length; t++) {
        const context = rowsFrom(sequence(b), 0, t);
        const query = rowsFrom(sequence(b), t, t + 1).data;
        const row = rowsFrom(each, b * length + t, b * length + t + 1).data;
        const alone = evaluateLayer(layer, parameters, context, query);
        assertSameBits(alone, row, `${name}: sequence ${b}, token ${t}, seed 81`);
      }
    }
  });

  test('the last outputs of a batch are the last of every token, to the bit', () => {
    const atQuery = layer.atQuery(eager, parameters, sequences, batch);
    for (let b = 0; b < batch; b++) {
      const last = rowsFrom(each, (b + 1) * length - 1, (b + 1) * length);
      assertSameBits(rowsFrom(atQuery, b, b + 1).data, last.data, `${name}: sequence ${b}`);
    }
    expect([atQuery.rows, atQuery.cols]).toEqual([batch, layer.width]);
  });

  test('every parameter has a gradient somewhere, and the tape has the bits of eager', () => {
    const tape = new Tape();
    const variables = mapParameters(parameters, (value) => tape.parameter(value));
    const y = layer.atEach(tape, variables, tape.constant(sequences), batch);
    assertSameBits(tape.read(y).data, each.data, name);
    const ones = { name: 'weigh', probe: () => [] };
    const total = tape.apply(
      {
        ...ones,
        forward: ([x]) => ({
          value: matrix(
            1,
            1,
            Float64Array.of(x.data.reduce((sum, e, i) => sum + e * ((i % 5) - 1.7), 0)),
          ),
          saved: x,
        }),
        backward: (dy, x: Matrix) => [
          matrix(
            x.rows,
            x.cols,
            x.data.map((_, i) => dy.data[0] * ((i % 5) - 1.7)),
          ),
        ],
      },
      y,
    );
    const gradients = tape.gradients(total, Object.values(variables));
    Object.keys(variables).forEach((parameter, i) => {
      expect(
        gradients[i].data.some((entry) => entry !== 0),
        parameter,
      ).toBe(true);
      expect(gradients[i].data.every(Number.isFinite), parameter).toBe(true);
    });
  });
});

test('positions matter to rotation, ALiBi and window only through their differences', () => {
  const random = new Random(82);
  const tokens = draw(random, 5, 6);
  for (const name of ['softmax, rotary', 'softmax, ALiBi', 'softmax, window', 'softmax']) {
    const parameters = initialise(LAYERS[name].shapes, random);
    const at = (positions?: number[]): Float64Array =>
      LAYERS[name].atQuery(eager, parameters, tokens, 1, positions).data;
    const off = (x: Float64Array, y: Float64Array): number =>
      x.reduce((most, entry, i) => Math.max(most, Math.abs(entry - y[i])), 0);
    assertSameBits(at([0, 1, 2, 3, 4]), at(), name);
    expect(off(at([7, 8, 9, 10, 11]), at())).toBeLessThanOrEqual(1e-13); // rounding of angles up to 11
    const gap = off(at([0, 1, 2, 5, 9]), at());
    if (name === 'softmax') expect(gap).toBe(0);
    else expect(gap).toBeGreaterThan(1e-3);
  }
});

test('tokens out of a convolution’s reach change no bit', () => {
  const random = new Random(83);
  const layer = LAYERS['convolution'];
  const parameters = initialise(layer.shapes, random);
  const context = draw(random, 4, 6);
  const query = draw(random, 1, 6).data;
  const all = evaluateLayer(layer, parameters, context, query);
  assertSameBits(evaluateLayer(layer, parameters, rowsFrom(context, 2, 4), query), all, 'two left');
  const one = evaluateLayer(layer, parameters, rowsFrom(context, 3, 4), query);
  expect(Array.from(one)).not.toEqual(Array.from(all));
});

test.each([
  () => linearAttentionLayer({ tokenWidth: 3, width: 4, heads: 3 }),
  () => elmanLayer({ tokenWidth: 0, width: 4 }),
  () => gruLayer({ tokenWidth: 2, width: 1.5 }),
  () => diagonalStateSpaceLayer({ tokenWidth: 2, states: -1 }),
  () => selectiveStateSpaceLayer({ tokenWidth: Number.NaN, states: 1 }),
  () => meanLayer({ tokenWidth: 2, width: Infinity }),
  () => convolutionLayer({ tokenWidth: 2, length: 0 }),
  () => softmaxAttention({ ...w, heads: 2, window: 0 }),
  () => softmaxAttention({ ...w, heads: 4, rope: { style: 'half' } }),
])('a size or option out of its range is refused: %#', (make) => {
  expect(make).toThrow(DomainError);
});
