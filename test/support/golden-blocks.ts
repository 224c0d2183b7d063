/**
 * Blocks as golden files describe them.
 *
 * @module
 */
import { type Matrix, matrix, rowOf } from '../../src/linalg/index.ts';
import {
  type ActivationName,
  type Block,
  type BlockRun,
  contextualBlock,
  type Parameters,
  runBlock,
  softmaxAttention,
  type WiringName,
} from '../../src/model/index.ts';
import { type Golden, toMatrix, toRow } from './golden.ts';

/** Our names of the activations. */
export const activationOf = (act: string): ActivationName =>
  act === 'gelu_tanh' ? 'geluTanh' : (act as ActivationName);

/** The block of a file's parameters in the given wiring. */
export function goldenBlock(
  params: Golden,
  wiring: WiringName,
): { block: Block; parameters: Parameters } {
  const { attn, W1, b1, W2, b2, act, eps } = params;
  const biases = attn.bq !== undefined;
  const layer = softmaxAttention({
    tokenWidth: attn.Wq[0].length,
    width: attn.Wo.length,
    heads: attn.heads,
    kvHeads: attn.kv_heads ?? attn.heads,
    headWidth: attn.Wq.length / attn.heads,
    biases,
  });
  const block = contextualBlock({
    wiring,
    layer,
    hidden: W1.length,
    outputWidth: W2.length,
    activation: activationOf(act),
    ...(eps !== undefined && { epsilon: eps }),
  });
  const parameters: Record<string, Matrix> = {
    'layer.Wq': toMatrix(attn.Wq),
    'layer.Wk': toMatrix(attn.Wk),
    'layer.Wv': toMatrix(attn.Wv),
    'layer.Wo': toMatrix(attn.Wo),
    'mlp.W1': toMatrix(W1),
    'mlp.b1': toRow(b1),
    'mlp.W2': toMatrix(W2),
    'mlp.b2': toRow(b2),
  };
  if (biases) {
    for (const name of ['bq', 'bk', 'bv', 'bo']) parameters[`layer.${name}`] = toRow(attn[name]);
  }
  for (const [i, norm] of Object.keys(block.wiring.norms).entries()) {
    parameters[`${norm}.g`] = toRow(params[`ln${i + 1}_g`]);
    parameters[`${norm}.b`] = toRow(params[`ln${i + 1}_b`]);
  }
  return { block, parameters };
}

/** The block at every position of a sequence, each seeing itself and those before it. */
export function runAtAll(block: Block, parameters: Parameters, X: Matrix): BlockRun[] {
  return Array.from({ length: X.rows }, (_, i) =>
    runBlock(block, parameters, matrix(i, X.cols, X.data.slice(0, i * X.cols)), rowOf(X, i)),
  );
}

/** The rows of X at the given positions. */
export function rowsAt(X: Matrix, positions: readonly number[]): Matrix {
  const kept = matrix(positions.length, X.cols);
  positions.forEach((position, i) => {
    kept.data.set(rowOf(X, position), i * X.cols);
  });
  return kept;
}
