/**
 * Constants of kernels on pairs: each twice in a table in memory, and loaded from there.
 *
 * Loading a pair is cheaper than making one: V8 needs four instructions for a `v128.const`.
 *
 * @module
 */
import type { ModuleBuilder } from './assembler.ts';
import { type Code, i32, v128 } from './instructions.ts';
import { type TableName, tableRange } from './tables.ts';

/** A table that takes up constants as they are named. */
export class Constants {
  readonly #name: TableName;
  readonly #doubles: number[] = [];

  constructor(name: TableName) {
    this.#name = name;
  }

  /**
   * The value in both lanes.
   *
   * @throws RangeError if the table is full.
   */
  readonly pair = (value: number): Code => {
    const { address, end } = tableRange(this.#name);
    let at = this.#doubles.findIndex((other) => Object.is(other, value)); // 0 is not −0
    if (at < 0) {
      if (address + 8 * (this.#doubles.length + 2) > end) {
        throw new RangeError(
          `Constants: the table ${this.#name} has ${end - address} bytes, no more`,
        );
      }
      at = this.#doubles.push(value, value) - 2;
    }
    return v128.load(i32.const(address), 8 * at);
  };

  /** The pair of an integer, |n| ≤ 2⁵¹, as two integers of 64 bits. */
  readonly integer = (n: number): Code => this.pair(n * Number.MIN_VALUE);

  /** Brings the table along with a module: what is named until its bytes are asked for. */
  bringAlong(module: ModuleBuilder): void {
    module.table(tableRange(this.#name).address, this.#doubles);
  }
}
