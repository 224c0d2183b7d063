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
import { ADAM_CROSSOVER, adam as adamWasm } from './wasm/adam.ts';
import * as attentions from './wasm/attention.ts';
import * as matmuls from './wasm/matmul.ts';
import * as matrixVectors from './wasm/matrix-vector.ts';
import { simdSupported } from './wasm/memory.ts';

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
