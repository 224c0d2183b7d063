/**
 * special: correctly rounded values of the special functions at edge points and hard-to-round ones,
 * softmax and log-sum-exp of vectors, and the extreme values of the activations.
 *
 * @module
 */
import { softmax } from '../../src/linalg/reference/softmax.ts';
import * as special from '../../src/linalg/special/index.ts';
import { type Agreement, type Golden, ulp } from '../support/golden.ts';
import { BOUNDS, derivativeFor } from '../support/special-bounds.ts';

/** The bound of the accuracy table, plus half an ulp that the golden value was rounded by. */
export const tolerance = (): ((golden: number) => number) => (golden) => 1.5 * ulp(golden);

/** Golden names that are not ours with an underscore. */
const RENAMED: Readonly<Record<string, string>> = {
  gelu_tanh: 'geluTanh',
  gelu_grad: 'geluDerivative',
  gelu_tanh_grad: 'geluTanhDerivative',
  silu_grad: 'siluDerivative',
  sigmoid_grad: 'sigmoidDerivative',
};

type Scalar = (x: number) => number;

export function read({ functions, vectors, constants }: Golden, agreement: Agreement): void {
  const ours: Readonly<Record<string, Scalar>> = {
    ...(special as unknown as Record<string, Scalar>),
    sqrt: Math.sqrt,
  };
  for (const name of Object.keys(functions)) {
    const f = ours[RENAMED[name] ?? name];
    agreement.holds(`${name} is a function of ours`, typeof f === 'function');
    for (const point of functions[name]) {
      const x = Number(point.x);
      const y = Number(point.y);
      agreement.same(`bits of ${name}'s argument ${x}`, bits(x), point.xbits);
      agreement.same(`bits of ${name}(${x})`, bits(y), point.ybits);
      const value = f(x);
      if (y === 0 || !Number.isFinite(y)) agreement.same(`${name}(${x})`, value, y);
      else agreement.within(`${name}(${x})`, value, y, () => allowed(RENAMED[name] ?? name, x, y));
    }
  }
  vectors.forEach(({ x, softmax: weights, logsumexp, log_softmax }: Golden, k: number) => {
    const scores = Float64Array.from(x, Number);
    const n = scores.length;
    const sum = special.logSumExp(scores);
    const largest = Math.max(...scores);
    // The bound of logSumExp's doc comment.
    const room = (golden: number): number => 2 ** -53 * (n / 2 + 4 + 2 * Math.abs(golden));
    agreement.within(`vector ${k}: logsumexp`, sum, logsumexp, room);
    const y = new Float64Array(n).fill(Number.NaN);
    softmax(scores, y, 0, n);
    weights.forEach((weight: number, i: number) => {
      // A score's difference from the largest is rounded once: its size times u, relative.
      const apart = Number.isFinite(scores[i]) ? largest - scores[i] : 0;
      const near = (w: number): number => (n + 6 + apart) * ulp(w);
      agreement.within(`vector ${k}: softmax ${i}`, y[i], weight, near);
      const golden = Number(log_softmax[i]);
      const value = scores[i] - sum;
      if (!Number.isFinite(golden)) agreement.same(`vector ${k}: log-softmax ${i}`, value, golden);
      else {
        const reach = room(logsumexp) + ulp(golden);
        agreement.within(`vector ${k}: log-softmax ${i}`, value, golden, () => reach);
      }
    });
  });
  extremes(constants, agreement);
}

/** |y^ − y| that the table of accuracy allows at x, and half an ulp for the rounding of y. */
function allowed(name: string, x: number, y: number): number {
  const { ulp: ulps, units } = BOUNDS[name] ?? { ulp: 0 };
  if (units === undefined) return ((ulps ?? 0) + 0.5) * ulp(y);
  const slope = derivativeFor(name)?.(x) ?? Number.NaN;
  const room = units * 2 ** -53 * (Math.abs(y) + Math.abs(x * slope));
  return room + 2 * Math.abs(x) * 2 ** -1074 + 0.5 * ulp(y);
}

/** Where a derivative is extreme it is flat: its value there is good to a few ulp. */
function extremes(constants: Golden, agreement: Agreement): void {
  const { gelu, geluDerivative, geluTanhDerivative, siluDerivative, geluTanh } = special;
  const few = (golden: number): number => 8 * ulp(golden);
  agreement.within('largest gelu′', geluDerivative(Math.SQRT2), constants.max_gelu_grad, few);
  agreement.within('least gelu′', geluDerivative(-Math.SQRT2), constants.min_gelu_grad, few);
  agreement.within(
    'largest silu′',
    siluDerivative(constants.silu_grad_argmax),
    constants.max_silu_grad,
    few,
  );
  for (const [name, value] of [
    ['gelu', geluDerivative(constants.gelu_argmin)],
    ['silu', siluDerivative(constants.silu_argmin)],
  ] as const) {
    agreement.holds(`the least ${name} has derivative 0`, Math.abs(value) <= 2 ** -50);
  }
  let difference = 0;
  let slope = 0;
  for (let i = -40_000; i <= 40_000; i++) {
    difference = Math.max(difference, Math.abs(gelu(i / 8000) - geluTanh(i / 8000)));
    slope = Math.max(slope, geluTanhDerivative(i / 8000));
  }
  const scanned = (golden: number): number => 1e-7 * golden; // the grid is 1/8000
  agreement.within('gelu − gelu-tanh', difference, constants.max_abs_gelu_minus_gelu_tanh, scanned);
  agreement.within('largest gelu-tanh′', slope, constants.max_gelu_tanh_grad, scanned);
}

const DOUBLE = new DataView(new ArrayBuffer(8));

/** The bits of x as the golden file writes them. */
function bits(x: number): string {
  DOUBLE.setFloat64(0, x);
  return `0x${DOUBLE.getBigUint64(0).toString(16).padStart(16, '0')}`;
}
