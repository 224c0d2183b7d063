/**
 * `npm run tile`: the speed of the bare 4×4 tile under all matrix products, beside the same tile in
 * JavaScript, in one run. Ends with exit code 1 where the ratio has fallen.
 *
 * The tile is at the mercy of the engine's register allocation: unrolled by four it runs at half the
 * speed, with its addition written the other way round at three quarters. This is the check that says so.
 *
 * @module
 */
import { matmulKernel } from '../src/linalg/wasm/matmul.ts';
import { arena } from '../src/linalg/wasm/memory.ts';

/** Terms of the sums: a panel is then 8 KiB. */
const KC = 256;
/** Measured 18 (Node 20.20, EPYC, November 2026). A tile unrolled by four would be at 9. */
const LEAST_RATIO = 11;
const ROUNDS = 40;
const FLOPS = 2 * 16 * KC;

const room = arena();
const [left, right] = [room.allocate(4 * KC), room.allocate(4 * KC)];
const c = room.allocate(16);
room.view.fill(1 / 3, left / 8, c / 8 + 16);
const kernel = matmulKernel();
const [a, b, sums] = [4 * KC, 4 * KC, 16].map((count) => new Float64Array(count).fill(1 / 3));

/** Seconds of one call, over as many as fill a few milliseconds. */
function period(run: () => void): number {
  const begin = performance.now();
  for (let i = 0; i < 2000; i++) run();
  return (performance.now() - begin) / 2000 / 1000;
}

const wasm = (): void => kernel.tile(left, right, right + 32 * KC, c, 32);

function plain(): void {
  for (let p = 0; p < 4 * KC; p += 4) {
    for (let r = 0; r < 4; r++) {
      const entry = a[p + r];
      for (let q = 0; q < 4; q++) sums[4 * r + q] += entry * b[p + q];
    }
  }
}

const best = { wasm: Infinity, plain: Infinity };
for (let round = 0; round < ROUNDS; round++) {
  best.wasm = Math.min(best.wasm, period(wasm));
  best.plain = Math.min(best.plain, period(plain));
}
const ratio = best.plain / best.wasm;
const rate = (seconds: number): string => (FLOPS / seconds / 1e9).toFixed(1);
process.stdout.write(
  `bare tile ${rate(best.wasm)} GFLOP/s, in JavaScript ${rate(best.plain)}: ${ratio.toFixed(1)} times ` +
    `(at least ${LEAST_RATIO} are required), Node ${process.versions.node}\n`,
);
process.exitCode = ratio >= LEAST_RATIO ? 0 : 1;
