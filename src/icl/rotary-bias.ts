/**
 * Attention biases of rotary layers, for tokens whose positions are counted from elsewhere.
 *
 * @module
 */
import { eager, rope } from '../autograd/index.ts';
import {
  DomainError,
  dot,
  gamma,
  type Matrix,
  matrix,
  norm,
  UNIT_ROUNDOFF,
} from '../linalg/index.ts';
import { type AttentionBias, type FeatureLayer, projected } from './attention-bias.ts';
import { enlarge } from './rounding-bounds.ts';

/**
 * The biases as seen by tokens that count positions from elsewhere: R_shift·b_KV; b_D is not rotated.
 *
 * With shift = −n the tokens after a context of n stand at 0, 1, …: (R_{p−n}·q)·(R_{−n}·R_c·k) =
 * (R_p·q)·(R_c·k), up to rounding. Error: a column s of S turns by an angle that is off by at most
 * (|shift| + 5)·u a pair, so by 2(|shift| + 5)·u·‖s‖.
 *
 * @throws DomainError if a layer is without rotation, or there are not as many biases as layers.
 */
export function rebaseBiases(
  layers: readonly FeatureLayer[],
  biases: readonly AttentionBias[],
  shift: number,
): AttentionBias[] {
  if (biases.length !== layers.length) {
    throw new DomainError(
      `rebaseBiases: a bias for each of ${layers.length} layers is required, got ${biases.length}`,
    );
  }
  return biases.map(({ S, n }, l) => {
    const options = layers[l].rope;
    if (!options) {
      throw new DomainError(`rebaseBiases: layer ${l} must have a rotation, got none`);
    }
    const e = S.cols;
    // A column of a head's block is a vector among the keys: it becomes a row, turns, and goes back.
    const turn = rope({ ...options, heads: n.rows, width: e, positions: Array(e).fill(shift) });
    const columns = matrix(e, S.rows);
    for (let a = 0; a < S.rows; a++) {
      for (let c = 0; c < e; c++) columns.data[c * S.rows + a] = S.data[a * e + c];
    }
    const turned = eager.apply(turn, columns);
    const data = S.data.map((_, i) => turned.data[(i % e) * S.rows + Math.floor(i / e)]);
    return { S: matrix(S.rows, e, data), n: matrix(n.rows, e, n.data.slice()) };
  });
}

/**
 * |out′ − out| at every token that one rotary layer reads after a context of n tokens: out′ with the biases
 * re-based by −n and positions counted from 0, out with the context, before an output projection.
 *
 *   (10(T + 5)·u + 2γ_{T+e+3} + 2u)·Σ_j ‖φ(q)‖‖φ(k_j)‖·|v_jc|/(φ(q)·Σ_j φ(k_j)),  head by head
 *
 * for T tokens in all and e numbers a head. A rotation by p is off by at most 2(|p| + 5)·u of a vector's length,
 * five of them take part, and two sums; divisors have the same bits. Without rotation the bound is 0:
 * `readTokens` continues its sums in their order.
 *
 * Shapes: context n×w, later r×w; the layer's queries are r×(H·e), and so is the bound.
 */
export function rebasedBound(
  { parameters, heads = 1, rope: rotation }: FeatureLayer,
  context: Matrix,
  later: Matrix,
): Matrix {
  const T = context.rows + later.rows;
  const all = matrix(T, later.cols, Float64Array.of(...context.data, ...later.data));
  const { q, k, v } = projected(parameters, all);
  const width = q.cols;
  const e = width / heads;
  const bound = matrix(later.rows, width);
  if (!rotation) return bound;
  const rounding = (10 * (T + 5) + 2) * UNIT_ROUNDOFF + 2 * gamma(T + e + 3);
  const ofHead = ({ data }: Matrix, j: number, from: number): Float64Array =>
    data.subarray(j * width + from, j * width + from + e);
  for (let t = 0; t < later.rows; t++) {
    for (let from = 0; from < width; from += e) {
      const own = ofHead(q, context.rows + t, from);
      const mass = new Float64Array(e);
      let divisor = 0;
      for (let j = 0; j <= context.rows + t; j++) {
        const key = ofHead(k, j, from);
        const weight = norm(own) * norm(key);
        ofHead(v, j, from).forEach((entry, c) => {
          mass[c] += weight * Math.abs(entry);
        });
        divisor += dot(own, key);
      }
      mass.forEach((entry, c) => {
        // Projections, features and divisor are computed numbers here: γ_{2(T + e)} at most.
        bound.data[t * width + from + c] = enlarge((rounding * entry) / divisor, 2 * (T + e));
      });
    }
  }
  return bound;
}
