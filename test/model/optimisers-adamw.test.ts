/**
 * AdamW: decay beside the gradient, Adam for the rest.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { DomainError, matrix, Random, StateError } from '../../src/linalg/index.ts';
import { AdamW } from '../../src/model/adamw.ts';
import { Adam } from '../../src/model/optimisers.ts';
import { initialise, type Parameters, weightShape } from '../../src/model/parameters.ts';
import { assertSameBits } from '../support/same-bits.ts';

const shapes = { a: weightShape(3, 5), b: weightShape(1, 7) };
const draw = (stream: number): Parameters => initialise(shapes, new Random(97, stream));
const one = (x: number): Parameters => ({ x: matrix(1, 1, Float64Array.of(x)) });
const flat = (p: Parameters): number[] => Object.values(p).flatMap(({ data }) => [...data]);

test('by hand: 1 decays by 1/8, then Adam takes its step', () => {
  // η·λ = 1/8: θ = 7/8. β1 = 1/2, β2 = 3/4, ε = 2, η = 1/4, g = 2: step 1/8, as in Adam's test.
  const options = { learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 2, weightDecay: 0.5 };
  const adam = new AdamW(options);
  assertSameBits(adam.step(one(1), one(2)).x.data, [0.75], 'x');
  expect(adam.state.first).toEqual(one(1)); // decay is not in the moments
});

test('without decay it is Adam; with decay it is Adam from decayed parameters', () => {
  const [plain, zero] = [
    new Adam({ learningRate: 0.1 }),
    new AdamW({ learningRate: 0.1, weightDecay: 0 }),
  ];
  const decaying = new AdamW({ learningRate: 0.1, weightDecay: 0.3 });
  const other = new Adam({ learningRate: 0.1 });
  let [p, q, r] = [draw(1), draw(1), draw(1)];
  for (let t = 0; t < 5; t++) {
    const g = draw(10 + t);
    p = plain.step(p, g);
    q = zero.step(q, g);
    assertSameBits(flat(q), flat(p), `step ${t}, no decay`);
    const smaller = Object.fromEntries(
      Object.entries(r).map(([name, { rows, cols, data }]) => {
        return [
          name,
          matrix(
            rows,
            cols,
            data.map((entry) => (1 - 0.1 * 0.3) * entry),
          ),
        ];
      }),
    );
    r = decaying.step(r, g);
    assertSameBits(flat(r), flat(other.step(smaller, g)), `step ${t}, decay`);
  }
});

test('parameters that do not decay take the step of Adam, and a schedule sets the rate of both', () => {
  const adam = new AdamW({ learningRate: 1, weightDecay: 0.5, decays: (name) => name === 'a' });
  const moved = adam.step(draw(1), draw(2), 0.25);
  const plain = new Adam({ learningRate: 0.25 }).step(draw(1), draw(2));
  assertSameBits(moved.b.data, plain.b.data, 'b');
  expect(moved.a.data).not.toEqual(plain.a.data);
  const same = new AdamW({ learningRate: 0.25, weightDecay: 0.5, decays: (name) => name === 'a' });
  assertSameBits(flat(same.step(draw(1), draw(2))), flat(moved), 'rate by option or by step');
});

test('arguments keep their bits, and the state goes on as if never interrupted', () => {
  const whole = new AdamW({ learningRate: 0.1, weightDecay: 0.2, decays: () => false });
  const [p, g] = [draw(1), draw(2)];
  const first = whole.step(p, g);
  assertSameBits([...flat(p), ...flat(g)], [...flat(draw(1)), ...flat(draw(2))], 'arguments');
  for (const name of Object.keys(p)) expect(first[name].data).not.toBe(p[name].data);
  const resumed = new AdamW({ learningRate: 0.1, weightDecay: 0.2 }, whole.state);
  const unbroken = new AdamW({ learningRate: 0.1, weightDecay: 0.2 }, whole.state);
  assertSameBits(flat(resumed.step(first, g)), flat(unbroken.step(first, g)), 'resumed');
});

test('what is out of range is refused by name', () => {
  for (const weightDecay of [-1, NaN, Infinity]) {
    const run = (): unknown => new AdamW({ learningRate: 0.1, weightDecay });
    expect(run).toThrow(DomainError);
    expect(run).toThrow(`AdamW: weightDecay must be finite and not negative, got ${weightDecay}`);
  }
  expect(() => new AdamW({ learningRate: 0, weightDecay: 0 })).toThrow('Adam: learningRate');
  const adam = new AdamW({ learningRate: 0.1, weightDecay: 0 });
  expect(() => adam.state).toThrow(StateError);
  for (const rate of [-1, NaN, Infinity]) {
    expect(() => adam.step(one(1), one(1), rate)).toThrow(
      `Adam: learningRate is out of its range, got ${rate}`,
    );
  }
});
