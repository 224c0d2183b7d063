/**
 * Rows too long for the room that a workspace leaves to kernels: the twins' bits, and nothing leaks.
 *
 * @module
 */
import { expect, test } from 'vitest';
import * as kernels from '../../src/linalg/kernels.ts';
import * as twins from '../../src/linalg/reference.ts';
import { arena } from '../../src/linalg/wasm/memory.ts';
import { inWorkspace, resultArray } from '../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../support/same-bits.ts';

/** Doubles that a workspace leaves to kernels: 32 MiB. */
const KERNEL_ROOM = 4194304;
/** With one operand of it copied there is no room for a second. */
const LONG = 3_000_000;

const x = Float64Array.from({ length: LONG }, (_, i) => ((i * 7919) % 1013) / 97 - 5);

/** Runs `body` in a workspace that results have filled. */
function inFullWorkspace(body: () => void): void {
  inWorkspace(() => {
    const { used, view } = arena();
    const rest = view.length - used / 8 - KERNEL_ROOM - 16;
    expect(arena().holds(resultArray(rest))).toBe(true);
    expect(arena().holds(resultArray(LONG))).toBe(false);
    const before = arena().used;
    body();
    expect(arena().used).toBe(before);
  });
}

test.each<[string, (k: typeof twins, y: Float64Array) => unknown]>([
  ['softmax', (k, y) => k.softmax(x, y, 0, LONG)],
  ['softmaxRows', (k, y) => k.softmaxRows(x, y, 1, LONG)],
  ['crossEntropy', (k, y) => k.crossEntropy(x, y, 0, LONG, 5)],
  ['addToRows', (k, y) => k.addToRows(x, x, y, 1)],
  ['sumOfRows', (k, y) => k.sumOfRows(x, y, 1)],
  ['matrixVector', (k, y) => k.matrixVector(x, x, y, 1, LONG)],
])('%s', (_, call) => {
  const [expected, actual] = [new Float64Array(LONG), new Float64Array(LONG)];
  const value = call(twins, expected);
  inFullWorkspace(() => expect(call(kernels, actual)).toBe(value));
  assertSameBits(actual, expected, 'one long row');
});
