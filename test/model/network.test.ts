/**
 * A network of Pre-LN blocks: its shapes, its value against all rows, its gradients.
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
import { gradientOf, type Problem } from '../../src/model/gradients.ts';
import {
  contextualBlock,
  elmanLayer,
  gpt2Block,
  type Network,
  network,
} from '../../src/model/index.ts';
import { initialise, mapParameters, type Parameters } from '../../src/model/parameters.ts';
import { networkRegression } from '../../src/model/regression.ts';
import { expectWithin, normalMatrix } from '../autograd/support.ts';

const BLOCK = gpt2Block({ width: 6, heads: 2, hidden: 11, activation: 'gelu' });
const STACK: Network = network([BLOCK, BLOCK, BLOCK]);
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
    const at = (name: string): V => p[`blocks.${i}.${name}`];
    const map = (y: V, W: string, b: string): V =>
      on.apply(addBias, on.apply(linear, y, at(W)), at(b));
    const norm = (y: V, name: string): V =>
      on.apply(layerNorm({ epsilon: 1e-5 }), y, at(`${name}.g`), at(`${name}.b`));
    const y = norm(x, 'norm1');
    const [q, k, v] = ['q', 'k', 'v'].map((to) => map(y, `layer.W${to}`, `layer.b${to}`));
    const o = on.apply(attention({ batch: BATCH, heads: 2, causal: true }), q, k, v);
    const r = on.apply(add, x, map(o, 'layer.Wo', 'layer.bo'));
    const h = on.apply(gelu, map(norm(r, 'norm2'), 'mlp.W1', 'mlp.b1'));
    x = on.apply(add, r, map(h, 'mlp.W2', 'mlp.b2'));
  }
  return on.apply(lastRows(TOKENS), x);
}

const largest = ({ data }: Matrix): number =>
  data.reduce((max, entry) => Math.max(max, Math.abs(entry)), 0);

test('its parameters are flat and dotted, 49 984 a block at width 64 and 256 hidden', () => {
  const names = Object.keys(network([BLOCK]).shapes);
  expect(names).toContain('blocks.0.layer.Wq');
  expect(names).toContain('blocks.0.norm2.b');
  expect(new Set(names).size).toBe(Object.keys(STACK.shapes).length / 3);
  const large = network([gpt2Block({ width: 64, heads: 2, hidden: 256 })]);
  const count = Object.values(large.shapes).reduce(
    (total, { rows, cols }) => total + rows * cols,
    0,
  );
  expect(count).toBe(49984);
});

test('its value is that of all rows, read at the last', () => {
  const found = STACK.forward(eager, PARAMETERS, SEQUENCES, BATCH, 'query');
  const expected = allRows(eager, PARAMETERS, SEQUENCES, 3);
  const bound = expected.data.map(() => 1e-13 * largest(expected));
  expectWithin(found.data, expected.data, bound, 'output');
});

describe('its gradients', () => {
  const problem = networkRegression(STACK, { batch: 13 });
  const whole: Problem = networkRegression(
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
    const output = STACK.forward(tape, variables, tokens, BATCH, 'query');
    const [gradient] = tape.gradients(tape.apply(sum, output), [tokens]);
    expect(gradient.data.every((entry) => entry !== 0)).toBe(true);
  });
});

test('blocks that do not fit are refused', () => {
  expect(() => network([])).toThrow(DomainError);
  const wide = gpt2Block({ width: 8, heads: 2, hidden: 4 });
  expect(() => network([BLOCK, wide])).toThrow('8 and 8 in block 1');
  const layer = elmanLayer({ tokenWidth: 6, width: 5 });
  expect(() => network([contextualBlock({ layer, hidden: 3 })])).toThrow(DomainError);
});
