/**
 * Runs a Python contestant: inputs out as files, result and samples in.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Effort, PythonProgram } from './contract.ts';
import { BENCH, pythonWith } from './presence.ts';

/** One thread, whatever BLAS it is. */
const ONE_THREAD = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** @throws Error with what the program said, if it fails. */
export function runPython(
  name: 'numpy' | 'torch',
  program: PythonProgram,
  effort: Effort,
): { result: Float64Array; samples: readonly number[] } {
  const command = pythonWith(name);
  if (command === null) throw new Error(`runPython: a python3 with ${name} is required`);
  const directory = mkdtempSync(join(tmpdir(), 'deltaw-bench-'));
  try {
    const task = { package: name, arguments: program.arguments, effort };
    writeFileSync(join(directory, 'task.json'), JSON.stringify(task));
    program.inputs().forEach((input, i) => {
      writeFileSync(join(directory, `${i}.bin`), input);
    });
    const script = join(BENCH, 'python', program.script);
    const { status, stdout, stderr } = spawnSync(command, [script, directory], {
      encoding: 'utf8',
      env: { ...process.env, ...ONE_THREAD, PYTHONDONTWRITEBYTECODE: '1' },
    });
    if (status !== 0)
      throw new Error(`runPython: ${program.script} must end with 0, got ${stderr}`);
    const bytes = readFileSync(join(directory, 'result.bin'));
    const result = new Float64Array(bytes.length / 8);
    new Uint8Array(result.buffer).set(bytes);
    return { result, samples: JSON.parse(stdout) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
