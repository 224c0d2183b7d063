/**
 * The ranges in which `npm run accuracy` measures each special function.
 *
 * @module
 */
/** Arguments are uniform in [low, high), times a random power of two in 2⁻⁵⁹ … 1 if `tiny`. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly tiny?: boolean;
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
