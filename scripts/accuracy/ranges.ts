/**
 * Where `npm run accuracy` measures each special function, and what it promises there.
 *
 * @module
 */
import * as special from '../../src/linalg/special/index.ts';

/** Arguments are uniform in [low, high), times a random power of two in 2⁻⁵⁹ … 1 if `tiny`. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly tiny?: boolean;
}

/** The largest errors so far and where they are. */
export interface Measured {
  ulp: number;
  ulpAt: number;
  units: number;
  unitsAt: number;
}

/** Normal results only: a subnormal reference has no low part. */
export const RANGES: Readonly<Record<string, readonly Range[]>> = {
  exp: [range(-1, 1), range(-40, 40), range(-695, 709)],
  expm1: [tiny(-1, 1), range(-1.5, 1.5), range(-40, 40), range(-700, 709)],
  log: [range(0.5, 2), range(0.001, 1000), tiny(1, 1e9)],
  log1p: [tiny(-1, 1), range(-0.999, 3), range(0, 1e6)],
  sin: [tiny(-1, 1), range(-10, 10), range(-1e6, 1e6), range(-1e22, 1e22)],
  cos: [range(-1, 1), range(-10, 10), range(-1e6, 1e6), range(-1e22, 1e22)],
  tanh: [tiny(-1, 1), range(-2, 2), range(-20, 20)],
  tanhDerivative: [range(-2, 2), range(-340, 340)],
  sigmoid: [range(-2, 2), range(-40, 40), range(-690, 40)],
  sigmoidDerivative: [range(-2, 2), range(-690, 690)],
  softplus: [range(-2, 2), range(-40, 40), range(-690, 700)],
  erf: [tiny(-1, 1), range(-2, 2), range(-6, 6)],
  erfc: [range(-1, 1), range(-6, 6), range(0, 26)],
  gelu: [tiny(-1, 1), range(-4, 4), range(-36, 10)],
  geluDerivative: [range(-4, 4), range(-36, 10)],
  geluTanh: [tiny(-1, 1), range(-4, 4), range(-20, 10)],
  geluTanhDerivative: [range(-4, 4), range(-20, 10)],
  silu: [tiny(-1, 1), range(-4, 4), range(-690, 40)],
  siluDerivative: [range(-4, 4), range(-690, 40)],
};

function range(low: number, high: number): Range {
  return { low, high };
}

function tiny(low: number, high: number): Range {
  return { low, high, tiny: true };
}

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
