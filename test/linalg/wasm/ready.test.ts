/**
 * When Wasm is used: where it can run, and not before an operation is large enough.
 *
 * @module
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as twins from '../../../src/linalg/reference.ts';

const { validate, Module, Memory, Instance } = WebAssembly;

class Refusing {
  constructor() {
    throw new RangeError('refused');
  }
}

/** The engine's modules as a program finds them that starts with this `WebAssembly`. */
async function started(changes: object) {
  vi.stubGlobal('WebAssembly', { validate, Module, Memory, Instance, ...changes });
  const memory = await import('../../../src/linalg/wasm/memory.ts');
  const kernels = await import('../../../src/linalg/kernels.ts');
  const workspace = await import('../../../src/linalg/wasm/workspace.ts');
  return { ...memory, ...workspace, kernels };
}

const SIZES = { batch: 1, tokens: 64, queries: 64, heads: 1, kvHeads: 1, width: 64, causal: true };
const other = (): Float64Array => new Float64Array(4096).fill(0.5);
const ADAM = {
  learningRate: 1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1,
  correction1: 1,
  correction2: 1,
};

/** Operations on 64×64, one for each way in which a kernel is chosen. */
const LARGE: readonly ((
  k: typeof twins,
  x: Float64Array,
  rows: Float64Array,
  out: Float64Array,
) => void)[] = [
  (k, x, _, out) => k.matmul(x, x, out, 64, 64, 64),
  (k, x, _, out) => k.matmulNT(x, x, out, 64, 64, 64),
  (k, x, _, out) => k.matmulTN(x, x, out, 64, 64, 64),
  (k, x, _, out) => k.adam(ADAM, out, x, other(), other()),
  (k, x, rows, out) => k.matrixVector(x, rows, out.subarray(0, 64), 64, 64),
  (k, x, rows, out) => k.rankOneUpdate(x, rows, rows, out, 64, 64),
  (k, x, _, out) => void k.attention(SIZES, 1, x, x, x, other(), out),
  (k, x, _, out) => {
    const inputs = { q: x, k: x, v: x, p: x, dO: x };
    k.attentionBackward(SIZES, 1, inputs, { dq: out, dk: other(), dv: other() });
  },
  (k, x, _, out) => k.gelu(x, out, other()),
  (k, x, _, out) => k.eluPlusOne(x, out, other()),
  (k, x, _, out) => k.exponential(x, out),
  (k, x, _, out) => k.multiply(x, x, out),
  (k, x, _, out) => k.add(x, x, out),
  (k, x, rows, out) => k.takeRows(x, rows, out, 64),
  (k, x, rows, out) => k.addToTakenRows(x, rows, out, 64),
];

beforeEach(() => {
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('it is ready where modules compile and memory is to be had', async () => {
  expect((await started({})).wasmReady()).toBe(true);
});

test.each([
  ['no SIMD', { validate: () => false }],
  ['modules are refused', { Module: Refusing }],
  ['instances are refused', { Instance: Refusing }],
  ['memory is refused', { Memory: Refusing }],
])('%s: it is not, and operations run all the same', async (_, changes) => {
  const { wasmReady, inWorkspace, resultArray, kernels } = await started(changes);
  expect(wasmReady()).toBe(false);
  const x = Float64Array.from({ length: 4096 }, (_, i) => Math.cos(i));
  const rows = Float64Array.from({ length: 64 }, (_, i) => (i * 5) % 64);
  for (const call of LARGE) {
    const [expected, actual] = [1, 1].map((entry) => new Float64Array(4096).fill(entry));
    call(twins, x, rows, expected);
    call(kernels, x, rows, actual);
    expect(actual, String(call)).toEqual(expected);
  }
  const expected = new Float64Array(4096);
  twins.softmaxRows(x, expected, 64, 64);
  inWorkspace(() => {
    const y = resultArray(4096);
    expect(y.buffer).toBeInstanceOf(ArrayBuffer);
    expect(y.byteLength).toBe(y.buffer.byteLength);
    kernels.softmaxRows(x, y, 64, 64);
    expect(y).toEqual(expected);
  });
});

test('the answer is found out once', async () => {
  const spy = vi.fn(Refusing);
  const { wasmReady } = await started({ Memory: spy });
  wasmReady();
  const calls = spy.mock.calls.length;
  expect(calls).toBeGreaterThan(0);
  expect(wasmReady()).toBe(false);
  expect(spy.mock.calls.length).toBe(calls);
});

test('small operations make no Wasm memory, a large one does', async () => {
  const made = vi.fn();
  class Counted extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made();
    }
  }
  const { kernels } = await started({ Memory: Counted });
  const [x, y, z] = [1, 2, 3].map((entry) => new Float64Array(8).fill(entry));
  kernels.matmul(x, y, z, 2, 2, 2);
  kernels.matrixVector(x, y, z, 2, 4);
  kernels.add(x, y, z);
  kernels.multiply(x, y, z);
  kernels.gelu(x, y, z);
  kernels.exponential(x, y);
  kernels.softmax(x, y, 0, 8);
  kernels.layerNorm(1, x, y, y, x, z, new Float64Array(1));
  kernels.sum(x, 0, 8);
  kernels.scaleRows(x, y, z, 1);
  kernels.takeRows(x, Float64Array.of(0), z, 8);
  kernels.attention(
    { batch: 1, tokens: 2, queries: 1, heads: 1, kvHeads: 1, width: 4, causal: true },
    ...([1, x, y, z, new Float64Array(2), new Float64Array(4)] as const),
  );
  expect(made).not.toHaveBeenCalled();
  const large = new Float64Array(64);
  kernels.matmul(large, large, new Float64Array(64), 8, 8, 8);
  expect(made).toHaveBeenCalledOnce();
});
