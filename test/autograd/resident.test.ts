/**
 * Operations inside a workspace, whose results hold anything before they are written.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { ALL_OPS, type Op } from '../../src/autograd/index.ts';
import { type Matrix, matrix, Random } from '../../src/linalg/index.ts';
import { arena, simdSupported } from '../../src/linalg/wasm/memory.ts';
import { inWorkspace, resultMatrix } from '../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../support/same-bits.ts';

const copyOf = ({ rows, cols, data }: Matrix): Matrix => matrix(rows, cols, data.slice());

/** Value and gradients of an operation at its probe, in ordinary memory. */
function valueAndGradients(op: Op, residentArguments: boolean): Matrix[] {
  const random = new Random(71);
  const args = op.probe(random).map((arg) => {
    const copy = residentArguments ? resultMatrix(arg.rows, arg.cols) : arg;
    copy.data.set(arg.data);
    return copy;
  });
  const { value, saved } = op.forward(args);
  const dvalue = matrix(value.rows, value.cols);
  random.fillUniform(dvalue.data, -1, 1);
  const gradients = op.backward(
    dvalue,
    saved,
    args.map(() => true),
  );
  return [value, ...gradients.flatMap((gradient) => gradient ?? [])].map(copyOf);
}

/** Leaves NaN all over the memory that a workspace will hand out next. */
function spoil(): void {
  const { used, view } = arena();
  view.fill(Number.NaN, used / 8, used / 8 + 1e6);
}

describe.runIf(simdSupported()).each(ALL_OPS.map((op) => [op.name, op] as const))('%s', (_, op) => {
  test('gives the same bits on whatever its results held before', () => {
    const expected = valueAndGradients(op as Op, false);
    for (const resident of [true, false]) {
      spoil();
      const actual = inWorkspace(() => valueAndGradients(op as Op, resident));
      expect(actual.length).toBe(expected.length);
      expected.forEach((matrix, i) => {
        assertSameBits(actual[i].data, matrix.data, `output ${i}, seed 71`);
      });
    }
  });
});
