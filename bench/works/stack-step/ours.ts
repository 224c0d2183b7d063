/**
 * The step in deltaw: micro-batches of 16 sequences, the last layer for the query row only.
 *
 * @module
 */
import {
  add,
  addBias,
  attention,
  column,
  type Evaluator,
  gelu,
  lastRows,
  layerNorm,
  linear,
  scale,
  squaredError,
  Tape,
} from '../../../src/autograd/index.ts';
import { type Matrix, matrix } from '../../../src/linalg/index.ts';
import * as kernels from '../../../src/linalg/kernels.ts';
import { Adam, mapParameters, type Parameters, part } from '../../../src/model/index.ts';
import type { Program } from '../../runner/contract.ts';
import {
  dataFor,
  EPSILON,
  LEARNING_RATE,
  outcome,
  parametersFor,
  type StackSizes,
} from './task.ts';

/** Sequences a tape: what they need stays in the cache. */
const MICRO_BATCH = 16;

export async function ours(sizes: StackSizes): Promise<Program> {
  const { x, y } = dataFor(sizes);
  const adam = new Adam({ learningRate: LEARNING_RATE });
  let parameters = parametersFor(sizes);
  const step = (): { loss: number; gradients: Parameters } => {
    const found = lossAndGradients(sizes, parameters, x, y);
    parameters = adam.step(parameters, found.gradients);
    return found;
  };
  return {
    run: () => step().loss,
    result: () => {
      const { loss, gradients } = step();
      return outcome(loss, gradients);
    },
  };
}

/** Loss and gradients of the whole batch: sums over the micro-batches, in ascending order. */
export function lossAndGradients(
  sizes: StackSizes,
  parameters: Parameters,
  x: Matrix,
  y: Matrix,
): { loss: number; gradients: Parameters } {
  const { batch, tokens } = sizes;
  const rowsOf = (m: Matrix, from: number, to: number): Matrix =>
    matrix(to - from, m.cols, m.data.slice(from * m.cols, to * m.cols));
  let loss = 0;
  let gradients: Parameters | undefined;
  for (let from = 0; from < batch; from += MICRO_BATCH) {
    const to = Math.min(batch, from + MICRO_BATCH);
    const tape = new Tape();
    const variables = mapParameters(parameters, (value) => tape.parameter(value));
    const sequences = tape.constant(rowsOf(x, from * tokens, to * tokens));
    const output = stack(tape, sizes, variables, sequences, to - from);
    const prediction = tape.apply(column(sizes.width - 1), output);
    const total = tape.apply(squaredError, prediction, tape.constant(rowsOf(y, from, to)));
    const mean = tape.apply(scale(1 / batch), total);
    loss += mean.value.data[0];
    const names = Object.keys(variables);
    const parts = tape.gradients(mean, Object.values(variables));
    const found = Object.fromEntries(names.map((name, i) => [name, parts[i]]));
    gradients = gradients ? sumOf(gradients, found) : found;
  }
  return { loss, gradients: gradients ?? {} };
}

/** The last token of each sequence after all layers. */
function stack<V>(on: Evaluator<V>, sizes: StackSizes, p: Parameters<V>, x: V, batch: number): V {
  const { layers, heads } = sizes;
  let tokens = x;
  for (let i = 0; i < layers; i++) {
    const queryRow = i === layers - 1;
    const layer = part(p, `${i}`);
    const normed = norm(on, layer, 'norm1', tokens);
    const pick = (of: V): V => (queryRow ? on.apply(lastRows(sizes.tokens), of) : of);
    const o = on.apply(
      attention({ batch, heads, causal: true, queryRow }),
      on.apply(linear, pick(normed), layer.Wq),
      on.apply(linear, normed, layer.Wk),
      on.apply(linear, normed, layer.Wv),
    );
    const residual = on.apply(add, pick(tokens), on.apply(linear, o, layer.Wo));
    const z = norm(on, layer, 'norm2', residual);
    const h = on.apply(gelu, on.apply(addBias, on.apply(linear, z, layer.W1), layer.b1));
    const update = on.apply(addBias, on.apply(linear, h, layer.W2), layer.b2);
    tokens = on.apply(add, residual, update);
  }
  return tokens;
}

const norm = <V>(on: Evaluator<V>, p: Parameters<V>, name: string, x: V): V =>
  on.apply(layerNorm({ epsilon: EPSILON }), x, p[`${name}.g`], p[`${name}.b`]);

function sumOf(a: Parameters, b: Parameters): Parameters {
  return mapParameters(a, (value, name) => {
    const sum = matrix(value.rows, value.cols);
    kernels.add(value.data, b[name].data, sum.data);
    return sum;
  });
}
