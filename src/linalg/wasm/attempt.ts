/**
 * A kernel on Wasm, and its twin where there is no room.
 *
 * @module
 */
import { ArenaFull, arena } from './memory.ts';

/**
 * What the kernel returns, or the twin where memory is full. A kernel takes all its room before it writes
 * an output, or clears one that the twin clears again (`sumOfRowProducts`), so the twin finds its inputs
 * as they were. `matmul` and `attention` ask for room beforehand and need no attempt.
 */
export function attempt<Operands extends unknown[], Result>(
  kernel: (...operands: Operands) => Result,
  twin: (...operands: Operands) => Result,
  ...operands: Operands
): Result {
  const mark = arena().used;
  try {
    return kernel(...operands);
  } catch (error) {
    if (!(error instanceof ArenaFull)) throw error;
    arena().release(mark);
    return twin(...operands);
  }
}
