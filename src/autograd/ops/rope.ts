/**
 * Rotary position embedding of queries or keys.
 *
 * @module
 */
import { DomainError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { requirePositiveIntegers } from '../options.ts';
import { type RopeScaling, scaledFrequencies } from '../rope-scaling.ts';

export interface RopeOptions {
  /** Heads side by side in a row. */
  readonly heads: number;
  /** Numbers a head. */
  readonly width: number;
  /** How many of them turn, the first ones; even. Default: `width`. */
  readonly rotated?: number;
  /** The position of each row: batch and time, folded as the rows are. */
  readonly positions: ArrayLike<number>;
  /** Default: 10000. */
  readonly base?: number;
  /** What is done to the frequencies base^(−2j/rotated). Default: nothing. */
  readonly scaling?: RopeScaling;
  /** Pairs (j, j + rotated/2), as Llama and NeoX, or (2j, 2j + 1), as GPT-J. */
  readonly style: 'half' | 'interleaved';
}

/**
 * Turns pair j of every head of row i by the angle θ_j(p_i) = p_i·base^(−2j/rotated), or p_i times
 * what `scaling` makes of that power.
 *
 *   forward    (y, y′) = (x·cos θ − x′·sin θ, x·sin θ + x′·cos θ)
 *   backward   the rotation by −θ
 *
 * Shapes: x and y r×(heads·width), r = positions.length. Products of a rotated query and a rotated key
 * depend on the difference of their positions only, up to rounding. The tables are computed once, here.
 *
 * @throws DomainError if an option is out of its range.
 * @throws ShapeError if x does not fit the options.
 */
export function rope(options: RopeOptions): Op<null> {
  const { heads, width, rotated = width, base = 10000, scaling, style } = options;
  const positions = Float64Array.from(options.positions);
  requirePositiveIntegers('rope', { heads, width, rotated });
  if (rotated % 2 !== 0 || rotated > width) {
    throw new DomainError(
      `rope: rotated must be even and at most the width ${width}, got ${rotated}`,
    );
  }
  if (!(base > 0 && base < Infinity)) {
    throw new DomainError(`rope: base must be positive and finite, got ${base}`);
  }
  if (style !== 'half' && style !== 'interleaved') {
    throw new DomainError(`rope: style must be half or interleaved, got ${style}`);
  }
  const wrong = positions.findIndex((position) => !Number.isFinite(position));
  if (wrong >= 0) {
    throw new DomainError(
      `rope: positions must be finite, got ${positions[wrong]} at entry ${wrong}`,
    );
  }
  const rows = positions.length;
  const cosines = new Float64Array((rows * rotated) / 2);
  const sines = new Float64Array((rows * rotated) / 2);
  const plain = kernels.ropeFrequencies(base, rotated);
  const frequencies = scaling ? scaledFrequencies(plain, scaling) : plain;
  kernels.ropeTables(positions, frequencies, cosines, sines);
  const sizes: kernels.RopeSizes = { rows, heads, width, rotated, half: style === 'half' };
  return {
    name: `rope(${heads} heads of ${rotated}/${width}, ${style}, base ${base}${scaling ? `, ${scaling.kind}` : ''})`,
    forward(args) {
      const [x] = args;
      const needs = `one matrix of ${rows}x${heads * width} is required`;
      requireShapes('rope', needs, args, 1, () => x.rows === rows && x.cols === heads * width);
      const y = resultMatrix(x.rows, x.cols);
      kernels.rotate(sizes, cosines, sines, false, x.data, y.data);
      return { value: y, saved: null };
    },
    backward(dy) {
      const dx = resultMatrix(dy.rows, dy.cols);
      kernels.rotate(sizes, cosines, sines, true, dy.data, dx.data);
      return [dx];
    },
    probe: (random) => [probeMatrix(rows, heads * width, random)],
  };
}
