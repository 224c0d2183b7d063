/**
 * `node --import tsx bench/memory.ts [STEPS]`: does training hold its memory? Runs step (d), 2000 times
 * by default, and prints the resident memory of the process after step 100 and after the last.
 *
 * Ends with exit code 1 where it has grown by 5% or more.
 *
 * @module
 */
import { ours } from './works/stack-step/ours.ts';

const steps = Number(process.argv[2] ?? 2000);
if (!(Number.isInteger(steps) && steps > 100)) {
  process.stderr.write(`memory: an integer above 100 is required, got ${process.argv[2]}\n`);
  process.exit(2);
}
const sizes = { layers: 3, width: 64, heads: 2, hidden: 256, tokens: 41, batch: 64 };
const { run } = await ours(sizes, 1);

/** In MB, as the system counts it. */
const resident = (): number => process.memoryUsage.rss() / 1e6;

let early = 0;
for (let step = 1; step <= steps; step++) {
  run();
  if (step === 100) early = resident();
  if (step % 100 === 0) process.stderr.write(`step ${step}: ${resident().toFixed(0)} MB\n`);
}
const late = resident();
const growth = late / early - 1;
process.stdout.write(
  `resident memory ${early.toFixed(0)} MB after 100 steps, ${late.toFixed(0)} MB after ${steps}: ` +
    `${(100 * growth).toFixed(1)}% (below 5% is required)\n`,
);
process.exitCode = growth < 0.05 ? 0 : 1;
