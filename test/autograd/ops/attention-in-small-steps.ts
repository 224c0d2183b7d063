/**
 * Attention out of the other operations: slow, with no
 * formula of its own, and with the same order of every sum as the fused kernel.
 *
 * @module
 */
import type { AttentionOptions } from '../../../src/autograd/ops/attention.ts';
import { add, linear, matmul, scale, softmaxRows } from '../../../src/autograd/ops/index.ts';
import { type Matrix, matrix } from '../../../src/linalg/index.ts';
import { columnsOf, rowsOf } from '../support.ts';

/** Writes `block` into `x` at a row and a column. */
function put(x: Matrix, row: number, col: number, block: Matrix): void {
  for (let i = 0; i < block.rows; i++) {
    const from = i * block.cols;
    x.data.set(block.data.subarray(from, from + block.cols), (row + i) * x.cols + col);
  }
}

/**
 * The value and the gradients of q, k and v. One head and one query row at a time, over the tokens
 * that the row sees; gradients of shared keys and values are added in that order.
 */
export function attentionInSmallSteps(
  { batch, heads, kvHeads = heads, causal = false }: AttentionOptions,
  [q, k, v]: readonly Matrix[],
  dO: Matrix,
): Matrix[] {
  const [queries, tokens, width] = [q.rows / batch, k.rows / batch, q.cols / heads];
  const divide = scale(1 / Math.sqrt(width));
  const [o, dq, dk, dv] = [q, q, k, v].map(({ rows, cols }) => matrix(rows, cols));
  const head = (x: Matrix, h: number): Matrix => columnsOf(x, h * width, (h + 1) * width);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const g = Math.floor((h * kvHeads) / heads);
      for (let i = 0; i < queries; i++) {
        const row = b * queries + i;
        const seen = causal ? tokens - queries + i + 1 : tokens;
        const asking = (x: Matrix): Matrix => head(rowsOf(x, row, row + 1), h);
        const shared = (x: Matrix): Matrix => head(rowsOf(x, b * tokens, b * tokens + seen), g);

        const products = linear.forward([asking(q), shared(k)]);
        const scores = divide.forward([products.value]);
        const weights = softmaxRows.forward([scores.value]);
        const output = matmul.forward([weights.value, shared(v)]);

        const [dp, dvg] = matmul.backward(asking(dO), output.saved, [true, true]) as Matrix[];
        const [ds] = softmaxRows.backward(dp, weights.saved, [true]) as Matrix[];
        const [dproducts] = divide.backward(ds, scores.saved, [true]) as Matrix[];
        const [dqh, dkg] = linear.backward(dproducts, products.saved, [true, true]) as Matrix[];

        put(o, row, h * width, output.value);
        put(dq, row, h * width, dqh);
        put(dk, b * tokens, g * width, add.forward([shared(dk), dkg]).value);
        put(dv, b * tokens, g * width, add.forward([shared(dv), dvg]).value);
      }
    }
  }
  return [o, dq, dk, dv];
}
