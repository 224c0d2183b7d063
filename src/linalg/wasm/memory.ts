/**
 * The one place that owns Wasm memory.
 *
 * Operands are copied in and results out, so that the arrays of callers stay ordinary memory, and
 * growing the Wasm memory, which detaches every view of it, cannot reach them. Addresses are in
 * bytes and multiples of 64; copies are counted in doubles.
 *
 * @module
 */

import { ModuleBuilder } from './assembler.ts';
import { f64x2 } from './instructions.ts';
import { TABLE_BYTES } from './tables.ts';

const PAGE = 65536;
/** The most pages that 32-bit addresses reach: 4 GiB. */
const MOST_PAGES = 65536;
/** 1 GiB of addresses. Reserving them costs nothing before they are written to. */
const RESERVED_PAGES = 16384;
/**
 * Below this many doubles a plain loop copies. Of 4 it takes 3 to 6 ns, and `set` 18, or 46 to 90 if it
 * needs a subarray; of 16 about 75, against 34 and 90 (Node 20.20, EPYC, November 2026).
 */
const SMALL_COPY = 8;

/**
 * Memory has no room for what a kernel would copy or pack. It does not reach callers: `kernels.ts` takes
 * the twin then.
 */
export class ArenaFull extends RangeError {
  override readonly name: string = 'ArenaFull';
}

/** Memory from which kernels take room and give it back in the opposite order. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  #view: Float64Array;
  /** That of the view: to ask an array for its buffer takes 20 ns. */
  #buffer: ArrayBufferLike;
  #used = TABLE_BYTES;
  #pins = 0;

  /** @throws RangeError if there is no room for so many pages of 65536 bytes. */
  constructor(pages: number) {
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: MOST_PAGES });
    this.#buffer = this.memory.buffer;
    this.#view = new Float64Array(this.#buffer);
  }

  /** All of the memory as doubles. Another one after the next `allocate`: do not keep it. */
  get view(): Float64Array {
    return this.#view;
  }

  /** How much is in use; `release` takes it back. */
  get used(): number {
    return this.#used;
  }

  /** Is x a part of this memory? */
  holds(x: Float64Array): boolean {
    return x.buffer === this.#buffer;
  }

  /** Makes room for `count` more doubles, and says whether there is as much. */
  fits(count: number): boolean {
    const end = this.#used + 8 * count + 64; // with the rounding to 64 bytes
    if (end <= 8 * this.#view.length) return true;
    if (this.#pins > 0 || end > MOST_PAGES * PAGE) return false;
    try {
      this.#grow(end);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws ArenaFull if the memory is pinned or cannot have so many bytes. */
  #grow(bytes: number): void {
    if (this.#pins > 0) throw new ArenaFull('Arena: memory that is pinned cannot grow');
    try {
      this.memory.grow(Math.ceil(bytes / PAGE) - (8 * this.#view.length) / PAGE);
    } catch {
      throw new ArenaFull(`Arena: memory must have room, got none for ${bytes} bytes`);
    }
    this.#buffer = this.memory.buffer;
    this.#view = new Float64Array(this.#buffer);
  }

  /** From here to `unpin` the memory does not grow: growing detaches every array that lives in it. */
  pin(): void {
    this.#pins++;
  }

  /** Ends what `pin` began. */
  unpin(): void {
    this.#pins--;
  }

  /** `count` doubles of this memory as an array, with whatever was left in it. */
  take(count: number): Float64Array {
    const address = this.allocate(count);
    return new Float64Array(this.#buffer, address, count);
  }

  /** Where to read the `count` doubles of x from `from` on: where they are, or in a copy. */
  reach(x: Float64Array, from: number, count: number): number {
    if (this.holds(x)) return x.byteOffset + 8 * from;
    const address = this.allocate(count);
    this.copyIn(address, x, from, count);
    return address;
  }

  /**
   * The address of room for `count` doubles, with whatever was left in it.
   *
   * @throws ArenaFull if the memory cannot grow so far; `fits` tells beforehand.
   */
  allocate(count: number): number {
    const address = this.#used;
    const end = address + Math.ceil((8 * count) / 64) * 64;
    if (end > 8 * this.#view.length) this.#grow(end);
    this.#used = end;
    return address;
  }

  /** Gives back all that was allocated since `used` was `mark`. */
  release(mark: number): void {
    this.#used = mark;
  }

  /** Copies x[from … from + count) to `address`. */
  copyIn(address: number, x: Float64Array, from: number, count: number): void {
    const at = address / 8;
    if (count < SMALL_COPY) {
      const view = this.#view;
      for (let i = 0; i < count; i++) view[at + i] = x[from + i];
    } else {
      this.#view.set(count === x.length ? x : x.subarray(from, from + count), at);
    }
  }

  /** Copies `count` doubles from `address` to out[from …]. */
  copyOut(address: number, out: Float64Array, from: number, count: number): void {
    const at = address / 8;
    if (count < SMALL_COPY) {
      const view = this.#view;
      for (let i = 0; i < count; i++) out[from + i] = view[at + i];
    } else {
      out.set(this.#view.subarray(at, at + count), from);
    }
  }

  /** The functions of a module, compiled, on this memory. */
  instantiate(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
    const module = new WebAssembly.Module(bytes);
    return new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports;
  }
}

let shared: Arena | undefined;

/** The arena of all kernels, made on first use with as much reserved as there is. */
export function arena(): Arena {
  for (let pages = RESERVED_PAGES; shared === undefined; pages /= 4) {
    try {
      shared = new Arena(pages);
    } catch (error) {
      if (pages < 4) throw error;
    }
  }
  return shared;
}

/** Does this engine know WebAssembly with 128-bit SIMD? It may refuse all the same to run it. */
export function simdSupported(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(simdModule());
}

let ready: boolean | undefined;

/**
 * Can kernels run here? Where not, the plain twins do the work: without SIMD, where a policy refuses to
 * compile (the Content-Security-Policy of a page), and where there is no memory to be had. Found out,
 * which makes the arena, when it is first asked.
 */
export function wasmReady(): boolean {
  ready ??= canRun();
  return ready;
}

function canRun(): boolean {
  if (!simdSupported()) return false;
  try {
    arena().instantiate(simdModule());
    return true;
  } catch {
    return false;
  }
}

/** The smallest module with SIMD. */
function simdModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const square = module.function('square');
  const x = square.param('f64');
  const pair = f64x2.splat(x);
  square.define([], f64x2.lane0(f64x2.mul(pair, pair)));
  return module.bytes();
}
