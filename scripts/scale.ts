/**
 * A checkpoint of GPT-2 124M's shape with random weights: written, loaded, patched and verified, with what that took.
 *
 *   npm run scale -- [--mode all|last|everywhere] [--context 64] [--query 4] [--seed N] [--folder DIR] [--json]
 *
 * The checkpoint (0.5 GB) is written into a temporary folder, which is removed, or into --folder, where it is
 * kept and used again. Loading and patching have a process of their own, so that its peak memory is theirs.
 *
 * Exit code 0: every difference is within its bound, in at most 4 GiB; 1: not; 2: usage.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { PatchMode } from '../src/icl/index.ts';
import { GPT2_124M, writeRandomGpt2 } from './scale/checkpoint.ts';
import { measure, type Scale, type Task } from './scale/measure.ts';

const MOST_MEMORY = 4 * 2 ** 30;
const SEED = 1;

const OPTIONS = {
  mode: { type: 'string', default: 'all' },
  context: { type: 'string', default: '64' },
  query: { type: 'string', default: '4' },
  seed: { type: 'string', default: '1' },
  folder: { type: 'string' },
  json: { type: 'boolean', default: false },
  /** For the process that measures. */
  measure: { type: 'boolean', default: false },
} as const;

function taskOf(values: Record<'mode' | 'context' | 'query' | 'seed', string>): Task {
  const { mode } = values;
  const [context, query, seed] = [values.context, values.query, values.seed].map(Number);
  const modes: readonly string[] = ['all', 'last', 'everywhere'];
  const counts = [context, query].every((count) => Number.isInteger(count) && count > 0);
  if (!modes.includes(mode) || !counts || !Number.isInteger(seed)) {
    process.stderr.write(
      'scale: a mode of all, last or everywhere and whole numbers are required, got ' +
        `--mode ${mode} --context ${values.context} --query ${values.query} --seed ${values.seed}\n`,
    );
    process.exit(2);
  }
  return { mode: mode as PatchMode, context, query, seed };
}

/** The lines for a reader. */
function report({ stages, walkSeconds, ...scale }: Scale, { mode, context, query }: Task): string {
  const seconds = (x: number): string => x.toFixed(2).padStart(7);
  const lines = stages.map(({ name, seconds: wall, cpuSeconds }) => {
    const walks = (wall / walkSeconds).toFixed(1).padStart(7);
    return `${name.padEnd(24)}${seconds(wall)} s ${seconds(cpuSeconds)} s${walks}`;
  });
  const { numbers, share, peakMemory } = scale;
  return [
    `${numbers} numbers, ${context} tokens of context, ${query} of query, mode ${mode}`,
    `${' '.repeat(24)}     wall       CPU  walks`,
    ...lines,
    `a walk through what a token reads: ${walkSeconds.toFixed(3)} s; one token has ${share.toFixed(2)} of its speed`,
    `peak memory: ${(peakMemory / 2 ** 30).toFixed(2)} GiB`,
    `blocks: at most ${scale.blocksOverBound.toPrecision(3)} of their bounds`,
    `logits: off by ${scale.logitDifference.toExponential(2)}, bound ${scale.logitBound.toExponential(2)}, ` +
      `without the patch ${scale.logitDifferenceWithoutPatch.toExponential(2)}`,
    '',
  ].join('\n');
}

const { values } = parseArgs({ options: OPTIONS });
const task = taskOf(values);
if (values.measure) {
  process.stdout.write(JSON.stringify(measure(values.folder ?? '', task)));
} else {
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'deltaw-scale-'));
  try {
    if (!existsSync(join(folder, 'model.safetensors'))) writeRandomGpt2(folder, GPT2_124M, SEED);
    const own = Object.entries(task).map(([name, value]) => `--${name}=${value}`);
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        ...process.execArgv,
        fileURLToPath(import.meta.url),
        '--measure',
        `--folder=${folder}`,
        ...own,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
    );
    if (status !== 0) process.exitCode = 1;
    else {
      const scale: Scale = JSON.parse(stdout);
      process.stdout.write(
        values.json ? `${JSON.stringify(scale, null, 2)}\n` : report(scale, task),
      );
      process.exitCode = scale.ok && scale.peakMemory <= MOST_MEMORY ? 0 : 1;
    }
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}
