/**
 * The program of one fresh process: one contestant at one work. Verifies, warms up, times, and prints
 * one line of JSON.
 *
 *     node --import tsx bench/runner/child.ts FAMILY WORK ENTRY EFFORT
 *
 * @module
 */
import { crc32 } from 'node:zlib';
import { FAMILIES } from '../works/index.ts';
import { CONTESTANTS } from './contestants.ts';
import { type Effort, type Entry, entryName, type Work } from './contract.ts';
import { samplesOf } from './harness.ts';
import type { RoundLine } from './lines.ts';
import { versionOf } from './presence.ts';
import { runPython } from './python.ts';
import { quantile } from './statistics.ts';

const [family, workName, name, effortJson] = process.argv.slice(2);
const work = (await FAMILIES[family]?.())?.find((candidate) => candidate.name === workName);
const entry = work?.entries.find((candidate) => entryName(candidate) === name);
if (!work || !entry) {
  throw new Error(`child: a work and its entry are required, got ${workName}, ${name}`);
}
process.stdout.write(`${JSON.stringify(await measure(work, entry, JSON.parse(effortJson)))}\n`);
process.exit(0); // some contestants leave handles open

async function measure(work: Work, entry: Entry, effort: Effort): Promise<RoundLine> {
  const { precision } = CONTESTANTS[entry.contestant];
  const { result, samples } = await outcomeOf(entry, effort);
  const judge = await (entry.judge ?? work.judge)();
  const error = judge(result);
  if (!Number.isFinite(error)) {
    throw new Error(
      `${work.name}: a finite result of the right length is required, got an error of ${error}`,
    );
  }
  const bytes = new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
  return {
    kind: 'round',
    work: work.name,
    contestant: entryName(entry),
    precision,
    version: versionOf(entry.contestant),
    threads: entry.threads ?? 1,
    samples,
    best: Math.min(...samples),
    median: quantile(samples, 0.5),
    checksum: crc32(bytes).toString(16).padStart(8, '0'),
    error,
  };
}

/** The verified run comes first, so that nothing timed can have touched its result. */
async function outcomeOf(
  { program, contestant }: Entry,
  effort: Effort,
): Promise<{ result: Float64Array; samples: readonly number[] }> {
  const { python } = CONTESTANTS[contestant];
  if (typeof program !== 'function') {
    if (python === undefined) throw new Error(`child: ${contestant} is not in Python`);
    return runPython(python, program, effort);
  }
  const ready = await program();
  const result = Float64Array.from(await ready.result());
  return { result, samples: await samplesOf(ready, effort) };
}
