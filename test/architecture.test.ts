/**
 * The house rules that a compiler does not know: imports point one way, the engine computes the
 * same bits everywhere, files stay short and say what they are.
 *
 * @module
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are programs.
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ENGINE,
  importFaults,
  importsOf,
  LAYERS,
  type SourceFile,
  type Token,
  tokensOf,
} from './support/imports.ts';

const SRC = join(import.meta.dirname, '..', 'src');

const files: readonly SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => ({
    path: path.split(sep).join('/'),
    text: readFileSync(join(SRC, path), 'utf8'),
  }));

const inEngine = ({ path }: SourceFile): boolean => ENGINE.includes(path.split('/')[0] ?? '');

/**
 * The members of Math whose value the language fixes to the last bit. The rest (exp, log, sin,
 * pow, hypot, random …) differ between engines; linalg/special has our own.
 */
const EXACT_MATH =
  /^(?:abs|ceil|clz32|floor|fround|imul|max|min|round|sign|sqrt|trunc|E|LN10|LN2|LOG10E|LOG2E|PI|SQRT1_2|SQRT2)$/;

/** Names of the world outside, on which no value may depend. */
const OUTSIDE = /^(?:Date|performance|process|Buffer|crypto)$/;

/**
 * What in a text may give different bits elsewhere or at another time, as `line: what`. A power
 * passes between two literals, where it is a constant (`2 ** -52`), and between BigInts when one
 * of them is a literal. `x ** 3` does not: engines round it in different ways, and not as `x * x * x`.
 */
function impurities(text: string): string[] {
  const tokens = tokensOf(text);
  const at = (i: number): Token | undefined => tokens[i];
  const number = (token?: Token): boolean => token?.kind === 'number';
  const big = (token?: Token): boolean => number(token) && token?.text.endsWith('n') === true;

  return tokens.flatMap(({ kind, text: word, line }, i): string[] => {
    if (kind === 'sign' && (word === '**' || word === '**=')) {
      const base = at(i - 1);
      const exponent = at(i + 1)?.text === '-' ? at(i + 2) : at(i + 1);
      const constant = number(base) && number(exponent);
      return constant || big(base) || big(exponent) ? [] : [`${line}: ${word} of a variable`];
    }
    if (kind !== 'word') return [];
    const member = at(i - 1)?.text === '.' || at(i - 1)?.text === '?.';
    const ofGlobal = member && /^(?:globalThis|window|self)$/.test(at(i - 2)?.text ?? '');
    if (word === 'Math' && (!member || ofGlobal)) {
      const name = at(i + 1)?.text === '.' ? (at(i + 2)?.text ?? '') : '';
      return EXACT_MATH.test(name) ? [] : [`${line}: Math${name && '.'}${name}`];
    }
    const key = /^[{,]$/.test(at(i - 1)?.text ?? '') && at(i + 1)?.text === ':';
    return OUTSIDE.test(word) && (!member || ofGlobal) && !key ? [`${line}: ${word}`] : [];
  });
}

/** Does the text begin with a doc comment that ends in `@module`? */
const hasHeader = (text: string): boolean =>
  /^\/\*\*(?:(?!\*\/)[\s\S])*@module\s*\*\/\n/.test(text);

describe('the source', () => {
  test('has imports that point one way, and no package in it', () => {
    expect(files.flatMap(importFaults)).toEqual([]);
    expect(files.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThanOrEqual(50);
  });

  test('has a file in every layer, and a public root', () => {
    const tops = new Set(files.map(({ path }) => path.split('/')[0]));
    expect([...tops].sort()).toEqual([...LAYERS, 'index.ts'].sort());
  });

  test('computes with nothing that another engine or another day may answer differently', () => {
    const found = files.filter(inEngine).flatMap(({ path, text }) => {
      return impurities(text).map((what) => `${path}:${what}`);
    });
    expect(found).toEqual([]);
  });

  test('has no file above 300 lines', () => {
    const lines = (text: string): number => text.replace(/\n$/, '').split('\n').length;
    expect(files.filter(({ text }) => lines(text) > 300).map(({ path }) => path)).toEqual([]);
  });

  test('has a header comment, ending in @module, at the top of every file', () => {
    const bare = files.filter(({ path, text }) => {
      return !hasHeader(path === 'cli/main.ts' ? text.replace(/^#![^\n]*\n/, '') : text);
    });
    expect(bare.map(({ path }) => path)).toEqual([]);
  });
});

describe('reading imports', () => {
  const targets = (text: string): (string | null)[] => importsOf(text).map(({ target }) => target);

  test.each([
    [`import x from './a.ts';`],
    [`import x from "./a.ts"`],
    [`import{x}from'./a.ts'`],
    [`import * as x from './a.ts';`],
    [`import x, { type y as z, w } from './a.ts';`],
    [`import {\n  x, // from './b.ts'\n  y,\n} from './a.ts';`],
    [`import { 'a name' as from } from './a.ts';`],
    [`import from from './a.ts';`],
    [`import type { x } from './a.ts';`],
    [`import './a.ts';`],
    [`import "./a.ts";`],
    [`import x from './a.ts' with { type: 'json' };`],
    [`import x = require('./a.ts');`],
    [`export * from './a.ts';`],
    [`export * as x from "./a.ts";`],
    [`export { x, y as default } from './a.ts';`],
    [`export type { x } from './a.ts';`],
    [`const x = await import('./a.ts');`],
    [`const x = await import(\n  /* why */ "./a.ts",\n);`],
    ['const x = await import(`./a.ts`);'],
    [`const f = () => import('./a.ts').then(({ x }) => x);`],
    [`type X = import('./a.ts').X;`],
    [`const x = require("./a.ts");`],
    ['const text = `${(await import("./a.ts")).x} from ${"b"}`;'],
    ['const text = `${{ x: `${1}` }}${import("./a.ts")}`;'],
    [`const half = (x) / 2; import './a.ts'; 1 / 2;`],
  ])('finds the one import of %j', (text) => {
    expect(targets(text)).toEqual(['./a.ts']);
  });

  test.each([
    [`// import x from './a.ts';`],
    [`/* import x from './a.ts'; */`],
    [`/**\n * @example\n * import x from './a.ts';\n */`],
    [`const text = "import x from './a.ts'";`],
    ["const text = `\nimport x from './a.ts';\n`;"],
    [`const pattern = /import '[/]a'; import "b/;`],
    [`const url = import.meta.url; const from = './a.ts';`],
    [`export const from = './a.ts';`],
    [`export { x };\nconst from = './a.ts';`],
    [`loader.import('./a.ts'); loader?.require('./a.ts');`],
  ])('finds none in %j', (text) => {
    expect(targets(text)).toEqual([]);
  });

  test('reports an import whose module is computed', () => {
    const text = 'import(name); import(`./${name}`); import("./" + name);';
    expect(targets(text)).toEqual([null, null, null]);
  });

  test('counts lines over comments, strings and templates', () => {
    const text = "#!/usr/bin/env node\n/*\n*/ const a = `\n${1}\n`; // '\nimport './a.ts';\n";
    expect(importsOf(text)).toEqual([{ target: './a.ts', line: 6 }]);
  });
});

describe('a planted violation is caught:', () => {
  test.each<[string, SourceFile, string]>([
    [
      'an upward import',
      { path: 'linalg/matrix.ts', text: `\nimport { tape } from '../autograd/tape.ts';` },
      `linalg/matrix.ts:2: linalg must not import '../autograd/tape.ts'`,
    ],
    [
      'an upward import of a type from a subfolder',
      { path: 'autograd/ops/add.ts', text: `import type { Block } from "../../model/block.ts";` },
      `autograd/ops/add.ts:1: autograd must not import '../../model/block.ts'`,
    ],
    [
      'an upward dynamic import in double quotes',
      { path: 'io/npy.ts', text: `const run = await import("../cli/main.ts");` },
      `io/npy.ts:1: io must not import '../cli/main.ts'`,
    ],
    [
      'an upward export *',
      { path: 'model/index.ts', text: `export * from '../icl/index.ts';` },
      `model/index.ts:1: model must not import '../icl/index.ts'`,
    ],
    [
      'an upward side effect',
      { path: 'experiments/fig1.ts', text: `import '../cli/main.ts';` },
      `experiments/fig1.ts:1: experiments must not import '../cli/main.ts'`,
    ],
    [
      'a package in the engine',
      { path: 'icl/patch.ts', text: `import fc from 'fast-check';` },
      `icl/patch.ts:1: imports the package 'fast-check'`,
    ],
    [
      'a package in the command line',
      { path: 'cli/main.ts', text: `const chalk = require("chalk");` },
      `cli/main.ts:1: imports the package 'chalk'`,
    ],
    [
      'an optional package elsewhere than in the file that asks for it',
      { path: 'io/npy.ts', text: `const { Tokenizer } = await import('@huggingface/tokenizers');` },
      `io/npy.ts:1: imports the package '@huggingface/tokenizers'`,
    ],
    [
      'a node: module in the engine',
      { path: 'linalg/random.ts', text: `import { randomBytes } from 'node:crypto';` },
      `linalg/random.ts:1: the engine imports 'node:crypto'`,
    ],
    [
      'a module of Node without its prefix',
      { path: 'io/npy.ts', text: `import { readFileSync } from 'fs';` },
      `io/npy.ts:1: imports the package 'fs'`,
    ],
    [
      'Node’s types in the engine',
      { path: 'model/train.ts', text: `/// <reference types="node" />` },
      'model/train.ts: the engine refers to types with a triple-slash comment',
    ],
    [
      'the root offering more than the engine',
      { path: 'index.ts', text: `export { save } from './io/npy.ts';` },
      `index.ts:1: the root must not import './io/npy.ts'`,
    ],
    [
      'a layer importing the root',
      { path: 'cli/main.ts', text: `import { patch } from '../index.ts';` },
      `cli/main.ts:1: '../index.ts' lies in no layer`,
    ],
    [
      'an import from outside src/',
      { path: 'cli/main.ts', text: `import about from '../../package.json';` },
      `cli/main.ts:1: '../../package.json' lies in no layer`,
    ],
    [
      'a computed import',
      { path: 'cli/main.ts', text: 'await import(`./${command}.ts`);' },
      'cli/main.ts:1: imports what is not a literal, so its layer cannot be known',
    ],
    [
      'a file in no layer',
      { path: 'util/list.ts', text: '' },
      'util/list.ts: lies in no layer, and is not the public root',
    ],
  ])('%s', (_kind, file, message) => {
    expect(importFaults(file)).toEqual([message]);
  });

  test('but what is allowed is not', () => {
    const allowed: SourceFile[] = [
      { path: 'index.ts', text: `export { matrix } from './linalg/matrix.ts';` },
      { path: 'icl/patch.ts', text: `import './rank.ts'; import '../linalg/matrix.ts';` },
      { path: 'io/npy.ts', text: `import { open } from "node:fs"; import '../icl/patch.ts';` },
      { path: 'cli/main.ts', text: `import 'node:util'; export * from '../experiments/fig1.ts';` },
    ];
    expect(allowed.flatMap(importFaults)).toEqual([]);
  });

  test.each([
    ['Math.exp(x)', '1: Math.exp'],
    ['x +\nMath.random()', '2: Math.random'],
    ['Math["exp"](x)', '1: Math'],
    ['const { log } = Math;', '1: Math'],
    ['globalThis.Math.hypot(x, y)', '1: Math.hypot'],
    ['`${Math.tanh(x)}`', '1: Math.tanh'],
    ['2 ** k', '1: ** of a variable'],
    ['x ** 3', '1: ** of a variable'],
    ['x **= 2', '1: **= of a variable'],
    ['new Date()', '1: Date'],
    ['performance.now()', '1: performance'],
    ['process.env.HOME', '1: process'],
    ['globalThis.process', '1: process'],
    ['ok ? Buffer : null', '1: Buffer'],
  ])('%j', (text, message) => {
    expect(impurities(text)).toEqual([message]);
  });

  test.each([
    ['Math.sqrt(x) + Math.PI'],
    ['2 ** -52 + 10 ** 6'],
    ['10n ** digits - base ** 2n'],
    ['// Math.exp(x) is no answer'],
    ['/** Math.log, and 2 ** k, on this Date. */'],
    ['const hint = "not Math.exp, and not x ** y";'],
    ['queue.process({ process: 1 })'],
  ])('but %j is not', (text) => {
    expect(impurities(text)).toEqual([]);
  });

  test.each([
    ['', false],
    ['import "./a.ts";\n/**\n * Late.\n *\n * @module\n */\n', false],
    ['/**\n * No end.\n */\n/** @module */\n', false],
    ['/* Plain. @module */\n', false],
    ['/**\n * What it is.\n *\n * @module\n */\n', true],
    ['/** What it is. @module */\n', true],
  ])('a header comment in %j: %s', (text, expected) => {
    expect(hasHeader(text)).toBe(expected);
  });
});
