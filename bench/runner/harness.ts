/**
 * Timing inside one process: warm up until the engine has compiled what it will compile, then let
 * benchmark.js take samples.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import type { Effort, Program } from './contract.ts';

/** What is used of benchmark.js 2.1.4, which brings no types. */
interface Benchmark {
  readonly stats: { readonly sample: readonly number[] };
  readonly error?: unknown;
  run(options: { async: boolean }): Benchmark;
}
interface Deferred {
  resolve(): void;
}
type BenchmarkClass = new (
  run: (deferred: Deferred) => void,
  options: { minSamples: number; maxTime: number; defer: boolean; onComplete: () => void },
) => Benchmark;
const Benchmark: BenchmarkClass = createRequire(import.meta.url)('benchmark');

/** The last result, where no optimiser can know that it is not needed. */
export const kept: { value: unknown } = { value: undefined };

/** One look at the speed during warm-up. */
const LOOK_SECONDS = 0.02;
/** Compilers work in the background; what they have finished is used from the next call on. */
const COMPILE_MS = 50;

/** Seconds per run, one number a sample. */
export async function samplesOf(program: Program, effort: Effort): Promise<readonly number[]> {
  const run = (): unknown => {
    kept.value = program.run();
    return kept.value;
  };
  const defer = run() instanceof Promise;
  await kept.value;
  await warmUp(run, effort.warmUp);
  const { samples: minSamples, seconds: maxTime } = effort;
  const benchmark = await new Promise<Benchmark>((resolve) => {
    const once = (deferred: Deferred): void => {
      const done = run();
      if (defer) Promise.resolve(done).then(() => deferred.resolve());
    };
    const onComplete = (): void => resolve(timed);
    const timed = new Benchmark(once, { minSamples, maxTime, defer, onComplete });
    timed.run({ async: defer });
  });
  if (benchmark.error) throw benchmark.error;
  return benchmark.stats.sample;
}

/** Runs for `seconds` at least, then on until three looks in a row are not 2% faster than the best. */
async function warmUp(run: () => unknown, seconds: number): Promise<void> {
  const begin = performance.now();
  const elapsed = (): number => (performance.now() - begin) / 1000;
  let best = Infinity;
  let stale = 0;
  while (elapsed() < seconds || (stale < 3 && elapsed() < 6 * seconds)) {
    const period = await look(run);
    stale = period < 0.98 * best ? 0 : stale + 1;
    best = Math.min(best, period);
    await setTimeout(stale === 0 ? COMPILE_MS : 0);
  }
}

/** Seconds per run over as many runs as fill a look. */
async function look(run: () => unknown): Promise<number> {
  const begin = performance.now();
  let runs = 0;
  let spent: number;
  do {
    const done = run();
    if (done instanceof Promise) await done;
    runs++;
    spent = (performance.now() - begin) / 1000;
  } while (spent < LOOK_SECONDS);
  return spent / runs;
}
