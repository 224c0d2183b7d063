/**
 * Linear attention: a state that sums keys times values, read by queries.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, NonFiniteError } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { areSequences, requirePositiveIntegers } from '../options.ts';

/** What a linear attention is made for. All default to false, the feature map to the identity. */
export interface LinearAttentionOptions {
  /** Sequences folded into the rows. */
  readonly batch: number;
  readonly heads: number;
  /** Whether a token sees only itself and those before it; else all see all. */
  readonly causal?: boolean;
  /** Whether only the last token of each sequence asks. It sees all. */
  readonly queryRow?: boolean;
  /** φ, applied to queries and keys. */
  readonly feature?: 'identity' | 'elu+1';
  /** Whether the output is divided by Σ_j φ(k_j)·φ(q). Precondition: that is positive. */
  readonly normalised?: boolean;
  /** Whether a token does not see itself. Needs `causal` or `queryRow`. */
  readonly excludeSelf?: boolean;
  /** Whether the state before the first token is an argument (two if normalised); else it is 0. */
  readonly initialState?: boolean;
}

interface Saved {
  readonly sizes: kernels.LinearAttentionSizes;
  readonly inputs: kernels.LinearAttentionInputs;
  readonly results: { readonly divisors: Float64Array; readonly o: Float64Array };
  /** φ′ at queries and keys; absent for the identity. */
  readonly slopes: { readonly q: Float64Array; readonly k: Float64Array } | null;
}

/**
 * o_h = (S₀ + Σ_j φ(k_j)·v_jᵀ)ᵀ·φ(q_h), for every head, over the tokens j that the query sees;
 * divided by (n₀ + Σ_j φ(k_j))·φ(q_h) if normalised.
 *
 * Shapes, for B sequences of T tokens and H heads of width e: q (B·T)×(H·e), or B×(H·e) with
 * `queryRow`; k and v (B·T)×(H·e); S₀ (H·e)×e, a block of e rows a head; n₀ H×e. S₀ and n₀ are
 * shared by the batch. The value is shaped like q. Orders of rounding and the backward formulas stand
 * with the kernel, `linalg/reference/linear-attention.ts`.
 *
 * @throws DomainError if the options do not go together; ShapeError if the arguments do not fit them.
 * @throws NonFiniteError if a divisor is not positive and finite.
 */
export function linearAttention(options: LinearAttentionOptions): Op<Saved> {
  const { batch, heads, causal = false, queryRow = false, feature = 'identity' } = options;
  const { normalised = false, excludeSelf = false, initialState = false } = options;
  requirePositiveIntegers('linearAttention', { batch, heads });
  if (feature !== 'identity' && feature !== 'elu+1') {
    throw new DomainError(`linearAttention: feature must be identity or elu+1, got ${feature}`);
  }
  if (excludeSelf && !causal && !queryRow) {
    throw new DomainError('linearAttention: excludeSelf needs causal or queryRow, got neither');
  }
  const count = 3 + (initialState ? (normalised ? 2 : 1) : 0);
  const needs =
    `${['q', 'k', 'v', 'S0', 'n0'].slice(0, count).join(', ')} for ${batch} sequences and ` +
    `${heads} heads ${queryRow ? 'and one query row a sequence ' : ''}are required`;
  return {
    name: `linearAttention(${nameOf(options)})`,

    forward(args) {
      const [q, k, v, S0, n0] = args;
      requireShapes('linearAttention', needs, args, count, () => {
        const width = q.cols / heads;
        return (
          Number.isInteger(width) &&
          width > 0 &&
          areSequences(k.rows, batch) &&
          [k, v].every((x) => x.cols === q.cols && x.rows === k.rows) &&
          q.rows === (queryRow ? batch : k.rows) &&
          (!initialState || (S0.rows === q.cols && S0.cols === width)) &&
          (count < 5 || (n0.rows === heads && n0.cols === width))
        );
      });
      const width = q.cols / heads;
      const [features, slopes] = featuresOf(feature, q, k);
      const inputs: kernels.LinearAttentionInputs = {
        ...features,
        v: v.data,
        S0: S0?.data ?? new Float64Array(q.cols * width),
        n0: n0?.data ?? new Float64Array(q.cols),
      };
      const [tokens, queries] = [k.rows / batch, q.rows / batch];
      const form = { causal, excludeSelf, normalised };
      const sizes = { batch, tokens, queries, heads, width, ...form };
      const o = matrix(q.rows, q.cols);
      const divisors = new Float64Array(q.rows * heads);
      if (!kernels.linearAttention(sizes, inputs, divisors, o.data)) {
        throw new NonFiniteError(
          'linearAttention: divisors must be positive and finite, got one that is not',
        );
      }
      return { value: o, saved: { sizes, inputs, results: { divisors, o: o.data }, slopes } };
    },

    backward(dO, { sizes, inputs, results, slopes }) {
      const { batch, tokens, queries, heads, width } = sizes;
      const like = (rows: number, cols = heads * width): Matrix => matrix(rows, cols);
      const [dq, dk, dv] = [like(batch * queries), like(batch * tokens), like(batch * tokens)];
      const [dS0, dn0] = [like(heads * width, width), like(heads, width)];
      kernels.linearAttentionBackward(sizes, inputs, results, dO.data, {
        dq: dq.data,
        dk: dk.data,
        dv: dv.data,
        dS0: dS0.data,
        dn0: dn0.data,
      });
      if (slopes) {
        kernels.multiply(slopes.q, dq.data, dq.data);
        kernels.multiply(slopes.k, dk.data, dk.data);
      }
      return [dq, dk, dv, dS0, dn0].slice(0, count);
    },

    /** Queries and keys keep 0.2 from the bend of elu; a state of keys like these is positive. */
    probe(random) {
      const [tokens, width] = [5, 2];
      const draw = (rows: number, cols: number): Matrix => {
        const x = probeMatrix(rows, cols, random);
        const apart = (t: number): number =>
          normalised && feature === 'identity' ? 1.5 : t < 0 ? -0.2 : 0.2;
        return matrix(
          rows,
          cols,
          x.data.map((t) => t + apart(t)),
        );
      };
      const S0 = probeMatrix(heads * width, width, random);
      const n0 = matrix(
        heads,
        width,
        probeMatrix(heads, width, random).data.map((t) => t + 1.5),
      );
      const q = draw(batch * (queryRow ? 1 : tokens), heads * width);
      const k = draw(batch * tokens, heads * width);
      return [q, k, probeMatrix(batch * tokens, heads * width, random), S0, n0].slice(0, count);
    },
  };
}

/** φ(q) and φ(k), and φ′ of both. */
function featuresOf(
  feature: 'identity' | 'elu+1',
  q: Matrix,
  k: Matrix,
): [{ q: Float64Array; k: Float64Array }, Saved['slopes']] {
  if (feature === 'identity') return [{ q: q.data, k: k.data }, null];
  const blank = (x: Matrix): Float64Array => new Float64Array(x.data.length);
  const features = { q: blank(q), k: blank(k) };
  const slopes = { q: blank(q), k: blank(k) };
  kernels.eluPlusOne(q.data, features.q, slopes.q);
  kernels.eluPlusOne(k.data, features.k, slopes.k);
  return [features, slopes];
}

/** What the operation is made for, in words. */
function nameOf(options: LinearAttentionOptions): string {
  return [
    `${options.heads} heads`,
    options.causal && 'causal',
    options.queryRow && 'query row',
    options.feature === 'elu+1' && 'elu+1',
    options.normalised && 'normalised',
    options.excludeSelf && 'without self',
    options.initialState && 'initial state',
  ]
    .filter(Boolean)
    .join(', ');
}
