/**
 * Parameter records: names, shapes, first values and refusals.
 *
 * @module
 */
import { expect, test } from 'vitest';
import {
  DomainError,
  type Matrix,
  matrix,
  NonFiniteError,
  Random,
  ShapeError,
} from '../../src/linalg/index.ts';
import {
  biasShape,
  initialise,
  mapParameters,
  part,
  prefixed,
  requireParameters,
  weightShape,
} from '../../src/model/parameters.ts';
import { assertSameBits } from '../support/same-bits.ts';

const shapes = { W: weightShape(3, 5), b: biasShape(3, 5), 'deep.W': weightShape(2, 3) };
const fresh = (): Record<string, Matrix> => ({ ...initialise(shapes, new Random(29)) });

test('a weight is [out, in], a bias one row, and both have the fan-in of the inputs', () => {
  expect(weightShape(3, 5)).toEqual({ rows: 3, cols: 5, fanIn: 5 });
  expect(biasShape(3, 5)).toEqual({ rows: 1, cols: 3, fanIn: 5 });
});

test('initialise draws from U(−1/√fanIn, 1/√fanIn), in order of the record and of the entries', () => {
  const parameters = initialise(shapes, new Random(29));
  const random = new Random(29);
  expect(Object.keys(parameters)).toEqual(['W', 'b', 'deep.W']);
  for (const [name, { rows, cols, fanIn }] of Object.entries(shapes)) {
    const limit = 1 / Math.sqrt(fanIn);
    const expected = Float64Array.from({ length: rows * cols }, () =>
      random.between(-limit, limit),
    );
    assertSameBits(parameters[name].data, expected, name);
    expect([parameters[name].rows, parameters[name].cols]).toEqual([rows, cols]);
  }
});

test('initialise fills its interval: a thousand draws come near both limits and pass neither', () => {
  const { data } = initialise({ W: weightShape(1000, 7) }, new Random(31)).W;
  const limit = 1 / Math.sqrt(7);
  const [low, high] = [
    data.reduce((a, b) => Math.min(a, b)),
    data.reduce((a, b) => Math.max(a, b)),
  ];
  expect(low >= -limit && low < -0.99 * limit).toBe(true);
  expect(high <= limit && high > 0.99 * limit).toBe(true);
});

test('one seed gives one record, another seed another', () => {
  const [a, b, c] = [29, 29, 30].map((seed) => initialise(shapes, new Random(seed)));
  for (const name of Object.keys(shapes)) {
    assertSameBits(a[name].data, b[name].data, name);
    expect(a[name].data).not.toEqual(c[name].data);
  }
});

test('part undoes prefixed, and takes nothing of a name that only begins alike', () => {
  const layered = { ...prefixed('a', shapes), ...prefixed('ab', { W: weightShape(1, 1) }) };
  expect(Object.keys(layered)).toEqual(['a.W', 'a.b', 'a.deep.W', 'ab.W']);
  expect(part(layered as never, 'a')).toEqual(shapes);
  expect(part(part(layered as never, 'a'), 'deep')).toEqual({ W: shapes['deep.W'] });
  expect(part(layered as never, 'c')).toEqual({});
});

test('mapParameters keeps names and their order', () => {
  const sizes = mapParameters(fresh(), ({ data }, name) => `${name}: ${data.length}`);
  expect(Object.entries(sizes)).toEqual([
    ['W', 'W: 15'],
    ['b', 'b: 3'],
    ['deep.W', 'deep.W: 6'],
  ]);
});

test('parameters that fit are accepted, in any order and with entries of any finite size', () => {
  const { W, b, ...rest } = fresh();
  W.data.set([1e308, -1e308, 5e-324, -0]);
  expect(() => requireParameters('test', shapes, { ...rest, b, W })).not.toThrow();
});

test('a missing parameter is named with its shape', () => {
  const { b: _b, ...rest } = fresh();
  expect(() => requireParameters('caller', shapes, rest)).toThrow(
    'caller: parameter b (1x3) is required, got none',
  );
  expect(() => requireParameters('caller', shapes, rest)).toThrow(DomainError);
});

test('an unknown parameter is named, even one that every object inherits', () => {
  for (const name of ['w', 'deep', 'constructor', 'toString']) {
    const all = { ...fresh(), [name]: matrix(1, 1) };
    expect(() => requireParameters('caller', shapes, all), name).toThrow(
      `caller: parameters W, b, deep.W are required, got also ${name}`,
    );
    expect(() => requireParameters('caller', shapes, all)).toThrow(DomainError);
  }
  const needed = { toString: weightShape(1, 1) };
  expect(() => requireParameters('caller', needed, {})).toThrow(/parameter toString .* got none/);
});

test('a parameter of another shape is named with both shapes', () => {
  for (const wrong of [matrix(5, 3), matrix(3, 4), matrix(15, 1), matrix(0, 5)]) {
    const run = (): void => requireParameters('caller', shapes, { ...fresh(), W: wrong });
    expect(run).toThrow(`caller: parameter W must be 3x5, got ${wrong.rows}x${wrong.cols}`);
    expect(run).toThrow(ShapeError);
  }
});

test('a NaN or an infinity is named with its place', () => {
  for (const entry of [NaN, Infinity, -Infinity]) {
    const parameters = fresh();
    parameters['deep.W'].data[5] = entry;
    const run = (): void => requireParameters('caller', shapes, parameters);
    expect(run).toThrow(`caller: parameter deep.W must be finite, got ${entry} at entry 5`);
    expect(run).toThrow(NonFiniteError);
  }
});
