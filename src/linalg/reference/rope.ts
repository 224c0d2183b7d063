/**
 * Plain twins of rotary position embedding.
 *
 * Letters: r rows of H heads of width e, of which the first ρ numbers (ρ even) turn in ρ/2 pairs. Pair
 * j is (j, j + ρ/2) if `half`, else (2j, 2j + 1). Tables hold r rows of ρ/2 numbers.
 * Source: Su et al., RoFormer, arXiv:2104.09864, equation 34.
 *
 * @module
 */
import { exp } from '../special/exp.ts';
import { log } from '../special/log.ts';
import { cos, sin } from '../special/sin-cos.ts';

/** The sizes above. */
export interface RopeSizes {
  readonly rows: number;
  readonly heads: number;
  readonly width: number;
  readonly rotated: number;
  readonly half: boolean;
}

/** base^(−2j/ρ) for each pair j, computed as exp(−((2j/ρ)·log base)), each product rounded. */
export function ropeFrequencies(base: number, rotated: number): Float64Array {
  const frequencies = new Float64Array(rotated / 2);
  for (let j = 0; j < frequencies.length; j++) {
    frequencies[j] = exp(-(((2 * j) / rotated) * log(base)));
  }
  return frequencies;
}

/** cosines and sines of p·frequency_j for each position p and pair j, the product rounded. */
export function ropeTables(
  positions: Float64Array,
  frequencies: Float64Array,
  cosines: Float64Array,
  sines: Float64Array,
): void {
  const pairs = frequencies.length;
  for (let i = 0; i < positions.length; i++) {
    for (let j = 0; j < pairs; j++) {
      const theta = positions[i] * frequencies[j];
      cosines[i * pairs + j] = cos(theta);
      sines[i * pairs + j] = sin(theta);
    }
  }
}

/**
 * (y, y′) = (x·cos θ − x′·sin θ, x·sin θ + x′·cos θ) for every pair (x, x′); the other numbers are
 * copied. With `inverse` θ is −θ, which is the transpose. `out` may be x.
 */
export function rotate(
  sizes: RopeSizes,
  cosines: Float64Array,
  sines: Float64Array,
  inverse: boolean,
  x: Float64Array,
  out: Float64Array,
): void {
  const { rows, heads, width, rotated, half } = sizes;
  const pairs = rotated / 2;
  for (let i = 0; i < rows; i++) {
    for (let h = 0; h < heads; h++) {
      const at = (i * heads + h) * width;
      for (let j = 0; j < pairs; j++) {
        const first = at + (half ? j : 2 * j);
        const second = first + (half ? pairs : 1);
        const c = cosines[i * pairs + j];
        const s = inverse ? -sines[i * pairs + j] : sines[i * pairs + j];
        const [a, b] = [x[first], x[second]];
        out[first] = a * c - b * s;
        out[second] = a * s + b * c;
      }
      for (let c = rotated; c < width; c++) out[at + c] = x[at + c];
    }
  }
}
