/**
 * Multi-head softmax attention in one operation.
 *
 * Fused, because the scores of a batch are the largest thing in a transformer and nobody else
 * reads them; the projections around it are `linear`.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, NonFiniteError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';

/** What an attention operation is made for. */
export interface AttentionOptions {
  /** Sequences folded into the rows. */
  readonly batch: number;
  readonly heads: number;
  /** Key-value heads; query head h reads ⌊h·kvHeads/heads⌋. Default: `heads`. */
  readonly kvHeads?: number;
  /** Whether a token sees only itself and those before it. Default: false. */
  readonly causal?: boolean;
  /** Whether only the last token of each sequence asks. It sees all. Default: false. */
  readonly queryRow?: boolean;
}

interface Saved {
  readonly sizes: kernels.AttentionSizes;
  readonly q: Matrix;
  readonly k: Matrix;
  readonly v: Matrix;
  /** The weights, a row of T numbers for each sequence, head and query row. */
  readonly p: Float64Array;
}

/**
 * o_h = Σ_j softmax_j(q_h·k_{j,g}/√e)·v_{j,g}, heads side by side, g = ⌊h·G/H⌋.
 *
 * Shapes, for B sequences of T tokens, H heads and G key-value heads of width e: arguments q
 * (B·T)×(H·e), or B×(H·e) with `queryRow`; k and v (B·T)×(G·e). The value is shaped like q. Orders
 * of rounding and the backward formulas stand with the kernel, `linalg/reference/attention.ts`.
 *
 * @throws DomainError if the options are not positive integers, or kvHeads exceeds heads.
 * @throws ShapeError if the arguments do not fit them.
 * @throws NonFiniteError if a score is not finite.
 */
export function attention(options: AttentionOptions): Op<Saved> {
  const { batch, heads, kvHeads = heads, causal = false, queryRow = false } = options;
  for (const [what, count] of Object.entries({ batch, heads, kvHeads })) {
    if (!(Number.isInteger(count) && count > 0)) {
      throw new DomainError(`attention: ${what} must be a positive integer, got ${count}`);
    }
  }
  if (kvHeads > heads) {
    throw new DomainError(`attention: kvHeads must be at most ${heads}, got ${kvHeads}`);
  }
  return {
    name: `attention(${heads}/${kvHeads} heads${causal ? ', causal' : ''}${queryRow ? ', query row' : ''})`,

    forward(args) {
      const [q, k, v] = args;
      const requirement =
        `q, k and v for ${batch} sequences, ${heads} heads and ${kvHeads} key-value heads ` +
        `${queryRow ? 'and one query row a sequence ' : ''}are required`;
      requireShapes('attention', requirement, args, 3, () => {
        const width = q.cols / heads;
        const tokens = k.rows / batch;
        const queries = q.rows / batch;
        return (
          Number.isInteger(width) &&
          width > 0 &&
          k.cols === kvHeads * width &&
          v.cols === k.cols &&
          Number.isInteger(tokens) &&
          tokens > 0 &&
          v.rows === k.rows &&
          queries === (queryRow ? 1 : tokens)
        );
      });
      const sizes: kernels.AttentionSizes = {
        batch,
        tokens: k.rows / batch,
        queries: q.rows / batch,
        heads,
        kvHeads,
        width: q.cols / heads,
        causal,
      };
      const o = matrix(q.rows, q.cols);
      const p = new Float64Array(batch * heads * sizes.queries * sizes.tokens);
      const scale = 1 / Math.sqrt(sizes.width);
      if (!kernels.attention(sizes, scale, q.data, k.data, v.data, p, o.data)) {
        throw new NonFiniteError('attention: scores must be finite, got a row that is not');
      }
      return { value: o, saved: { sizes, q, k, v, p } };
    },

    backward(dO, { sizes, q, k, v, p }) {
      const dq = matrix(q.rows, q.cols);
      const dk = matrix(k.rows, k.cols);
      const dv = matrix(v.rows, v.cols);
      kernels.attentionBackward(
        sizes,
        1 / Math.sqrt(sizes.width),
        { q: q.data, k: k.data, v: v.data, p, dO: dO.data },
        { dq: dq.data, dk: dk.data, dv: dv.data },
      );
      return [dq, dk, dv];
    },

    probe(random) {
      const [tokens, width] = [5, 3];
      const queries = queryRow ? batch : batch * tokens;
      return [
        probeMatrix(queries, heads * width, random),
        probeMatrix(batch * tokens, kvHeads * width, random),
        probeMatrix(batch * tokens, kvHeads * width, random),
      ];
    },
  };
}
