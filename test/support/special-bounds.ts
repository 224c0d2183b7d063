/**
 * The error bounds that the special functions promise: for the tests, the golden values and the
 * table of accuracy.
 *
 * @module
 */
import * as special from '../../src/linalg/special/index.ts';

/** What each promises: ulp, or units of u·(|y| + |x·y′|). */
export const BOUNDS: Readonly<Record<string, { ulp?: number; units?: number }>> = {
  exp: { ulp: 1 },
  expm1: { ulp: 1 },
  log: { ulp: 1 },
  log1p: { ulp: 1 },
  sin: { ulp: 1 },
  cos: { ulp: 1 },
  tanh: { ulp: 1 },
  tanhDerivative: { units: 8 },
  sigmoid: { ulp: 1 },
  sigmoidDerivative: { units: 8 },
  softplus: { ulp: 1 },
  erf: { ulp: 1 },
  erfc: { ulp: 2 },
  gelu: { units: 8 },
  geluDerivative: { units: 8 },
  geluTanh: { units: 8 },
  geluTanhDerivative: { units: 8 },
  silu: { units: 8 },
  siluDerivative: { units: 8 },
};

const LINEAR = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715 * LINEAR;

/** g″ of x·s(v), s the logistic function: s″·v′² + … with s′ = s(1 − s), s″ = s′·(1 − 2s). */
function gatedSecond(x: number, v: number, slope: number, curve: number): number {
  const s = special.sigmoid(v);
  const s1 = special.sigmoidDerivative(v);
  return 2 * s1 * slope + x * (s1 * (1 - 2 * s) * slope * slope + s1 * curve);
}

/** The derivatives that the composite bound asks for, in plain doubles. */
const DERIVATIVES: Readonly<Record<string, (x: number) => number>> = {
  tanhDerivative: (x) => -2 * special.tanh(x) * special.tanhDerivative(x),
  sigmoidDerivative: (x) => special.sigmoidDerivative(x) * (1 - 2 * special.sigmoid(x)),
  gelu: special.geluDerivative,
  geluDerivative: (x) => (2 - x * x) * Math.exp(-0.5 * x * x) * 0.3989422804014327,
  geluTanh: special.geluTanhDerivative,
  geluTanhDerivative: (x) =>
    gatedSecond(x, x * (LINEAR + CUBIC * x * x), LINEAR + 3 * CUBIC * x * x, 6 * CUBIC * x),
  silu: special.siluDerivative,
  siluDerivative: (x) => gatedSecond(x, x, 1, 0),
};

/** y′ of a function with a composite bound. */
export const derivativeFor = (name: string): ((x: number) => number) | undefined =>
  DERIVATIVES[name];
