import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/activations.ts';
import * as kernels from '../../../src/linalg/wasm/activations.ts';
import {
  type ActivationExports,
  type ActivationName,
  activationModules,
} from '../../../src/linalg/wasm/activations.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, hostile, leavesAlone } from '../cases.ts';
import { around, scales } from '../special/arguments.ts';
import { runGuarded } from './guarded.ts';

const NAMES: readonly ActivationName[] = [
  'gelu',
  'geluTanh',
  'silu',
  'tanh',
  'sigmoid',
  'softplus',
  'eluPlusOne',
];

// Either side of a pair, of a turn (4 or 6), of a plain copy (8) and of a piece (4096).
const LENGTHS = [...Array(20).keys(), 31, 32, 33, 127, 4095, 4096, 4097, 4099, 8193];

/** Where one of the twins changes its way: bounds, underflow, overflow, series, splits. */
const SEAMS = [
  ...[2 ** -1074, 2 ** -1022, 1e-300, 2 ** -28, 2 ** -27, 0.5, 0.75, 0.7517915, 1, 1.2784645, 2],
  ...[19.06, 20, 21, 21.1, 21.7, 24, 36.8, 37.5, 38.5, 40, 354.2, 360, 372.5, 373],
  ...[708.3964185322641, 709.782712893384, 710, 745.1332191019412, 746, 760, 1024, 1e300],
  Math.log(Math.SQRT2 + 1), // 1 + exp(−x) = √2: the logarithm of softplus takes another power of 2
];

/** Where z + 1 = 2ᵉ·(1 + i/4), z = x·√½: erfcx takes another row. */
const ROWS = Array.from({ length: 22 }, (_, j) => {
  const edge = 2 ** Math.floor(j / 4) * (1 + (j % 4) / 4);
  return Math.SQRT2 * (edge - 1);
}).slice(1);

/** Where an exponential takes another k: of −x, of −2x, of −x²/2. */
const HALVES = Array.from({ length: 1100 }, (_, k) => (k + 0.5) * Math.LN2).flatMap((half) => [
  half,
  half / 2,
  Math.sqrt(2 * half),
]);

const plain: Readonly<Record<ActivationName, typeof twins.gelu>> = { ...twins };
const fast: typeof plain = { ...kernels };

describe.each(NAMES)('%s has the bits of its twin, value and slope,', (name) => {
  function compare(x: Float64Array, label: string): void {
    const [y, slope, expectedY, expectedSlope] = [0, 1, 2, 3].map(() => blank(x.length));
    leavesAlone([x], () => fast[name](x, y, slope));
    plain[name](x, expectedY, expectedSlope);
    // Of a difference the argument is the interesting part.
    const at = x.findIndex((_, i) => !Object.is(y[i], expectedY[i]));
    assertSameBits(y, expectedY, `${label}, value, x = ${x[at]}`);
    const slopeAt = x.findIndex((_, i) => !Object.is(slope[i], expectedSlope[i]));
    assertSameBits(slope, expectedSlope, `${label}, slope, x = ${x[slopeAt]}`);
  }

  test.each(DRAWS)('on %s entries of every length', (_, draw) => {
    for (const n of LENGTHS) compare(draw(new Random(91), n), `seed 91, n = ${n}`);
  });

  test('at zeros, infinities and NaN, in every lane', () => {
    const special = [0, -0, NaN, Infinity, -Infinity, 5e-324, -5e-324, 1e300, -1e300, 1];
    for (const x of special) {
      for (const other of special)
        compare(Float64Array.of(x, other, other, x, x, x, other), 'lanes');
    }
  });

  test('around every seam', () => {
    const points = [...SEAMS, ...ROWS, ...HALVES].flatMap((x) => around(x, 12));
    compare(Float64Array.from(points), 'seams');
  });

  test('on dense sweeps, from the middle to far beyond underflow', () => {
    const random = new Random(92);
    for (const size of [0.01, 1, 5, 45, 400, 1100]) {
      const x = Float64Array.from({ length: 40_001 }, () => random.between(-size, size));
      compare(x, `seed 92, |x| < ${size}`);
    }
  });

  test('on a million arguments of all exponents', () => {
    compare(Float64Array.from(scales(93, 1_000_000, -1074, 1024)), 'seed 93');
  });

  test('and nothing but them is written, wherever memory ends', () => {
    const random = new Random(94);
    for (let n = 0; n < 14; n++) {
      const x = hostile(random, n);
      const [y, slope] = [blank(n), blank(n)];
      plain[name](x, y, slope);
      for (const last of ['x', 'y', 'slope']) {
        const operands = { x, y: blank(n), slope: blank(n) };
        const run = (f: WebAssembly.Exports, at: Readonly<Record<string, number>>): void =>
          (f as unknown as ActivationExports).apply(at['x'], at['y'], at['slope'], n);
        const results = runGuarded(activationModules(name), operands, ['y', 'slope'], last, run);
        assertSameBits(results['y'], y, `seed 94, n = ${n}, ${last} last`);
        assertSameBits(results['slope'], slope, `seed 94, n = ${n}, ${last} last`);
      }
    }
  });

  test('from modules small enough to be compiled where a browser draws', () => {
    for (const { length } of activationModules(name)) expect(length).toBeLessThan(4096);
  });
});
