import { describe, expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { blockBounds, proveContextPatch, runPatched, VARIANTS } from '../../src/icl/index.ts';
import { DomainError, matrix, Random, rowMatrix } from '../../src/linalg/index.ts';
import {
  blockOf,
  deepMlp,
  initialise,
  mapParameters,
  runBlock,
  type Site,
  softmaxAttention,
  WIRINGS,
  type WiringName,
} from '../../src/model/index.ts';
import { vector } from '../support/small-cases.ts';

test('two hidden layers by hand: W3·relu(W2·relu(W1·z + b1) + b2) + b3', () => {
  const net = deepMlp({ width: 2, hidden: 2, outputWidth: 1, activation: 'relu' });
  const p = {
    W1: matrix(2, 2, vector(1, 2, 3, -4)),
    b1: rowMatrix(vector(1, 0)),
    W2: matrix(2, 2, vector(2, 5, -1, 7)),
    b2: rowMatrix(vector(-3, 2)),
    W3: matrix(1, 2, vector(10, 100)),
    b3: rowMatrix(vector(0.5)),
  };
  // W1·(1, 1) + b1 = (4, −1) → (4, 0); W2 gives (8, −4) + b2 = (5, −2) → (5, 0); 50 + ½.
  const order: string[] = [];
  const linear = ({ weight, bias }: Site, s: ReturnType<typeof rowMatrix>) => {
    order.push(weight);
    const [W, b] = [p[weight as 'W1' | 'W3'], p[bias as 'b1' | 'b3']];
    return rowMatrix(
      b.data.map(
        (shift, i) => shift + s.data.reduce((sum, x, j) => sum + W.data[i * 2 + j] * x, 0),
      ),
    );
  };
  const y = net.forward({ on: eager, p, linear }, rowMatrix(vector(1, 1)));
  expect(Array.from(y.data)).toEqual([50.5]);
  expect(order).toEqual(['W1', 'W3']);
});

test('its middle layer is no site, biases are left out on demand, odd sizes are refused', () => {
  const options = { width: 3, hidden: 5, outputWidth: 2, activation: 'geluTanh' } as const;
  const shapesOf = (biases: boolean): string[] =>
    Object.keys(deepMlp({ ...options, biases }).shapes);
  expect(shapesOf(true)).toEqual(['W1', 'b1', 'W2', 'b2', 'W3', 'b3']);
  expect(shapesOf(false)).toEqual(['W1', 'W2', 'W3']);
  const { inputs, outputs, shapes } = deepMlp(options);
  expect([inputs, outputs].map((sites) => sites.map(({ weight }) => weight))).toEqual([
    ['W1'],
    ['W3'],
  ]);
  expect([shapes.W1, shapes.W2, shapes.W3].map(({ rows, cols }) => [rows, cols])).toEqual([
    [5, 3],
    [5, 5],
    [2, 5],
  ]);
  expect(() => deepMlp({ ...options, hidden: 0 })).toThrow(DomainError);
  expect(() => deepMlp({ ...options, activation: 'none' as 'relu' })).toThrow(/deepMlp/);
});

const wirings = Object.keys(WIRINGS) as WiringName[];

function drawn(wiring: WiringName, seed: number, biases = true) {
  const random = new Random(seed, 79);
  const block = blockOf({
    name: wiring,
    wiring: WIRINGS[wiring],
    layer: softmaxAttention({ tokenWidth: 6, width: 6, heads: 3 }),
    feedForward: deepMlp({ width: 6, hidden: 11, outputWidth: 6, activation: 'geluTanh', biases }),
  });
  const parameters = mapParameters(initialise(block.shapes, random), ({ rows, cols, data }) =>
    matrix(
      rows,
      cols,
      data.map((entry) => entry + 0.1 * random.normal()),
    ),
  );
  const context = matrix(5, 6);
  random.fillNormal(context.data);
  const query = new Float64Array(6);
  random.fillNormal(query);
  return { block, parameters, context, query };
}

describe.each(wirings)('wiring %s', (wiring) => {
  test.each(VARIANTS)('%s is proved through both hidden layers', (variant) => {
    for (let seed = 0; seed < 6; seed++) {
      const { block, parameters, context, query } = drawn(wiring, seed, seed % 2 === 0);
      for (const application of ['factored', 'dense'] as const) {
        const options = { variant, application, removed: [0, 3] };
        const { output } = proveContextPatch(block, parameters, context, query, options);
        expect(output.overBound, `seed ${seed}, ${application}`).toBeLessThanOrEqual(1);
        expect(output.bound).toBeLessThan(1e-9);
      }
    }
  });

  test('without the patch of W1 the bound at the output is infinite and the output misses', () => {
    const { block, parameters, context, query } = drawn(wiring, 7);
    const { patch, remaining, base, contextual } = proveContextPatch(
      block,
      parameters,
      context,
      query,
    );
    const { biases } = patch;
    const without = { weights: {}, biases };
    const bounds = blockBounds(
      block,
      parameters,
      { base, contextual },
      'default',
      'factored',
      without,
    );
    expect(Array.from(bounds.output)).toEqual(Array.from(bounds.output, () => Infinity));
    const missed = runPatched(block, parameters, remaining, query, without).output;
    const aim = runBlock(block, parameters, context, query).output;
    expect(Math.max(...missed.map((y, i) => Math.abs(y - aim[i])))).toBeGreaterThan(1e-6);
  });
});
