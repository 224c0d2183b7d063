/**
 * Multi-head softmax attention in one operation.
 *
 * Fused, because the scores of a batch are the largest thing in a transformer and nobody else
 * reads them; the projections around it are `linear`.
 *
 * @module
 */
import { DomainError, type Matrix, NonFiniteError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { resultArray, resultMatrix } from '../../linalg/wasm/workspace.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { requirePositiveIntegers } from '../options.ts';

/** What an attention operation is made for. */
export interface AttentionOptions {
  /** Sequences folded into the rows. */
  readonly batch: number;
  readonly heads: number;
  /** Key-value heads; query head h reads ⌊h·kvHeads/heads⌋. Default: `heads`. */
  readonly kvHeads?: number;
  /** Whether a token sees only itself and those before it. Default: false, all see all. */
  readonly causal?: boolean;
  /** Whether only the last token of each sequence asks. It sees all. Default: false. */
  readonly queryRow?: boolean;
  /** What scores q·k are multiplied by. Default: 1/√e. */
  readonly scale?: number;
  /** Sliding window: tokens at a distance of `window` or more are not visible. Default: none. */
  readonly window?: number;
  /** κ of s ← κ·tanh(s/κ), on scaled scores (Gemma 2). Default: none. */
  readonly softCap?: number;
  /** One slope m a head: s ← s − m·distance, after the cap (ALiBi). Default: none. */
  readonly alibi?: ArrayLike<number>;
  /**
   * Positions of the tokens of one sequence, strictly ascending; the same for all. Distances are
   * differences of them: what is left of a sequence keeps the ones it had. Default: 0, 1, 2 …
   */
  readonly positions?: ArrayLike<number>;
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
 * of rounding, what the other options do to a score, and the backward formulas stand with the
 * kernel, `linalg/reference/attention.ts`. An option left out costs no rounding.
 *
 * @throws DomainError if an option is out of its range.
 * @throws ShapeError if the arguments do not fit them.
 * @throws NonFiniteError if a score is not finite.
 */
export function attention(options: AttentionOptions): Op<Saved> {
  const { batch, heads, kvHeads = heads, causal = false, queryRow = false } = options;
  requirePositiveIntegers('attention', { batch, heads, kvHeads });
  if (kvHeads > heads) {
    throw new DomainError(`attention: kvHeads must be at most ${heads}, got ${kvHeads}`);
  }
  const rules = rulesOf(options);
  const scaleFor = (width: number): number => options.scale ?? 1 / Math.sqrt(width);
  const fixedTokens = rules.positions?.length;
  return {
    name: `attention(${nameOf(options)})`,

    forward(args) {
      const [q, k, v] = args;
      const requirement =
        `q, k and v for ${batch} sequences${fixedTokens === undefined ? '' : ` of ${fixedTokens} tokens`}, ` +
        `${heads} heads and ${kvHeads} key-value heads ` +
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
          tokens === (fixedTokens ?? tokens) &&
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
      const o = resultMatrix(q.rows, q.cols);
      const p = resultArray(batch * heads * sizes.queries * sizes.tokens);
      const scale = scaleFor(sizes.width);
      if (!kernels.attention(sizes, scale, q.data, k.data, v.data, p, o.data, rules)) {
        throw new NonFiniteError('attention: scores must be finite, got a row that is not');
      }
      return { value: o, saved: { sizes, q, k, v, p } };
    },

    backward(dO, { sizes, q, k, v, p }) {
      const dq = resultMatrix(q.rows, q.cols);
      const dk = resultMatrix(k.rows, k.cols);
      const dv = resultMatrix(v.rows, v.cols);
      kernels.attentionBackward(
        sizes,
        scaleFor(sizes.width),
        { q: q.data, k: k.data, v: v.data, p, dO: dO.data },
        { dq: dq.data, dk: dk.data, dv: dv.data },
        rules,
      );
      return [dq, dk, dv];
    },

    probe(random) {
      const [tokens, width] = [fixedTokens ?? 5, 3];
      const queries = queryRow ? batch : batch * tokens;
      return [
        probeMatrix(queries, heads * width, random),
        probeMatrix(batch * tokens, kvHeads * width, random),
        probeMatrix(batch * tokens, kvHeads * width, random),
      ];
    },
  };
}

/** The options that bend scores and visibility, checked. */
function rulesOf(options: AttentionOptions): kernels.AttentionRules {
  const { heads, window, softCap, scale } = options;
  for (const [what, value] of Object.entries({ window, softCap, scale })) {
    if (value !== undefined && !(value > 0 && value < Infinity)) {
      throw new DomainError(`attention: ${what} must be positive and finite, got ${value}`);
    }
  }
  const slopes = options.alibi && Float64Array.from(options.alibi);
  if (slopes && !(slopes.length === heads && slopes.every(Number.isFinite))) {
    throw new DomainError(`attention: alibi must be ${heads} finite slopes, got ${slopes}`);
  }
  const positions = options.positions && Float64Array.from(options.positions);
  const ascend = positions?.every((position, j) => {
    return Number.isFinite(position) && (j === 0 || position > positions[j - 1]);
  });
  if (positions && !(ascend && positions.length > 0)) {
    throw new DomainError(`attention: positions must be finite and ascend, got ${positions}`);
  }
  return {
    ...(window !== undefined && { window }),
    ...(softCap !== undefined && { softCap }),
    ...(slopes && { slopes }),
    ...(positions && { positions }),
  };
}

/** What the operation is made for, in words. */
function nameOf(options: AttentionOptions): string {
  const { heads, kvHeads = heads, causal, queryRow, scale, window, softCap } = options;
  return [
    `${heads}/${kvHeads} heads`,
    causal && 'causal',
    queryRow && 'query row',
    scale !== undefined && `scale ${scale}`,
    window !== undefined && `window ${window}`,
    softCap !== undefined && `cap ${softCap}`,
    options.alibi && 'ALiBi',
    options.positions && `${options.positions.length} positions`,
  ]
    .filter(Boolean)
    .join(', ');
}
