/**
 * Runs a kernel on operands that have guard bytes on both sides, the last one flush against the end
 * of memory: an overrun hits a guard or traps.
 *
 * @module
 */
import { Arena } from '../../../src/linalg/wasm/memory.ts';
import { TABLE_BYTES } from '../../../src/linalg/wasm/tables.ts';
import { assertSameBits } from '../../support/same-bits.ts';

const PAGE = 65536;
const GUARD = 0x5a;
const GAP = 24; // bytes: operands are not aligned to 16

type Operands = Readonly<Record<string, Float64Array>>;

/**
 * Puts the operands into a memory of their own, `last` at its end, and calls `run` with the exports
 * of the last module and the operands' addresses. Asserts that `run` changed no byte but those of
 * `outputs` (and `scratch` bytes from address `at.scratch` on), and returns the outputs.
 */
export function runGuarded(
  modules: Uint8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>[],
  operands: Operands,
  outputs: readonly string[],
  last: string,
  run: (exports: WebAssembly.Exports, at: Readonly<Record<string, number>>) => void,
  scratch = 0,
): Operands {
  const total = Object.values(operands).reduce((sum, x) => sum + x.byteLength + 2 * GAP, scratch);
  const arena = new Arena(Math.ceil((total + TABLE_BYTES + GAP) / PAGE));
  const all = new Uint8Array(arena.memory.buffer).fill(GUARD);
  let exports: WebAssembly.Exports = {};
  for (const module of [modules].flat()) exports = arena.instantiate(module);

  const at: Record<string, number> = { scratch: TABLE_BYTES };
  let next = TABLE_BYTES + scratch + GAP;
  for (const [name, x] of Object.entries(operands)) {
    at[name] = name === last ? all.length - x.byteLength : next;
    if (name !== last) next += x.byteLength + GAP;
    new Float64Array(arena.memory.buffer, at[name], x.length).set(x);
  }
  const before = all.slice();
  run(exports, at);

  const results: Record<string, Float64Array> = {};
  for (const name of outputs) {
    results[name] = new Float64Array(arena.memory.buffer, at[name], operands[name].length).slice();
  }
  // What may change is put back; then nothing may differ.
  for (const name of outputs) {
    all.set(before.subarray(at[name], at[name] + operands[name].byteLength), at[name]);
  }
  all.set(before.subarray(at['scratch'], at['scratch'] + scratch), at['scratch']);
  assertSameBits(all, before, `bytes outside ${outputs.join(', ')}, with ${last} last`);
  return results;
}
