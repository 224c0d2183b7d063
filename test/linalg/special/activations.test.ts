import { expect, test } from 'vitest';
import { gelu, geluDerivative } from '../../../src/linalg/special/gelu.ts';
import { geluTanh, geluTanhDerivative } from '../../../src/linalg/special/gelu-tanh.ts';
import { silu, siluDerivative } from '../../../src/linalg/special/silu.ts';
import * as big from '../../support/big-special.ts';
import { derivativeFor } from '../../support/special-bounds.ts';
import { around, draws, type Scalar, scales, withinComposite } from './arguments.ts';

interface Activation {
  readonly f: Scalar;
  readonly reference: big.Reference;
  /** Below, the function is a subnormal number or 0. */
  readonly underflow: number;
  /** Its share of the composite bound, in u: 8 is allowed; measured by npm run accuracy. */
  readonly units: number;
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: { f: gelu, reference: big.bigGelu, underflow: -37.5, units: 3 },
  geluDerivative: {
    f: geluDerivative,
    reference: big.bigGeluDerivative,
    underflow: -37.6,
    units: 6,
  },
  geluTanh: { f: geluTanh, reference: big.bigGeluTanh, underflow: -21.1, units: 2 },
  geluTanhDerivative: {
    f: geluTanhDerivative,
    reference: big.bigGeluTanhDerivative,
    underflow: -21.1,
    units: 6,
  },
  silu: { f: silu, reference: big.bigSilu, underflow: -708, units: 3 },
  siluDerivative: {
    f: siluDerivative,
    reference: big.bigSiluDerivative,
    underflow: -708,
    units: 6,
  },
};

/** Zeros of the derivatives, and where the derivatives are extreme. */
const FLAT = [
  -0.7517915246935645,
  -1.278464542761074,
  -0.7524614220710162,
  Math.SQRT2,
  2.3993572805154675,
];

test.each(Object.entries(ACTIVATIONS))(
  '%s is within its share of the bound',
  (name, { f, reference, underflow, units }) => {
    const slope = derivativeFor(name) as Scalar;
    const points = [
      ...draws(1, 2_500, -4, 4),
      ...draws(2, 1_500, underflow, 5),
      ...draws(3, 300, 1.05 * underflow, underflow),
      ...scales(4, 1_000, -1070, 3),
      ...FLAT.flatMap((x) => around(Math.abs(x), 10)),
      ...[1, 0.5, 0.35355, 5.9, 37, 38.4, 700, 750].flatMap((x) => [x, -x]),
    ];
    withinComposite(units, f, reference, slope, points);
  },
);

test('gelu keeps its digits in the tail, where the bound would let it go', () => {
  // −37: the naive formula is off by 490 ulp here.
  withinComposite(2, gelu, big.bigGelu, () => 0, [-5.9, -7, -12, -25, -37]);
  expect(gelu(-6)).toBeLessThan(0);
  expect(geluDerivative(-6)).toBeLessThan(0);
});

test('silu keeps its digits where sigmoid is subnormal or 0', () => {
  // silu(−750) is −750·exp(−750), one and a half units of 2⁻¹⁰⁷⁴ times two.
  expect(silu(-750)).toBe(-1.5e-323);
  withinComposite(3, silu, big.bigSilu, () => 0, draws(5, 300, -714, -708));
});

test('the activations are exact at the special values', () => {
  for (const f of [gelu, geluTanh, silu]) {
    for (const x of [0, -0, Infinity]) expect(f(x)).toBe(x);
    for (const x of [-1e4, -Number.MAX_VALUE, -Infinity]) expect(f(x)).toBe(-0);
    for (const x of [50, 1e4, 1e300, Number.MAX_VALUE]) expect(f(x)).toBe(x);
    expect(f(1e-300)).toBe(5e-301);
    expect(f(-1e-300)).toBe(-5e-301);
    expect(f(Number.NaN)).toBe(Number.NaN);
  }
  for (const f of [geluDerivative, geluTanhDerivative, siluDerivative]) {
    for (const x of [0, -0, 5e-324, -1e-300]) expect(f(x)).toBe(0.5);
    for (const x of [1e4, Number.MAX_VALUE, Infinity]) {
      expect(f(x)).toBe(1);
      expect(f(-x)).toBe(-0);
    }
    expect(f(Number.NaN)).toBe(Number.NaN);
  }
});

test('each derivative is the slope of its function, and changes sign at its zero', () => {
  const h = 2 ** -17;
  for (const [f, slope] of [
    [gelu, geluDerivative],
    [geluTanh, geluTanhDerivative],
    [silu, siluDerivative],
  ]) {
    for (const x of draws(6, 500, -6, 6)) {
      const difference = (f(x + h) - f(x - h)) / (2 * h);
      expect(Math.abs(difference - slope(x)), `x = ${x}`).toBeLessThan(1e-10); // h²/6·|f‴| and u/h
    }
  }
  for (const [slope, zero] of [
    [geluDerivative, FLAT[0]],
    [siluDerivative, FLAT[1]],
    [geluTanhDerivative, FLAT[2]],
  ] as const) {
    expect(slope(zero - 1e-12)).toBeLessThan(0);
    expect(slope(zero + 1e-12)).toBeGreaterThan(0);
  }
});

test('the two forms of GELU differ by at most 4.74e-4, and by that much', () => {
  let difference = 0;
  for (let x = -5; x <= 5; x += 1 / 512)
    difference = Math.max(difference, Math.abs(gelu(x) - geluTanh(x)));
  expect(difference).toBeGreaterThan(4.73e-4);
  expect(difference).toBeLessThan(4.74e-4);
});
