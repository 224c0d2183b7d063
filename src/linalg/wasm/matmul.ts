/**
 * The matrix products a·b, a·bᵀ and aᵀ·b on Wasm, with the bits of `../reference/matmul.ts`.
 *
 * One kernel serves all three: what differs is which packer reads which operand. The loops over
 * blocks are here, those over tiles in `matmul-module.ts`.
 *
 * @module
 */
import * as twins from '../reference/matmul.ts';
import { type MatmulExports, matmulModule } from './matmul-module.ts';
import { arena } from './memory.ts';

/** Terms of a sum in one block: a panel of four columns is then 8 KiB, a quarter of the L1 cache. */
const KC = 256;
/** Doubles of a packed block of the left factor: 128 KiB, for the L2 cache. */
const LEFT_BLOCK = 16384;
/** Doubles of a packed block of the right factor: 2 MiB. */
const RIGHT_BLOCK = 262144;

/**
 * Below this m·k·n the twin is as fast or faster, on Node 20.20 and 24.21 (EPYC, November 2026): copies
 * included, 4³ runs at 0.6 to 0.9 of the twin's speed, 6³ at 1.0 to 1.5, 8³ at 1.9 to 3, 16³ at 5 to 9
 * times, 64³ at 11 to 16 times.
 */
export const MATMUL_CROSSOVER = 200;

/** Doubles of the room in which `accumulateProduct` packs. */
export const PACKING: number = LEFT_BLOCK + RIGHT_BLOCK + 16;

/** A matrix in Wasm memory: byte address, doubles from row to row, and whether it is transposed. */
export interface Operand {
  readonly address: number;
  readonly stride: number;
  readonly transposed: boolean;
}

/**
 * c += a·b in Wasm memory, entry by entry p ascending, each product rounded and then added. Shapes
 * m×k, k×n, m×n, after transposition where an operand is transposed. c must not overlap a or b; `room` is the address of room for `PACKING` doubles.
 */
export function accumulateProduct(
  kernel: MatmulExports,
  room: number,
  a: Operand,
  b: Operand,
  c: Omit<Operand, 'transposed'>,
  m: number,
  k: number,
  n: number,
): void {
  const [left, right, scratch] = [room, room + 8 * LEFT_BLOCK, room + 8 * (PACKING - 16)];
  const packLeft = a.transposed ? kernel.packAcross : kernel.packLines;
  const packRight = b.transposed ? kernel.packLines : kernel.packAcross;
  const [stepA, stepB, stepC] = [8 * a.stride, 8 * b.stride, 8 * c.stride];
  // Blocks of a short sum are the wider: the room for a packed block is used up.
  const depth = Math.min(k, KC);
  const height = Math.floor(LEFT_BLOCK / depth / 4) * 4;
  const width = Math.floor(RIGHT_BLOCK / depth / 4) * 4;
  for (let j = 0; j < n; j += width) {
    const nc = Math.min(width, n - j);
    for (let p = 0; p < k; p += depth) {
      const kc = Math.min(depth, k - p);
      const fromB = b.address + (b.transposed ? j * stepB + 8 * p : p * stepB + 8 * j);
      packRight(fromB, stepB, right, nc, kc);
      for (let i = 0; i < m; i += height) {
        const mc = Math.min(height, m - i);
        const fromA = a.address + (a.transposed ? p * stepA + 8 * i : i * stepA + 8 * p);
        packLeft(fromA, stepA, left, mc, kc);
        const at = c.address + i * stepC + 8 * j;
        kernel.block(left, 32 * kc, right, 32 * kc, at, stepC, mc, nc, kc, scratch);
      }
    }
  }
}

type Matmul = typeof twins.matmul;

/** c = a·b with a m×k, b k×n, c m×n. */
export const matmul: Matmul = (a, b, c, m, k, n) => {
  if (!fits(a, b, c, m, k, n)) twins.matmul(a, b, c, m, k, n);
  else product(a, k, false, b, n, false, c, m, k, n);
};

/** c = a·bᵀ with a m×k, b n×k, c m×n. */
export const matmulNT: Matmul = (a, b, c, m, k, n) => {
  if (!fits(a, b, c, m, k, n)) twins.matmulNT(a, b, c, m, k, n);
  else product(a, k, false, b, k, true, c, m, k, n);
};

/** c = aᵀ·b with a k×m, b k×n, c m×n. */
export const matmulTN: Matmul = (a, b, c, m, k, n) => {
  if (!fits(a, b, c, m, k, n)) twins.matmulTN(a, b, c, m, k, n);
  else product(a, m, true, b, n, false, c, m, k, n);
};

/** Is there room for the packing, and for copies of the operands that are elsewhere? */
function fits(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  m: number,
  k: number,
  n: number,
): boolean {
  const room = arena();
  const copy = (x: Float64Array, count: number): number => (room.holds(x) ? 0 : count + 8);
  return room.fits(PACKING + 8 + copy(a, m * k) + copy(b, k * n) + copy(c, m * n));
}

function product(
  a: Float64Array,
  strideA: number,
  transposedA: boolean,
  b: Float64Array,
  strideB: number,
  transposedB: boolean,
  c: Float64Array,
  m: number,
  k: number,
  n: number,
): void {
  const room = arena();
  const kernel = matmulKernel();
  const mark = room.used;
  const packing = room.allocate(PACKING);
  const atA = room.reach(a, 0, m * k);
  const atB = room.reach(b, 0, k * n);
  const resident = room.holds(c);
  const atC = resident ? c.byteOffset : room.allocate(m * n);
  room.view.fill(0, atC / 8, atC / 8 + m * n);
  accumulateProduct(
    kernel,
    packing,
    { address: atA, stride: strideA, transposed: transposedA },
    { address: atB, stride: strideB, transposed: transposedB },
    { address: atC, stride: n },
    m,
    k,
    n,
  );
  if (!resident) room.copyOut(atC, c, 0, m * n);
  room.release(mark);
}

let shared: MatmulExports | undefined;

/** The compiled module. */
export function matmulKernel(): MatmulExports {
  shared ??= arena().instantiate(matmulModule()) as unknown as MatmulExports; // by construction
  return shared;
}
