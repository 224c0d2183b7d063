/**
 * From what size on a kernel on Wasm pays.
 *
 * @module
 */
import { arena, wasmReady } from './memory.ts';

/** Measured numbers of entries below which the twin is as fast or faster. */
export interface Crossover {
  /** Where the operands are in Wasm memory. */
  readonly resident: number;
  /** Where they are copied. */
  readonly copied: number;
}

/**
 * Does the kernel pay for `count` entries, and can it run? It asks one operand only where it is: asking
 * takes 20 ns.
 */
export const pays = (
  count: number,
  { resident, copied }: Crossover,
  operand: Float64Array,
): boolean => count >= resident && wasmReady() && (count >= copied || arena().holds(operand));
