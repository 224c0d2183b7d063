/**
 * Attention biases of rotary layers, for tokens whose positions are counted from elsewhere.
 *
 * @module
 */
import { eager, rope } from '../autograd/index.ts';
import { DomainError, matrix } from '../linalg/index.ts';
import type { AttentionBias, FeatureLayer } from './attention-bias.ts';

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
