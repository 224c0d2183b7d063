/**
 * The Pre-LN stack: its shapes, its value against blocks and against all rows, its gradients.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  add,
  addBias,
  attention,
  type Evaluator,
  eager,
  gelu,
  lastRows,
  layerNorm,
  linear,
  sum,
  Tape,
} from '../../src/autograd/index.ts';
import { DomainError, type Matrix, matrix, Random } from '../../src/linalg/index.ts';
import { contextualBlock } from '../../src/model/block.ts';
import { gradientOf, type Problem } from '../../src/model/gradients.ts';
import { softmaxAttention } from '../../src/model/index.ts';
import {
  initialise,
  mapParameters,
  type Parameters,
  part,
  prefixed,
} from '../../src/model/parameters.ts';
import { stackRegression } from '../../src/model/regression.ts';
import { preLnStack, type StackOptions } from '../../src/model/stack.ts';
import { expectSameMatrix, expectWithin, normalMatrix } from '../autograd/support.ts';

const OPTIONS: StackOptions = { layers: 3, width: 6, heads: 2, hidden: 11, activation: 'gelu' };
const STACK = preLnStack(OPTIONS);
const [BATCH, TOKENS] = [5, 7];
const random = new Random(421);
/** Norms and biases are drawn too: ones and zeros would hide a gain or a shift that is left out. */
const PARAMETERS = mapParameters(initialise(STACK.shapes, random), ({ rows, cols }, name) => {
  const value = normalMatrix(rows, cols, random);
  const [factor, start] = name.endsWith('.g') ? [0.1, 1] : [0.4, 0];
  return matrix(
    rows,
    cols,
    value.data.map((entry) => start + factor * entry),
  );
});
const SEQUENCES = normalMatrix(BATCH * TOKENS, 6, random);
const TARGETS = normalMatrix(BATCH, 1, random);

/** The same function put together from operations, every layer at every token. */
function allRows<V>(on: Evaluator<V>, p: Parameters<V>, sequences: V, layers: number): V {
  let x = sequences;
  for (let i = 0; i < layers; i++) {
    const at = (name: string): V => p[`layer${i}.${name}`];
    const map = (y: V, W: string, b: string): V =>
      on.apply(addBias, on.apply(linear, y, at(W)), at(b));
    const norm = (y: V, name: string): V =>
      on.apply(layerNorm({ epsilon: 1e-5 }), y, at(`${name}.g`), at(`${name}.b`));
    const y = norm(x, 'norm1');
    const [q, k, v] = ['q', 'k', 'v'].map((to) => map(y, `attention.W${to}`, `attention.b${to}`));
    const o = on.apply(attention({ batch: BATCH, heads: 2, causal: true }), q, k, v);
    const r = on.apply(add, x, map(o, 'attention.Wo', 'attention.bo'));
    const h = on.apply(gelu, map(norm(r, 'norm2'), 'mlp.W1', 'mlp.b1'));
    x = on.apply(add, r, map(h, 'mlp.W2', 'mlp.b2'));
  }
  return on.apply(lastRows(TOKENS), x);
}

const largest = ({ data }: Matrix): number =>
  data.reduce((max, entry) => Math.max(max, Math.abs(entry)), 0);

test('its parameters are flat and dotted, 49 984 a layer at width 64 and 256 hidden', () => {
  const { shapes } = preLnStack({ ...OPTIONS, layers: 1 });
  expect(Object.entries(shapes).map(([name, { rows, cols }]) => `${name} ${rows}x${cols}`)).toEqual(
    [
      ...['layer0.norm1.g 1x6', 'layer0.norm1.b 1x6'],
      ...['q', 'k', 'v', 'o'].map((letter) => `layer0.attention.W${letter} 6x6`),
      ...['q', 'k', 'v', 'o'].map((letter) => `layer0.attention.b${letter} 1x6`),
      ...['layer0.norm2.g 1x6', 'layer0.norm2.b 1x6'],
      ...['layer0.mlp.W1 11x6', 'layer0.mlp.b1 1x11', 'layer0.mlp.W2 6x11', 'layer0.mlp.b2 1x6'],
    ],
  );
  const paper = preLnStack({ layers: 3, width: 64, heads: 2, hidden: 256, activation: 'gelu' });
  const count = Object.values(paper.shapes).reduce((total, { rows, cols }) => {
    return total + rows * cols;
  }, 0);
  expect(count).toBe(3 * 49984);
});

test('one layer is the Pre-LN block, bit for bit', () => {
  const block = contextualBlock({
    wiring: 'pre-ln',
    layer: softmaxAttention({ tokenWidth: 6, width: 6, heads: 2, biases: true }),
    hidden: 11,
    activation: 'gelu',
  });
  const layer = part(PARAMETERS, 'layer0');
  const renamed = Object.fromEntries(
    Object.entries(layer).map(([name, value]) => [name.replace(/^attention\./, 'layer.'), value]),
  );
  const one = preLnStack({ ...OPTIONS, layers: 1 });
  const found = one.forward(eager, prefixed('layer0', layer), SEQUENCES, BATCH);
  expectSameMatrix(found, block.forward(eager, renamed, SEQUENCES, BATCH).output, 'output');
});

test('its value is that of all rows, read at the last', () => {
  const found = STACK.forward(eager, PARAMETERS, SEQUENCES, BATCH);
  const expected = allRows(eager, PARAMETERS, SEQUENCES, 3);
  const bound = expected.data.map(() => 1e-13 * largest(expected));
  expectWithin(found.data, expected.data, bound, 'output');
});

describe('its gradients', () => {
  const problem = stackRegression(STACK, { batch: 13 });
  const whole: Problem = stackRegression(
    { ...STACK, forward: (on, p, sequences) => allRows(on, p, sequences, 3) },
    { batch: 13 },
  );
  const found = gradientOf(problem, PARAMETERS, [SEQUENCES, TARGETS]);

  test('are those of all rows, to 1e-13 of the largest entry, for every parameter', () => {
    const expected = gradientOf(whole, PARAMETERS, [SEQUENCES, TARGETS]);
    expectWithin([found.loss], [expected.loss], [1e-13 * expected.loss], 'loss');
    for (const [name, gradient] of Object.entries(expected.gradients)) {
      const scale = largest(gradient);
      // A key bias moves all scores of a row alike: no gradient but rounding.
      const bound = 1e-13 * (name.endsWith('.bk') ? 1 : scale);
      if (!name.endsWith('.bk')) expect(scale, name).toBeGreaterThan(1e-4);
      const { data } = found.gradients[name];
      expectWithin(
        data,
        gradient.data,
        data.map(() => bound),
        name,
      );
    }
  });

  test('are the slopes of the loss', () => {
    for (const name of Object.keys(PARAMETERS)) {
      const direction = normalMatrix(PARAMETERS[name].rows, PARAMETERS[name].cols, random);
      const lossAt = (t: number): number => {
        const { rows, cols, data } = PARAMETERS[name];
        const moved = matrix(
          rows,
          cols,
          data.map((entry, i) => entry + t * direction.data[i]),
        );
        return gradientOf(problem, { ...PARAMETERS, [name]: moved }, [SEQUENCES, TARGETS]).loss;
      };
      const h = 1e-5;
      const slope = (lossAt(h) - lossAt(-h)) / (2 * h);
      const expected = found.gradients[name].data.reduce((dot, entry, i) => {
        return dot + entry * direction.data[i];
      }, 0);
      // Measured (Node 20.20): at most 6e-10 of the loss, and slopes of 2e-3 to 2 of it but for bk, 0.
      expectWithin([slope], [expected], [1e-7 * found.loss], name);
    }
  });

  test('reach every entry of every token, the last layer’s keys and values included', () => {
    const tape = new Tape();
    const variables = mapParameters(PARAMETERS, (value) => tape.constant(value));
    const tokens = tape.parameter(SEQUENCES);
    const output = STACK.forward(tape, variables, tokens, BATCH);
    const [gradient] = tape.gradients(tape.apply(sum, output), [tokens]);
    expect(gradient.data.every((entry) => entry !== 0)).toBe(true);
  });
});

test('options that do not fit are refused', () => {
  for (const what of ['layers', 'width', 'heads', 'hidden'] as const) {
    for (const size of [0, -1, 1.5, NaN]) {
      expect(() => preLnStack({ ...OPTIONS, [what]: size }), `${what} ${size}`).toThrow(
        DomainError,
      );
    }
  }
  expect(() => preLnStack({ ...OPTIONS, heads: 4 })).toThrow('multiple of heads');
  expect(() => preLnStack({ ...OPTIONS, activation: 'toString' as 'gelu' })).toThrow(
    'preLnStack: activation must be one of relu, gelu',
  );
  for (const epsilon of [0, -1, NaN, Infinity]) {
    expect(() => preLnStack({ ...OPTIONS, epsilon })).toThrow('epsilon must be positive');
  }
});
