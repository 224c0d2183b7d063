/**
 * The kernels that the rest of the engine calls.
 *
 * This is the one place where a name is bound to its implementation: the plain twin, or a Wasm kernel
 * with the same bits where that is faster. Sizes below the measured crossover, and engines without
 * WebAssembly or SIMD, take the twin.
 *
 * @module
 */
import * as twins from './reference.ts';
import * as activations from './wasm/activations.ts';
import { ADAM_CROSSOVER, adam as adamWasm } from './wasm/adam.ts';
import * as attentions from './wasm/attention.ts';
import * as crossEntropies from './wasm/cross-entropy.ts';
import { pays } from './wasm/crossover.ts';
import * as elementwise from './wasm/elementwise.ts';
import * as gathers from './wasm/gather.ts';
import * as matmuls from './wasm/matmul.ts';
import * as matrixVectors from './wasm/matrix-vector.ts';
import { simdSupported } from './wasm/memory.ts';
import * as norms from './wasm/norms.ts';
import * as reductions from './wasm/reductions.ts';
import * as rowProducts from './wasm/row-products.ts';
import * as softmaxes from './wasm/softmax.ts';

export * from './reference.ts';

const FAST = simdSupported();

type Product = typeof twins.matmul;

/** The faster of two products with the same bits, by the number of multiplications. */
const choose =
  (twin: Product, wasm: Product): Product =>
  (a, b, c, m, k, n) =>
    FAST && m * k * n >= matmuls.MATMUL_CROSSOVER ? wasm(a, b, c, m, k, n) : twin(a, b, c, m, k, n);

export const matmul: Product = choose(twins.matmul, matmuls.matmul);
export const matmulNT: Product = choose(twins.matmulNT, matmuls.matmulNT);
export const matmulTN: Product = choose(twins.matmulTN, matmuls.matmulTN);

export const adam: typeof twins.adam = (step, theta, g, m, v) =>
  FAST && theta.length >= ADAM_CROSSOVER
    ? adamWasm(step, theta, g, m, v)
    : twins.adam(step, theta, g, m, v);

export const matrixVector: typeof twins.matrixVector = (W, x, y, m, n) =>
  FAST && m * n >= matrixVectors.MATRIX_VECTOR_CROSSOVER
    ? matrixVectors.matrixVector(W, x, y, m, n)
    : twins.matrixVector(W, x, y, m, n);

export const rankOneUpdate: typeof twins.rankOneUpdate = (W, p, v, out, m, n) =>
  FAST && m * n >= matrixVectors.MATRIX_VECTOR_CROSSOVER
    ? matrixVectors.rankOneUpdate(W, p, v, out, m, n)
    : twins.rankOneUpdate(W, p, v, out, m, n);

export const attention: typeof twins.attention = (sizes, ...rest) =>
  FAST && attentions.attentionPays(sizes)
    ? attentions.attention(sizes, ...rest)
    : twins.attention(sizes, ...rest);

export const attentionBackward: typeof twins.attentionBackward = (sizes, ...rest) =>
  FAST && attentions.attentionPays(sizes)
    ? attentions.attentionBackward(sizes, ...rest)
    : twins.attentionBackward(sizes, ...rest);

type Activation = typeof twins.gelu;

const activationPays = (x: Float64Array): boolean =>
  FAST && x.length >= activations.ACTIVATION_CROSSOVER;

export const gelu: Activation = (x, y, slope) =>
  activationPays(x) ? activations.gelu(x, y, slope) : twins.gelu(x, y, slope);

export const geluTanh: Activation = (x, y, slope) =>
  activationPays(x) ? activations.geluTanh(x, y, slope) : twins.geluTanh(x, y, slope);

export const silu: Activation = (x, y, slope) =>
  activationPays(x) ? activations.silu(x, y, slope) : twins.silu(x, y, slope);

export const tanh: Activation = (x, y, slope) =>
  activationPays(x) ? activations.tanh(x, y, slope) : twins.tanh(x, y, slope);

export const sigmoid: Activation = (x, y, slope) =>
  activationPays(x) ? activations.sigmoid(x, y, slope) : twins.sigmoid(x, y, slope);

export const softplus: Activation = (x, y, slope) =>
  activationPays(x) ? activations.softplus(x, y, slope) : twins.softplus(x, y, slope);

export const eluPlusOne: Activation = (x, y, slope) =>
  FAST && x.length >= activations.ELU_CROSSOVER
    ? activations.eluPlusOne(x, y, slope)
    : twins.eluPlusOne(x, y, slope);

export const exponential: typeof twins.exponential = (x, out) =>
  FAST && out.length >= softmaxes.EXP_CROSSOVER ? softmaxes.exp(x, out) : twins.exponential(x, out);

/** Does Wasm pay for a map whose operands are like `x`? Its copies cost more than a light one. */
const heavyPays = (x: Float64Array): boolean =>
  FAST && pays(x.length, elementwise.ELEMENTWISE_CROSSOVER, x);
const lightPays = (x: Float64Array): boolean => FAST && elementwise.lightPays(x);

export const add: typeof twins.add = (x, y, out) =>
  lightPays(out) ? elementwise.add(x, y, out) : twins.add(x, y, out);

export const subtract: typeof twins.subtract = (x, y, out) =>
  lightPays(out) ? elementwise.subtract(x, y, out) : twins.subtract(x, y, out);

export const multiply: typeof twins.multiply = (x, y, out) =>
  heavyPays(out) ? elementwise.multiply(x, y, out) : twins.multiply(x, y, out);

export const scale: typeof twins.scale = (factor, x, out) =>
  lightPays(out) ? elementwise.scale(factor, x, out) : twins.scale(factor, x, out);

export const addToRows: typeof twins.addToRows = (x, b, out, rows) =>
  heavyPays(out) ? elementwise.addToRows(x, b, out, rows) : twins.addToRows(x, b, out, rows);

export const sumOfRows: typeof twins.sumOfRows = (x, out, rows) =>
  heavyPays(x) ? elementwise.sumOfRows(x, out, rows) : twins.sumOfRows(x, out, rows);

export const relu: typeof twins.relu = (x, out) =>
  heavyPays(out) ? elementwise.relu(x, out) : twins.relu(x, out);

export const reluBackward: typeof twins.reluBackward = (y, dy, out) =>
  heavyPays(out) ? elementwise.reluBackward(y, dy, out) : twins.reluBackward(y, dy, out);

export const layerNorm: typeof twins.layerNorm = (epsilon, x, g, b, y, z, s) =>
  FAST && pays(y.length, norms.NORMS_CROSSOVER, y)
    ? norms.layerNorm(epsilon, x, g, b, y, z, s)
    : twins.layerNorm(epsilon, x, g, b, y, z, s);

export const layerNormBackward: typeof twins.layerNormBackward = (g, z, s, dy, dx) =>
  FAST && pays(dx.length, norms.NORMS_CROSSOVER, dx)
    ? norms.layerNormBackward(g, z, s, dy, dx)
    : twins.layerNormBackward(g, z, s, dy, dx);

export const rmsNorm: typeof twins.rmsNorm = (epsilon, offset, x, g, y, z, s) =>
  FAST && pays(y.length, norms.NORMS_CROSSOVER, y)
    ? norms.rmsNorm(epsilon, offset, x, g, y, z, s)
    : twins.rmsNorm(epsilon, offset, x, g, y, z, s);

export const rmsNormBackward: typeof twins.rmsNormBackward = (offset, g, z, s, dy, dx) =>
  FAST && pays(dx.length, norms.NORMS_CROSSOVER, dx)
    ? norms.rmsNormBackward(offset, g, z, s, dy, dx)
    : twins.rmsNormBackward(offset, g, z, s, dy, dx);

const softmaxPays = (count: number, y: Float64Array): boolean =>
  FAST && pays(count, softmaxes.SOFTMAX_CROSSOVER, y);
const softmaxBackwardPays = (count: number, dx: Float64Array): boolean =>
  FAST && pays(count, softmaxes.SOFTMAX_BACKWARD_CROSSOVER, dx);

export const softmax: typeof twins.softmax = (x, y, from, n) =>
  softmaxPays(n, y) ? softmaxes.softmax(x, y, from, n) : twins.softmax(x, y, from, n);

export const softmaxBackward: typeof twins.softmaxBackward = (y, fromY, dy, dx, from, n) =>
  softmaxBackwardPays(n, dx)
    ? softmaxes.softmaxBackward(y, fromY, dy, dx, from, n)
    : twins.softmaxBackward(y, fromY, dy, dx, from, n);

export const softmaxRows: typeof twins.softmaxRows = (x, y, rows, n) =>
  softmaxPays(rows * n, y)
    ? softmaxes.softmaxRows(x, y, rows, n)
    : twins.softmaxRows(x, y, rows, n);

export const softmaxRowsBackward: typeof twins.softmaxRowsBackward = (y, dy, dx, rows, n) =>
  softmaxBackwardPays(rows * n, dx)
    ? softmaxes.softmaxRowsBackward(y, dy, dx, rows, n)
    : twins.softmaxRowsBackward(y, dy, dx, rows, n);

export const crossEntropy: typeof twins.crossEntropy = (x, p, from, n, target) =>
  FAST && pays(n, crossEntropies.CROSS_ENTROPY_CROSSOVER, p)
    ? crossEntropies.crossEntropy(x, p, from, n, target)
    : twins.crossEntropy(x, p, from, n, target);

export const crossEntropyBackward: typeof twins.crossEntropyBackward = (p, dx, from, n, ...rest) =>
  FAST && pays(n, crossEntropies.CROSS_ENTROPY_BACKWARD_CROSSOVER, dx)
    ? crossEntropies.crossEntropyBackward(p, dx, from, n, ...rest)
    : twins.crossEntropyBackward(p, dx, from, n, ...rest);

export const logSumExp: typeof twins.logSumExp = (x, p, from, n) =>
  FAST && pays(n, crossEntropies.CROSS_ENTROPY_CROSSOVER, p)
    ? crossEntropies.logSumExp(x, p, from, n)
    : twins.logSumExp(x, p, from, n);

export const sum: typeof twins.sum = (x, from, n) =>
  FAST && pays(n, reductions.SUM_CROSSOVER, x) ? reductions.sum(x, from, n) : twins.sum(x, from, n);

export const dot: typeof twins.dot = (x, fromX, y, fromY, n) =>
  FAST && pays(n, reductions.DOT_CROSSOVER, x)
    ? reductions.dot(x, fromX, y, fromY, n)
    : twins.dot(x, fromX, y, fromY, n);

export const maximum: typeof twins.maximum = (x, from, n) =>
  FAST && pays(n, reductions.MAXIMUM_CROSSOVER, x)
    ? reductions.maximum(x, from, n)
    : twins.maximum(x, from, n);

const rowsPay = (operand: Float64Array): boolean =>
  FAST && pays(operand.length, rowProducts.ROW_PRODUCTS_CROSSOVER, operand);

export const scaleRows: typeof twins.scaleRows = (x, s, out, rows) =>
  rowsPay(out) ? rowProducts.scaleRows(x, s, out, rows) : twins.scaleRows(x, s, out, rows);

export const sumOfRowProducts: typeof twins.sumOfRowProducts = (x, y, out, rows) =>
  rowsPay(x)
    ? rowProducts.sumOfRowProducts(x, y, out, rows)
    : twins.sumOfRowProducts(x, y, out, rows);

export const weightRows: typeof twins.weightRows = (w, x, out, cols) =>
  rowsPay(out) ? rowProducts.weightRows(w, x, out, cols) : twins.weightRows(w, x, out, cols);

export const dotsOfRows: typeof twins.dotsOfRows = (x, y, out, cols) =>
  FAST && pays(x.length, rowProducts.DOTS_CROSSOVER, x)
    ? rowProducts.dotsOfRows(x, y, out, cols)
    : twins.dotsOfRows(x, y, out, cols);

export const takeRows: typeof twins.takeRows = (x, indices, out, cols) =>
  FAST && gathers.gatherPays(x, out)
    ? gathers.takeRows(x, indices, out, cols)
    : twins.takeRows(x, indices, out, cols);

export const addToTakenRows: typeof twins.addToTakenRows = (dy, indices, out, cols) =>
  FAST && gathers.gatherPays(dy, out)
    ? gathers.addToTakenRows(dy, indices, out, cols)
    : twins.addToTakenRows(dy, indices, out, cols);
