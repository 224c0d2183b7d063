import { expect, test } from 'vitest';
import { sigmoid, sigmoidDerivative } from '../../../src/linalg/special/sigmoid.ts';
import { softplus } from '../../../src/linalg/special/softplus.ts';
import { tanh, tanhDerivative } from '../../../src/linalg/special/tanh.ts';
import {
  bigSigmoid,
  bigSigmoidDerivative,
  bigSoftplus,
  bigTanh,
  bigTanhDerivative,
} from '../../support/big-special.ts';
import { derivativeFor } from '../../support/special-bounds.ts';
import {
  around,
  ascendsAround,
  draws,
  type Scalar,
  scales,
  within,
  withinComposite,
  withinOnDraws,
} from './arguments.ts';

/** Measured on 3·10⁷ arguments each (npm run accuracy): 0.554, 0.532, 0.642. */
const TANH_BOUND = 0.57;
const SIGMOID_BOUND = 0.55;
const SOFTPLUS_BOUND = 0.7;

/** Half a unit for the second rounding, and the first one counts at most half. */
const SUBNORMAL_BOUND = 0.8;

test.each([
  ['tanh', TANH_BOUND, 1, -0.5, 0.5],
  ['tanh', TANH_BOUND, 2, -3, 3],
  ['tanh', TANH_BOUND, 3, -22, 22],
  ['sigmoid', SIGMOID_BOUND, 4, -2, 2],
  ['sigmoid', SIGMOID_BOUND, 5, -40, 40],
  ['sigmoid', SIGMOID_BOUND, 6, -700, 0],
  ['softplus', SOFTPLUS_BOUND, 7, -2, 2],
  ['softplus', SOFTPLUS_BOUND, 8, -40, 40],
  ['softplus', SOFTPLUS_BOUND, 9, -700, 700],
] as const)(
  '%s is within %f ulp on random arguments (seed %i): %f … %f',
  (name, bound, seed, low, high) => {
    withinOnDraws(bound, name, seed, [low, high]);
  },
);

test('tanh is within its bound at all scales, where it becomes x and where it becomes 1', () => {
  within(TANH_BOUND, tanh, bigTanh, scales(11, 4_000, -1074, 5));
  const seams = [2 ** -28, 2 ** -27, 0.25 * Math.LN2, 0.75 * Math.LN2, 19.0615, 20, 18.7];
  within(
    TANH_BOUND,
    tanh,
    bigTanh,
    seams.flatMap((x) => around(x, 20)),
  );
  for (const x of seams) {
    ascendsAround(tanh, x);
    ascendsAround(tanh, -x);
  }
});

test('sigmoid is within its bound at all scales and where its pieces meet', () => {
  within(SIGMOID_BOUND, sigmoid, bigSigmoid, scales(12, 4_000, -1074, 9));
  const seams = [2 ** -53, 0.5 * Math.LN2, 1.5 * Math.LN2, 36.7, 37.4, 700];
  within(
    SIGMOID_BOUND,
    sigmoid,
    bigSigmoid,
    seams.flatMap((x) => around(x, 20)),
  );
  for (const x of seams) {
    ascendsAround(sigmoid, x);
    ascendsAround(sigmoid, -x);
  }
});

test('softplus is within its bound at all scales, at −21 and 21, and where it becomes x', () => {
  within(SOFTPLUS_BOUND, softplus, bigSoftplus, scales(13, 3_000, -1074, 9));
  const seams = [21, 36.0437, 36.5, 36.7368, 37.5, 0.5 * Math.LN2, 88.7];
  within(
    SOFTPLUS_BOUND,
    softplus,
    bigSoftplus,
    seams.flatMap((x) => around(x, 20)),
  );
  for (const x of seams) {
    ascendsAround(softplus, x);
    ascendsAround(softplus, -x);
  }
});

test('sigmoid and softplus underflow gradually', () => {
  const points = [...draws(14, 3_000, -745.2, -708.39), -745.1332191019411, -745.1332191019412];
  within(SUBNORMAL_BOUND, sigmoid, bigSigmoid, points);
  within(SUBNORMAL_BOUND, softplus, bigSoftplus, points);
  expect(sigmoid(-745.13321910194)).toBe(5e-324);
  expect(softplus(-745.13321910194)).toBe(5e-324);
});

test.each([
  ['sigmoid', sigmoidDerivative, bigSigmoidDerivative, -745, 745],
  ['tanh', tanhDerivative, bigTanhDerivative, -373, 373],
] as const)(
  'the derivative of %s is within half of the composite bound',
  (name, f, big, low, high) => {
    const slope = derivativeFor(`${name}Derivative`) as Scalar;
    const points = [...draws(15, 3_000, -3, 3), ...draws(16, 2_000, low, high), 0, -0, 1e-300, 20];
    withinComposite(4, f, big, slope, points);
  },
);

test('tanh is odd and the derivatives are even, to the bit', () => {
  for (const x of scales(17, 5_000, -1074, 1024)) {
    expect(tanh(-x)).toBe(-tanh(x));
    expect(tanhDerivative(-x)).toBe(tanhDerivative(x));
    expect(sigmoidDerivative(-x)).toBe(sigmoidDerivative(x));
  }
});

test('tanh, sigmoid and softplus are exact at the special values', () => {
  for (const x of [0, -0, 5e-324, -5e-324, 1e-300, -1e-9]) expect(tanh(x)).toBe(x);
  for (const x of [19.0616, 20, 21, 1e4, 1e300, Infinity]) {
    expect(tanh(x)).toBe(1);
    expect(tanh(-x)).toBe(-1);
  }
  for (const x of [0, -0, 5e-324, -1e-300, 1e-17]) expect(sigmoid(x)).toBe(0.5);
  for (const x of [37.5, 760, 761, 1e300, Infinity]) {
    expect(sigmoid(x)).toBe(1);
    expect(softplus(x)).toBe(x);
  }
  for (const x of [-745.14, -750, -760, -761, -1e300, -Infinity]) {
    expect(sigmoid(x)).toBe(0);
    expect(softplus(x)).toBe(0);
    expect(sigmoidDerivative(x)).toBe(0);
    expect(tanhDerivative(x)).toBe(0);
  }
  for (const x of [0, -0, 5e-324, -5e-324]) expect(softplus(x)).toBe(Math.LN2);
  expect(softplus(Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
  expect(sigmoidDerivative(0)).toBe(0.25);
  expect(tanhDerivative(0)).toBe(1);
  for (const f of [tanh, tanhDerivative, sigmoid, sigmoidDerivative, softplus]) {
    expect(f(Number.NaN)).toBe(Number.NaN);
  }
});
