/**
 * grad_preln_stack3, grad_llama_stack2: loss and gradients of two small language models, every
 * parameter, put together from operations only.
 *
 * @module
 */
import {
  ACTIVATION_OPS,
  add,
  addBias,
  attention,
  crossEntropy,
  type Evaluator,
  embedding,
  layerNorm,
  linear,
  multiply,
  rmsNorm,
  rope,
  Tape,
  takeRows,
  type Variable,
} from '../../src/autograd/index.ts';
import type { Matrix } from '../../src/linalg/index.ts';
import {
  type Agreement,
  byMagnitude,
  GOLDEN_DIR,
  type Golden,
  loadGolden,
  rowsOf,
  toMatrix,
  toRow,
} from '../support/golden.ts';

export const tolerance = (): typeof byMagnitude => byMagnitude;

export function read({ model_file, ids, loss, grads }: Golden, agreement: Agreement): void {
  const { inputs } = loadGolden(GOLDEN_DIR, model_file.replace(/\.json$/, ''));
  const tape = new Tape();
  const leaves: { path: string; variable: Variable; golden: Golden }[] = [];
  const model = lift(inputs.model, grads, 'model', (value, golden, path) => {
    const variable = tape.parameter(value);
    leaves.push({ path, variable, golden });
    return variable;
  });
  const ours = nextTokenLoss(tape, model, ids);
  agreement.close('loss', tape.read(ours).data[0], loss);
  const gradients = tape.gradients(
    ours,
    leaves.map(({ variable }) => variable),
  );
  leaves.forEach(({ path, golden }, i) => {
    const rows = rowsOf(gradients[i]);
    agreement.close(path, typeof golden[0] === 'number' ? rows[0] : rows, golden);
  });
}

/** The model with every array that has a gradient replaced by a leaf; sizes and names stay. */
function lift(
  node: Golden,
  grads: Golden,
  path: string,
  leaf: (value: Matrix, golden: Golden, path: string) => Variable,
): Golden {
  const isNumbers = Array.isArray(node) && (typeof node[0] === 'number' || Array.isArray(node[0]));
  if (isNumbers && grads !== undefined) {
    return leaf(typeof node[0] === 'number' ? toRow(node) : toMatrix(node), grads, path);
  }
  if (node === null || typeof node !== 'object') return node;
  const entries = Object.entries(node).map(([key, child]) => {
    return [key, lift(child, grads?.[key], `${path}.${key}`, leaf)];
  });
  const lifted = Object.fromEntries(entries);
  return Array.isArray(node) ? Object.values(lifted) : lifted;
}

/** Mean cross-entropy of token t + 1 at positions t = 0 … T − 2. */
function nextTokenLoss<V>(on: Evaluator<V>, model: Golden, ids: number[]): V {
  const T = ids.length;
  const positions = Array.from({ length: T }, (_, t) => t);
  let x = on.apply(embedding(ids), model.E as V);
  if (model.Pos) x = on.apply(add, x, on.apply(takeRows(positions), model.Pos as V));
  for (const layer of model.layers) x = block(on, layer, x, positions);
  const final = norm(on, x, model.lnf_g ?? model.rmsf, model.lnf_b, model.eps);
  const asking = on.apply(takeRows(positions.slice(0, -1)), final);
  return on.apply(crossEntropy(ids.slice(1)), on.apply(linear, asking, model.U as V));
}

/** r = x + Attn(norm(x)), then r + MLP(norm(r)): Pre-LN with biases, or Llama without. */
function block<V>(on: Evaluator<V>, layer: Golden, x: V, positions: number[]): V {
  const first = norm(on, x, layer.ln1_g ?? layer.rms1, layer.ln1_b, layer.eps);
  const r = on.apply(add, x, attend(on, layer.attn, first, positions));
  const z = norm(on, r, layer.ln2_g ?? layer.rms2, layer.ln2_b, layer.eps);
  const act = ACTIVATION_OPS[layer.act as keyof typeof ACTIVATION_OPS];
  const hidden = layer.Wg
    ? on.apply(multiply, on.apply(act, project(on, z, layer.Wg)), project(on, z, layer.Wu))
    : on.apply(act, project(on, z, layer.W1, layer.b1));
  return on.apply(add, r, project(on, hidden, layer.Wd ?? layer.W2, layer.b2));
}

function attend<V>(on: Evaluator<V>, attn: Golden, x: V, positions: number[]): V {
  const { heads, kv_heads: kvHeads = heads, rope_base: base, rope_style: style } = attn;
  const width = on.read(attn.Wq).rows / heads;
  const turn = (y: V, count: number): V =>
    base === undefined ? y : on.apply(rope({ heads: count, width, positions, base, style }), y);
  const o = on.apply(
    attention({ batch: 1, heads, kvHeads, causal: true }),
    turn(project(on, x, attn.Wq, attn.bq), heads),
    turn(project(on, x, attn.Wk, attn.bk), kvHeads),
    project(on, x, attn.Wv, attn.bv),
  );
  return project(on, o, attn.Wo, attn.bo);
}

/** LayerNorm where there is a shift, RMSNorm where there is none. */
function norm<V>(on: Evaluator<V>, x: V, gain: V, shift: V | undefined, epsilon: number): V {
  return shift === undefined
    ? on.apply(rmsNorm({ epsilon }), x, gain)
    : on.apply(layerNorm({ epsilon }), x, gain, shift);
}

function project<V>(on: Evaluator<V>, x: V, W: V, b?: V): V {
  const y = on.apply(linear, x, W);
  return b === undefined ? y : on.apply(addBias, y, b);
}
