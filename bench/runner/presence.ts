/**
 * Which contestants there are on this machine, and in which version.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTESTANTS } from './contestants.ts';
import type { ContestantName } from './contract.ts';

export const BENCH: string = join(import.meta.dirname, '..');
const MODULES = join(BENCH, 'node_modules');

/** How the contestants are installed. */
export const INSTALL = 'npm ci --prefix bench';

export const isInstalled = (): boolean => existsSync(MODULES);

/** Where each Python package was found, asked once. */
const pythons = new Map<string, string | null>();

/** Exits with 0 if the package that is its argument is there, without loading it. */
const FIND = 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)';

/** The first of `python3`, `/usr/bin/python3` and `$DELTAW_PYTHON` that has `name`; null if none has. */
export function pythonWith(name: 'numpy' | 'torch'): string | null {
  const known = pythons.get(name);
  if (known !== undefined) return known;
  const candidates = ['python3', '/usr/bin/python3', process.env.DELTAW_PYTHON];
  const found = candidates.find(
    (command) => command && spawnSync(command, ['-c', FIND, name]).status === 0,
  );
  pythons.set(name, found ?? null);
  return found ?? null;
}

/** Why a contestant cannot take part here; null if it can. */
export function absence(name: ContestantName): string | null {
  const { package: module, node, python } = CONTESTANTS[name];
  if (node !== undefined && Number(process.versions.node.split('.')[0]) < node) {
    return `absent: needs Node ≥ ${node}`;
  }
  if (module !== undefined && !existsSync(join(MODULES, module, 'package.json'))) {
    return 'absent: not installed';
  }
  if (python !== undefined && pythonWith(python) === null)
    return `absent: no python3 with ${python}`;
  return null;
}

/** The version of a contestant that is present, as its own package states it. */
export function versionOf(name: ContestantName): string {
  const { package: module, python } = CONTESTANTS[name];
  if (python !== undefined) return pythonVersion(python);
  if (name === 'plain') return `V8 ${process.versions.v8}`;
  const about = module === undefined ? join(BENCH, '..') : join(MODULES, module);
  return JSON.parse(readFileSync(join(about, 'package.json'), 'utf8')).version;
}

/** What the package says of itself and of its BLAS, after it has been loaded. */
function pythonVersion(name: 'numpy' | 'torch'): string {
  const program = join(BENCH, 'python', 'version.py');
  const { stdout } = spawnSync(pythonWith(name) ?? '', [program, name], { encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}
