/**
 * Gradient steps against a restatement of their formulas, and by hand in exact numbers.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { DomainError, matrix, matrixFromRows, Random, StateError } from '../../src/linalg/index.ts';
import { Adam, sgdStep } from '../../src/model/optimisers.ts';
import { initialise, type Parameters, weightShape } from '../../src/model/parameters.ts';
import { assertSameBits } from '../support/same-bits.ts';

const shapes = { a: weightShape(3, 5), 'b.c': weightShape(1, 7) };
const draw = (stream: number): Parameters => initialise(shapes, new Random(89, stream));
const names = Object.keys(shapes);
const one = (x: number): Parameters => ({ x: matrix(1, 1, Float64Array.of(x)) });

/** Copies of every entry, to compare with after a call. */
const snapshot = (...all: Parameters[]): number[] =>
  all.flatMap((p) => Object.values(p).flatMap(({ data }) => Array.from(data)));

describe('sgdStep', () => {
  test('is θ − η·g: product rounded, then difference', () => {
    const [theta, g] = [draw(1), draw(2)];
    const moved = sgdStep(theta, g, 1 / 3);
    expect(Object.keys(moved)).toEqual(names);
    for (const name of names) {
      const expected = theta[name].data.map((entry, i) => {
        const product = (1 / 3) * g[name].data[i];
        return entry - product;
      });
      assertSameBits(moved[name].data, expected, name);
      expect([moved[name].rows, moved[name].cols]).toEqual([theta[name].rows, theta[name].cols]);
    }
    assertSameBits(sgdStep(one(5), one(3), 0.25).x.data, [4.25], 'by hand');
  });

  test('leaves its arguments untouched and shares no memory with them', () => {
    const [theta, g] = [draw(1), draw(2)];
    const before = snapshot(theta, g);
    const moved = sgdStep(theta, g, 0);
    for (const name of names) moved[name].data.fill(NaN);
    assertSameBits(snapshot(theta, g), before, 'arguments');
  });
});

describe('Adam', () => {
  test('by hand, in exact numbers: two steps', () => {
    // β1 = 1/2, β2 = 3/4, ε = 2, η = 1/4.
    // g = 2: m = 1, v = 1; η/(1 − 1/2) = 1/2, √v/√(1/4) + 2 = 4; θ = 1 − (1/2)/4
    const adam = new Adam({ learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 2 });
    const first = adam.step(one(1), one(2));
    assertSameBits(first.x.data, [0.875], 'after one');
    expect(adam.state).toEqual({
      beta1Power: 0.5,
      beta2Power: 0.75,
      first: one(1),
      second: one(1),
    });
    adam.step(first, one(0));
    expect(adam.state.first).toEqual(one(0.5));
    expect(adam.state.second).toEqual(one(0.75));
    expect([adam.state.beta1Power, adam.state.beta2Power]).toEqual([0.25, 0.5625]);
  });

  test('seven steps have the bits of the documented formulas', () => {
    const [eta, beta1, beta2, epsilon] = [0.01, 0.9, 0.999, 1e-8]; // the last three are the defaults
    const adam = new Adam({ learningRate: eta });
    let theta = draw(1);
    const expected = Object.fromEntries(names.map((name) => [name, Array.from(theta[name].data)]));
    const m = Object.fromEntries(names.map((name) => [name, expected[name].map(() => 0)]));
    const v = Object.fromEntries(names.map((name) => [name, expected[name].map(() => 0)]));
    let [power1, power2] = [1, 1];
    for (let t = 1; t <= 7; t++) {
      const g = draw(1 + t);
      theta = adam.step(theta, g);
      power1 *= beta1;
      power2 *= beta2;
      for (const name of names) {
        g[name].data.forEach((gi, i) => {
          m[name][i] = beta1 * m[name][i] + (1 - beta1) * gi;
          v[name][i] = beta2 * v[name][i] + (1 - beta2) * gi * gi;
          const denominator = Math.sqrt(v[name][i]) / Math.sqrt(1 - power2) + epsilon;
          expected[name][i] -= ((eta / (1 - power1)) * m[name][i]) / denominator;
        });
        assertSameBits(theta[name].data, expected[name], `step ${t}, ${name}`);
        assertSameBits(adam.state.first[name].data, m[name], `step ${t}, m of ${name}`);
        assertSameBits(adam.state.second[name].data, v[name], `step ${t}, v of ${name}`);
      }
    }
  });

  test('is algorithm 1 of the paper, with m̂ and v̂, up to rounding', () => {
    const adam = new Adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.9 });
    let theta = one(1);
    let [expected, m, v] = [1, 0, 0];
    for (let t = 1; t <= 23; t++) {
      const g = 1 + (t % 5);
      theta = adam.step(theta, one(g));
      m = 0.8 * m + 0.2 * g;
      v = 0.9 * v + 0.1 * g ** 2;
      expected -= (0.01 * (m / (1 - 0.8 ** t))) / (Math.sqrt(v / (1 - 0.9 ** t)) + 1e-8);
    }
    // Measured 2e-16; each of 23 steps of size 0.01 has about 20 roundings of relative size u.
    expect(Math.abs(theta.x.data[0] - expected)).toBeLessThan(1e-15);
    expect(expected).toBeLessThan(0.8);
  });

  test('the first step has the length η, against the gradient, whatever its size', () => {
    for (const g of [1e-3, 1, 1e3, -1e-3, -1]) {
      const moved = new Adam({ learningRate: 0.5 }).step(one(0), one(g)).x.data[0];
      // ε = 1e-8 beside |g| ≥ 1e-3 shortens the step by 1e-5 of it at most.
      expect(Math.abs(moved + 0.5 * Math.sign(g))).toBeLessThan(0.5 * 1.01e-5);
    }
    assertSameBits(new Adam({ learningRate: 0.5 }).step(one(3), one(0)).x.data, [3], 'gradient 0');
  });

  test('a step leaves parameters, gradients and the state before untouched', () => {
    const adam = new Adam({ learningRate: 0.1 });
    const theta = adam.step(draw(1), draw(2));
    const { state } = adam;
    const g = draw(3);
    const before = snapshot(theta, g, state.first, state.second);
    const moved = adam.step(theta, g);
    assertSameBits(snapshot(theta, g, state.first, state.second), before, 'arguments and state');
    expect(adam.state).not.toBe(state);
    expect(snapshot(moved)).not.toEqual(snapshot(theta));
  });

  test('goes on from a state as if never interrupted', () => {
    const whole = new Adam({ learningRate: 0.1 });
    const first = whole.step(draw(1), draw(2));
    const resumed = new Adam({ learningRate: 0.1 }, whole.state);
    const [a, b] = [whole.step(first, draw(3)), resumed.step(first, draw(3))];
    assertSameBits(snapshot(b), snapshot(a), 'parameters');
    expect(resumed.state).toEqual(whole.state);
  });

  test('has no state before the first step', () => {
    const adam = new Adam({ learningRate: 0.1 });
    expect(() => adam.state).toThrow(StateError);
    expect(() => adam.state).toThrow('Adam: a step is required before there is a state');
  });

  test('options out of their range are refused by name, and their limits are as documented', () => {
    const wrong = {
      learningRate: [0, -1, NaN, Infinity],
      beta1: [-0.1, 1, NaN],
      beta2: [-0.1, 1, NaN],
      epsilon: [0, -1, NaN, Infinity],
    };
    for (const [what, values] of Object.entries(wrong)) {
      for (const value of values) {
        const run = (): unknown => new Adam({ learningRate: 0.1, [what]: value });
        expect(run).toThrow(`Adam: ${what} is out of its range, got ${value}`);
        expect(run).toThrow(DomainError);
      }
    }
    const plain = new Adam({ learningRate: 5e-324, beta1: 0, beta2: 0, epsilon: 5e-324 });
    expect(plain.options.beta1).toBe(0);
    const { options } = new Adam({ learningRate: 0.1 });
    expect(options).toEqual({ learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  });

  test('with β1 = β2 = 0 each step is η·g/(|g| + ε), without memory', () => {
    const adam = new Adam({ learningRate: 1, beta1: 0, beta2: 0, epsilon: 1 });
    const x = matrixFromRows([[0, 0, 0]]);
    adam.step({ x }, { x: matrixFromRows([[9, 9, 9]]) });
    const { x: moved } = adam.step({ x }, { x: matrixFromRows([[1, -3, 0]]) });
    assertSameBits(moved.data, [-0.5, 0.75, 0], 'x');
  });
});
