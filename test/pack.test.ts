/**
 * The package as its users get it: packed by npm, installed into an empty project, imported from
 * JavaScript and from TypeScript, and run from the command line.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENGINE, importFaults, tokensOf } from './support/imports.ts';

const REPOSITORY = join(import.meta.dirname, '..');
const TSC = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));

/** What a user writes to import each entry point: 'deltaw', 'deltaw/linalg' … */
const entries = Object.keys(manifest.exports).map((path) => manifest.name + path.slice(1));
const isJson = (entry: string): boolean => entry.endsWith('.json');
const withJson = (entry: string): string => (isJson(entry) ? `, { with: { type: 'json' } }` : '');

let temporary = '';
let project = '';
let installed = '';

/** npm's own variables, which an outer `npm test` sets, would lead the inner npm to this checkout. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
  npm_config_cache: join(temporary, 'cache'),
  npm_config_userconfig: join(temporary, 'npmrc'),
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(folder: string, command: string, ...args: string[]): Outcome {
  const done = spawnSync(command, args, { cwd: folder, env: environment(), encoding: 'utf8' });
  if (done.error !== undefined) throw done.error;
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

function succeed(folder: string, command: string, ...args: string[]): string {
  const { code, stdout, stderr } = run(folder, command, ...args);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: code ${code}\n${stdout}\n${stderr}`);
}

/** The files below a folder, with forward slashes. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'))
    .sort();

const fileInstalled = (path: string): string => readFileSync(join(installed, path), 'utf8');

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'deltaw-pack-'));
  project = join(temporary, 'project');
  installed = join(project, 'node_modules', manifest.name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');

  succeed(REPOSITORY, 'npm', 'pack', '--pack-destination', temporary); // prepack builds dist/.
  const tarball = `${manifest.name}-${manifest.version}.tgz`;
  const flags = ['--no-audit', '--no-fund', '--offline'];
  succeed(project, 'npm', 'install', ...flags, join(temporary, tarball));
}, 120_000);

afterAll(() => {
  if (temporary !== '') rmSync(temporary, { recursive: true, force: true });
});

test('holds what it promises and nothing else', () => {
  const promised = [...manifest.files, 'LICENSE', 'README.md', 'package.json'];
  expect(readdirSync(installed).sort()).toEqual(promised.sort());
  const inner = ['.ci', 'bench', 'out', 'scripts', 'test'];
  expect(promised.filter((name) => inner.includes(name))).toEqual([]);
});

test('holds every file that its manifest points to', () => {
  const targets = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(targets);
  const named = [...targets(manifest.exports), ...targets(manifest.bin)];
  expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
});

test('is built from its sources, file by file, with nothing left over', () => {
  const sources = filesIn(join(installed, 'src')).filter((path) => path.endsWith('.ts'));
  const built = sources.flatMap((path) => [
    path.replace(/\.ts$/, '.js'),
    path.replace(/\.ts$/, '.d.ts'),
  ]);
  expect(filesIn(join(installed, 'dist'))).toEqual(built.sort());
});

test('installs nothing but itself', () => {
  expect(manifest.dependencies ?? {}).toEqual({});
  const packages = readdirSync(join(project, 'node_modules')).filter((name) => name[0] !== '.');
  expect(packages).toEqual([manifest.name]);
});

test('keeps Node and every package out of the built engine, its types included', () => {
  const engine = filesIn(join(installed, 'dist')).filter((path) => {
    return !path.includes('/') || ENGINE.includes(path.split('/')[0] ?? '');
  });
  expect(engine.length).toBeGreaterThan(2 * ENGINE.length);
  const faults = engine.flatMap((path) =>
    importFaults({ path, text: fileInstalled(`dist/${path}`) }),
  );
  expect(faults).toEqual([]);
});

test('gives every entry point to JavaScript', () => {
  const script = entries.map(
    (entry) => `seen['${entry}'] = kinds(await import('${entry}'${withJson(entry)}));`,
  );
  const kinds = `(names) => Object.values(names).map((value) => typeof value)`;
  writeFileSync(
    join(project, 'use.js'),
    [
      `const seen = {};`,
      `const kinds = ${kinds};`,
      ...script,
      `console.log(JSON.stringify(seen));`,
    ].join('\n'),
  );
  const seen: Record<string, string[]> = JSON.parse(succeed(project, process.execPath, 'use.js'));
  expect(Object.keys(seen)).toEqual(entries);
  const silent = entries.filter((entry) => !isJson(entry) && !seen[entry]?.includes('function'));
  expect(silent).toEqual([]);
});

test('has a root that passes on names of the engine, one by one, and adds none of its own', () => {
  const tokens = tokensOf(fileInstalled('dist/index.js'));
  const text = tokens.map(({ kind, text }) => (kind === 'string' ? `'${text}'` : text)).join(' ');
  const name = String.raw`(?!default\b)[\w$]+`;
  const names = `${name}(?: as ${name})?(?: , ${name}(?: as ${name})?)*(?: ,)?`;
  expect(text).toMatch(new RegExp(`^(?:export \\{ ${names} \\} from '\\./[^']+' ;\\s*)+$`));
});

/** Type-checks one TypeScript file in the project, strictly, and with no types but the package's. */
function typecheck(text: string): Outcome {
  const options = { strict: true, module: 'NodeNext', target: 'ES2022', types: [], noEmit: true };
  const compilerOptions = { ...options, skipLibCheck: false, resolveJsonModule: true };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['use.ts'] }),
  );
  writeFileSync(join(project, 'use.ts'), text);
  return run(project, process.execPath, TSC, '--pretty', 'false', '-p', project);
}

test('gives every entry point to TypeScript', () => {
  const imports = entries.map((entry, i) => {
    const attributes = isJson(entry) ? ` with { type: 'json' }` : '';
    return `import ${isJson(entry) ? '' : '* as '}entry${i} from '${entry}'${attributes};`;
  });
  const uses = entries.map((_, i) => `Object.keys(entry${i});`);
  const { code, stdout } = typecheck([...imports, ...uses].join('\n'));
  expect(stdout).toBe('');
  expect(code).toBe(0);
});

test('gives TypeScript real types: a name that does not exist is refused', () => {
  const code = entries.filter((entry) => !isJson(entry));
  const imports = code.map((entry, i) => `import { noSuchName as x${i} } from '${entry}';`);
  const { stdout } = typecheck(imports.join('\n'));
  const refused = stdout.split('\n').filter((line) => line.includes('error TS2305'));
  expect(refused.length, stdout).toBe(code.length);
});

test.each(Object.keys(manifest.bin))('installs the command %s', (name) => {
  const command = join(project, 'node_modules', '.bin', name);
  const { code, stdout, stderr } = run(project, command, '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/usage/i);
  expect(stdout).toContain(name);
});
