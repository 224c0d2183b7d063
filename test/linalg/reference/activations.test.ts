import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as kernels from '../../../src/linalg/reference/activations.ts';
import * as special from '../../../src/linalg/special/index.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, leavesAlone } from '../cases.ts';

type Kernel = (x: Float64Array, y: Float64Array, slope: Float64Array) => void;
type OfOne = (x: number) => number;

/** Each kernel, its value and its slope as functions of one double. */
const FUNCTIONS: Readonly<Record<keyof typeof kernels, readonly [Kernel, OfOne, OfOne]>> = {
  gelu: [kernels.gelu, special.gelu, special.geluDerivative],
  geluTanh: [kernels.geluTanh, special.geluTanh, special.geluTanhDerivative],
  silu: [kernels.silu, special.silu, special.siluDerivative],
  tanh: [kernels.tanh, special.tanh, special.tanhDerivative],
  sigmoid: [kernels.sigmoid, special.sigmoid, special.sigmoidDerivative],
  softplus: [kernels.softplus, special.softplus, special.sigmoid],
  eluPlusOne: [
    kernels.eluPlusOne,
    (x) => (x > 0 ? x + 1 : special.exp(x)),
    (x) => (x > 0 ? 1 : special.exp(x)),
  ],
};

test.each(Object.entries(FUNCTIONS))(
  '%s is its function of one double, entry by entry',
  (_, [kernel, value, derivative]) => {
    const random = new Random(221);
    for (const [, draw] of DRAWS) {
      const x = draw(random, 200);
      const [y, slope] = [blank(200), blank(200)];
      leavesAlone([x], () => kernel(x, y, slope));
      assertSameBits(
        y,
        x.map((t) => value(t)),
        'value',
      );
      assertSameBits(
        slope,
        x.map((t) => derivative(t)),
        'slope',
      );
    }
  },
);

test.each(Object.entries(FUNCTIONS))(
  'the slope of %s is that of its values',
  (name, [, f, slope]) => {
    const h = 2 ** -10;
    for (const x of [-3, -1.25, -0.3, 0.2, 0.9, 2.5]) {
      const difference = (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
      // Measured 4e-13; truncation is h⁴/30 = 3e-14 times a fifth derivative of about 10.
      expect(Math.abs(slope(x) - difference), `${name} at ${x}`).toBeLessThan(5e-12);
    }
  },
);
