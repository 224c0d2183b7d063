/**
 * The kernels that the rest of the engine calls.
 *
 * This is the one place where a name is bound to its implementation: the plain twin, or a Wasm kernel
 * with the same bits where that is faster. Sizes below the measured crossover, engines where Wasm cannot
 * run, and operands for whose copies a full workspace has no room, take the twin. The size is looked at
 * first: small operations make no Wasm memory.
 *
 * @module
 */
import { rowTimesRows } from './one-row.ts';
import * as twins from './reference.ts';
import * as activations from './wasm/activations.ts';
import { ADAM_CROSSOVER, adam as adamWasm } from './wasm/adam.ts';
import { attempt } from './wasm/attempt.ts';
import * as attentions from './wasm/attention.ts';
import * as crossEntropies from './wasm/cross-entropy.ts';
import { pays } from './wasm/crossover.ts';
import * as elementwise from './wasm/elementwise.ts';
import * as gathers from './wasm/gather.ts';
import * as matmuls from './wasm/matmul.ts';
import * as matrixVectors from './wasm/matrix-vector.ts';
import { wasmReady } from './wasm/memory.ts';
import * as norms from './wasm/norms.ts';
import * as recurrences from './wasm/recurrent.ts';
import * as reductions from './wasm/reductions.ts';
import * as rowProducts from './wasm/row-products.ts';
import * as softmaxes from './wasm/softmax.ts';

export * from './reference.ts';

/** Is a product of so many multiplications faster on Wasm? */
const productPays = (multiplications: number): boolean =>
  multiplications >= matmuls.MATMUL_CROSSOVER && wasmReady();

export const matmul: typeof twins.matmul = (a, b, c, m, k, n) =>
  productPays(m * k * n) ? matmuls.matmul(a, b, c, m, k, n) : twins.matmul(a, b, c, m, k, n);

export const matmulNT: typeof twins.matmulNT = (a, b, c, m, k, n) => {
  if (m === 1) rowTimesRows(a, b, c, k, n);
  else if (productPays(m * k * n)) matmuls.matmulNT(a, b, c, m, k, n);
  else twins.matmulNT(a, b, c, m, k, n);
};

export const matmulTN: typeof twins.matmulTN = (a, b, c, m, k, n) =>
  productPays(m * k * n) ? matmuls.matmulTN(a, b, c, m, k, n) : twins.matmulTN(a, b, c, m, k, n);

export const adam: typeof twins.adam = (step, theta, g, m, v) =>
  theta.length >= ADAM_CROSSOVER && wasmReady()
    ? attempt(adamWasm, twins.adam, step, theta, g, m, v)
    : twins.adam(step, theta, g, m, v);

export const matrixVector: typeof twins.matrixVector = (W, x, y, m, n) =>
  m * n >= matrixVectors.MATRIX_VECTOR_CROSSOVER && wasmReady()
    ? attempt(matrixVectors.matrixVector, twins.matrixVector, W, x, y, m, n)
    : twins.matrixVector(W, x, y, m, n);

export const rankOneUpdate: typeof twins.rankOneUpdate = (W, p, v, out, m, n) =>
  m * n >= matrixVectors.MATRIX_VECTOR_CROSSOVER && wasmReady()
    ? attempt(matrixVectors.rankOneUpdate, twins.rankOneUpdate, W, p, v, out, m, n)
    : twins.rankOneUpdate(W, p, v, out, m, n);

export const attention: typeof twins.attention = (sizes, ...rest) =>
  attentions.attentionPays(sizes) && wasmReady()
    ? attentions.attention(sizes, ...rest)
    : twins.attention(sizes, ...rest);

export const attentionBackward: typeof twins.attentionBackward = (sizes, ...rest) =>
  attentions.attentionPays(sizes) && wasmReady()
    ? attentions.attentionBackward(sizes, ...rest)
    : twins.attentionBackward(sizes, ...rest);

type Activation = typeof twins.gelu;

const activationPays = (x: Float64Array): boolean =>
  x.length >= activations.ACTIVATION_CROSSOVER && wasmReady();

export const gelu: Activation = (x, y, slope) =>
  activationPays(x) ? attempt(activations.gelu, twins.gelu, x, y, slope) : twins.gelu(x, y, slope);

export const geluTanh: Activation = (x, y, slope) =>
  activationPays(x)
    ? attempt(activations.geluTanh, twins.geluTanh, x, y, slope)
    : twins.geluTanh(x, y, slope);

export const silu: Activation = (x, y, slope) =>
  activationPays(x) ? attempt(activations.silu, twins.silu, x, y, slope) : twins.silu(x, y, slope);

export const tanh: Activation = (x, y, slope) =>
  activationPays(x) ? attempt(activations.tanh, twins.tanh, x, y, slope) : twins.tanh(x, y, slope);

export const sigmoid: Activation = (x, y, slope) =>
  activationPays(x)
    ? attempt(activations.sigmoid, twins.sigmoid, x, y, slope)
    : twins.sigmoid(x, y, slope);

export const softplus: Activation = (x, y, slope) =>
  activationPays(x)
    ? attempt(activations.softplus, twins.softplus, x, y, slope)
    : twins.softplus(x, y, slope);

export const eluPlusOne: Activation = (x, y, slope) =>
  x.length >= activations.ELU_CROSSOVER && wasmReady()
    ? attempt(activations.eluPlusOne, twins.eluPlusOne, x, y, slope)
    : twins.eluPlusOne(x, y, slope);

export const exponential: typeof twins.exponential = (x, out) =>
  out.length >= softmaxes.EXP_CROSSOVER && wasmReady()
    ? attempt(softmaxes.exp, twins.exponential, x, out)
    : twins.exponential(x, out);

/** Does Wasm pay for a map whose operands are like `x`? Its copies cost more than a light one. */
const heavyPays = (x: Float64Array): boolean =>
  pays(x.length, elementwise.ELEMENTWISE_CROSSOVER, x);
const lightPays = (x: Float64Array): boolean => elementwise.lightPays(x);

export const add: typeof twins.add = (x, y, out) =>
  lightPays(out) ? attempt(elementwise.add, twins.add, x, y, out) : twins.add(x, y, out);

export const subtract: typeof twins.subtract = (x, y, out) =>
  lightPays(out)
    ? attempt(elementwise.subtract, twins.subtract, x, y, out)
    : twins.subtract(x, y, out);

export const multiply: typeof twins.multiply = (x, y, out) =>
  heavyPays(out)
    ? attempt(elementwise.multiply, twins.multiply, x, y, out)
    : twins.multiply(x, y, out);

export const scale: typeof twins.scale = (factor, x, out) =>
  lightPays(out)
    ? attempt(elementwise.scale, twins.scale, factor, x, out)
    : twins.scale(factor, x, out);

export const addToRows: typeof twins.addToRows = (x, b, out, rows) =>
  heavyPays(out)
    ? attempt(elementwise.addToRows, twins.addToRows, x, b, out, rows)
    : twins.addToRows(x, b, out, rows);

export const sumOfRows: typeof twins.sumOfRows = (x, out, rows) =>
  heavyPays(x)
    ? attempt(elementwise.sumOfRows, twins.sumOfRows, x, out, rows)
    : twins.sumOfRows(x, out, rows);

export const relu: typeof twins.relu = (x, out) =>
  heavyPays(out) ? attempt(elementwise.relu, twins.relu, x, out) : twins.relu(x, out);

export const reluBackward: typeof twins.reluBackward = (y, dy, out) =>
  heavyPays(out)
    ? attempt(elementwise.reluBackward, twins.reluBackward, y, dy, out)
    : twins.reluBackward(y, dy, out);

export const layerNorm: typeof twins.layerNorm = (epsilon, x, g, b, y, z, s) =>
  pays(y.length, norms.NORMS_CROSSOVER, y)
    ? attempt(norms.layerNorm, twins.layerNorm, epsilon, x, g, b, y, z, s)
    : twins.layerNorm(epsilon, x, g, b, y, z, s);

export const layerNormBackward: typeof twins.layerNormBackward = (g, z, s, dy, dx) =>
  pays(dx.length, norms.NORMS_CROSSOVER, dx)
    ? attempt(norms.layerNormBackward, twins.layerNormBackward, g, z, s, dy, dx)
    : twins.layerNormBackward(g, z, s, dy, dx);

export const rmsNorm: typeof twins.rmsNorm = (epsilon, offset, x, g, y, z, s) =>
  pays(y.length, norms.NORMS_CROSSOVER, y)
    ? attempt(norms.rmsNorm, twins.rmsNorm, epsilon, offset, x, g, y, z, s)
    : twins.rmsNorm(epsilon, offset, x, g, y, z, s);

export const rmsNormBackward: typeof twins.rmsNormBackward = (offset, g, z, s, dy, dx) =>
  pays(dx.length, norms.NORMS_CROSSOVER, dx)
    ? attempt(norms.rmsNormBackward, twins.rmsNormBackward, offset, g, z, s, dy, dx)
    : twins.rmsNormBackward(offset, g, z, s, dy, dx);

const softmaxPays = (count: number, y: Float64Array): boolean =>
  pays(count, softmaxes.SOFTMAX_CROSSOVER, y);
const softmaxBackwardPays = (count: number, dx: Float64Array): boolean =>
  pays(count, softmaxes.SOFTMAX_BACKWARD_CROSSOVER, dx);

export const softmax: typeof twins.softmax = (x, y, from, n) =>
  softmaxPays(n, y)
    ? attempt(softmaxes.softmax, twins.softmax, x, y, from, n)
    : twins.softmax(x, y, from, n);

export const softmaxBackward: typeof twins.softmaxBackward = (y, fromY, dy, dx, from, n) =>
  softmaxBackwardPays(n, dx)
    ? attempt(softmaxes.softmaxBackward, twins.softmaxBackward, y, fromY, dy, dx, from, n)
    : twins.softmaxBackward(y, fromY, dy, dx, from, n);

export const softmaxRows: typeof twins.softmaxRows = (x, y, rows, n) =>
  softmaxPays(rows * n, y)
    ? attempt(softmaxes.softmaxRows, twins.softmaxRows, x, y, rows, n)
    : twins.softmaxRows(x, y, rows, n);

export const softmaxRowsBackward: typeof twins.softmaxRowsBackward = (y, dy, dx, rows, n) =>
  softmaxBackwardPays(rows * n, dx)
    ? attempt(softmaxes.softmaxRowsBackward, twins.softmaxRowsBackward, y, dy, dx, rows, n)
    : twins.softmaxRowsBackward(y, dy, dx, rows, n);

export const crossEntropy: typeof twins.crossEntropy = (x, p, from, n, target) =>
  pays(n, crossEntropies.CROSS_ENTROPY_CROSSOVER, p)
    ? attempt(crossEntropies.crossEntropy, twins.crossEntropy, x, p, from, n, target)
    : twins.crossEntropy(x, p, from, n, target);

export const crossEntropyBackward: typeof twins.crossEntropyBackward = (p, dx, from, n, ...rest) =>
  pays(n, crossEntropies.CROSS_ENTROPY_BACKWARD_CROSSOVER, dx)
    ? attempt(
        crossEntropies.crossEntropyBackward,
        twins.crossEntropyBackward,
        p,
        dx,
        from,
        n,
        ...rest,
      )
    : twins.crossEntropyBackward(p, dx, from, n, ...rest);

export const logSumExp: typeof twins.logSumExp = (x, p, from, n) =>
  pays(n, crossEntropies.CROSS_ENTROPY_CROSSOVER, p)
    ? attempt(crossEntropies.logSumExp, twins.logSumExp, x, p, from, n)
    : twins.logSumExp(x, p, from, n);

export const sum: typeof twins.sum = (x, from, n) =>
  pays(n, reductions.SUM_CROSSOVER, x)
    ? attempt(reductions.sum, twins.sum, x, from, n)
    : twins.sum(x, from, n);

export const dot: typeof twins.dot = (x, fromX, y, fromY, n) =>
  pays(n, reductions.DOT_CROSSOVER, x)
    ? attempt(reductions.dot, twins.dot, x, fromX, y, fromY, n)
    : twins.dot(x, fromX, y, fromY, n);

export const maximum: typeof twins.maximum = (x, from, n) =>
  pays(n, reductions.MAXIMUM_CROSSOVER, x)
    ? attempt(reductions.maximum, twins.maximum, x, from, n)
    : twins.maximum(x, from, n);

const rowsPay = (operand: Float64Array): boolean =>
  pays(operand.length, rowProducts.ROW_PRODUCTS_CROSSOVER, operand);

export const scaleRows: typeof twins.scaleRows = (x, s, out, rows) =>
  rowsPay(out)
    ? attempt(rowProducts.scaleRows, twins.scaleRows, x, s, out, rows)
    : twins.scaleRows(x, s, out, rows);

export const sumOfRowProducts: typeof twins.sumOfRowProducts = (x, y, out, rows) =>
  rowsPay(x)
    ? attempt(rowProducts.sumOfRowProducts, twins.sumOfRowProducts, x, y, out, rows)
    : twins.sumOfRowProducts(x, y, out, rows);

export const weightRows: typeof twins.weightRows = (w, x, out, cols) =>
  rowsPay(out)
    ? attempt(rowProducts.weightRows, twins.weightRows, w, x, out, cols)
    : twins.weightRows(w, x, out, cols);

export const dotsOfRows: typeof twins.dotsOfRows = (x, y, out, cols) =>
  pays(x.length, rowProducts.DOTS_CROSSOVER, x)
    ? attempt(rowProducts.dotsOfRows, twins.dotsOfRows, x, y, out, cols)
    : twins.dotsOfRows(x, y, out, cols);

export const takeRows: typeof twins.takeRows = (x, indices, out, cols) =>
  gathers.gatherPays(x, out)
    ? attempt(gathers.takeRows, twins.takeRows, x, indices, out, cols)
    : twins.takeRows(x, indices, out, cols);

export const addToTakenRows: typeof twins.addToTakenRows = (dy, indices, out, cols) =>
  gathers.gatherPays(dy, out)
    ? attempt(gathers.addToTakenRows, twins.addToTakenRows, dy, indices, out, cols)
    : twins.addToTakenRows(dy, indices, out, cols);

/** Do sequences side by side pay? */
const sideBySide = ({ batch, width }: twins.RecurrentSizes): boolean =>
  batch * width * width >= recurrences.RECURRENT_CROSSOVER && wasmReady();

export const elman: typeof twins.elman = (sizes, ...rest) =>
  sideBySide(sizes)
    ? attempt(recurrences.elman, twins.elman, sizes, ...rest)
    : twins.elman(sizes, ...rest);

export const elmanBackward: typeof twins.elmanBackward = (sizes, ...rest) =>
  sideBySide(sizes)
    ? attempt(recurrences.elmanBackward, twins.elmanBackward, sizes, ...rest)
    : twins.elmanBackward(sizes, ...rest);

export const lstm: typeof twins.lstm = (sizes, ...rest) =>
  sideBySide(sizes)
    ? attempt(recurrences.lstm, twins.lstm, sizes, ...rest)
    : twins.lstm(sizes, ...rest);

export const lstmBackward: typeof twins.lstmBackward = (sizes, ...rest) =>
  sideBySide(sizes)
    ? attempt(recurrences.lstmBackward, twins.lstmBackward, sizes, ...rest)
    : twins.lstmBackward(sizes, ...rest);
