/**
 * Reads the imports of a TypeScript file, and says which of them the order of the layers forbids.
 *
 * The text is split into tokens first, so that nothing inside a comment, a string, a template or a
 * regular expression is taken for code.
 *
 * @module
 */
import { posix } from 'node:path';

/** The folders of src/, lowest first: a file imports from its own and from those before it. */
export const LAYERS: readonly string[] = [
  'linalg',
  'autograd',
  'model',
  'icl',
  'io',
  'experiments',
  'cli',
];

/** The layers that know neither Node nor any package, and that the public root is made of. */
export const ENGINE: readonly string[] = LAYERS.slice(0, LAYERS.indexOf('icl') + 1);

/** Packages that a user may add, and the one file that asks for each, when it is needed. */
export const OPTIONAL: ReadonlyMap<string, string> = new Map([
  ['@huggingface/tokenizers', 'io/hugging-face/tokenizer.ts'],
]);

/** A source file: its path inside src/ with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'sign';
  /** As written, except that a string comes without its quotes. */
  readonly text: string;
  readonly line: number;
}

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const CHUNK = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const NUMBER =
  /(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)n?/y;
const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const SIGN = /\*\*=?|\+\+|--|\?\.(?!\d)|=>|[^\s]/uy;

/** After these words a slash begins a regular expression; after any other it divides. */
const BEFORE_REGEX = /^(?:return|typeof|case|in|of|new|delete|void|throw|await|yield|else|do)$/;

/** The tokens of a text, without its comments and its shebang line. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const braces: number[] = []; // One entry for each open `${`: the braces open inside it.
  let at = text.startsWith('#!') ? text.indexOf('\n') : 0;
  let line = 1;

  const read = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? '';
  };
  const divides = (): boolean => {
    const last = tokens.at(-1);
    if (last === undefined) return false;
    if (last.kind === 'sign') return [')', ']', '}', '++', '--'].includes(last.text);
    return last.kind !== 'word' || !BEFORE_REGEX.test(last.text);
  };
  const take = (kind: Token['kind'] | null, found: string): boolean => {
    if (found === '') return false;
    const quoted = kind === 'string';
    if (kind !== null) tokens.push({ kind, text: quoted ? found.slice(1, -1) : found, line });
    line += found.split('\n').length - 1;
    at += found.length;
    return true;
  };

  while (at >= 0 && at < text.length) {
    if (take(null, read(BLANK)) || take('string', read(STRING))) continue;
    if (text[at] === '`' || (text[at] === '}' && braces.at(-1) === 0)) {
      const chunk = read(CHUNK);
      if (text[at] === '}') braces.pop();
      if (chunk.endsWith('${')) braces.push(0);
      const whole = chunk.startsWith('`') && chunk.length > 1 && chunk.endsWith('`');
      if (take(whole ? 'string' : 'template', chunk)) continue;
    }
    if (!divides() && take('regex', read(REGEX))) continue;
    if (take('number', read(NUMBER)) || take('word', read(WORD))) continue;
    const sign = read(SIGN);
    const step = sign === '{' ? 1 : sign === '}' ? -1 : 0;
    if (braces.length > 0) braces.push((braces.pop() ?? 0) + step);
    take('sign', sign);
  }
  return tokens;
}

/** One import: the module it names, or null where that is not written as a literal. */
export interface Import {
  readonly target: string | null;
  readonly line: number;
}

/**
 * Every import of a text: `import … from`, `import type`, `import '…'`, `export … from`, and
 * `import(…)` and `require(…)`, also in the place of a type.
 */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const tokens = tokensOf(text);
  const is = (i: number, sign: string): boolean =>
    tokens[i]?.kind !== 'string' && tokens[i]?.text === sign;

  tokens.forEach(({ kind, text: word, line }, i) => {
    if (kind !== 'word' || is(i - 1, '.') || is(i - 1, '?.')) return;
    const next = tokens[i + 1];
    if ((word === 'import' || word === 'require') && is(i + 1, '(')) {
      const argument = tokens[i + 2];
      const alone = is(i + 3, ')') || is(i + 3, ',');
      const literal = argument?.kind === 'string' && alone ? argument.text : null;
      found.push({ target: literal, line });
    } else if (word === 'import' && next?.kind === 'string') {
      found.push({ target: next.text, line });
    } else if (word === 'import' || word === 'export') {
      // The clause of names: words, strings, braces, commas, a star; then `from` and the module.
      for (let j = i + 1; tokens[j] !== undefined; j += 1) {
        const target = tokens[j + 1];
        if (is(j, 'from') && target?.kind === 'string') {
          found.push({ target: target.text, line });
          return;
        }
        if (tokens[j]?.kind === 'sign' && !['{', '}', ',', '*'].includes(tokens[j]?.text ?? '')) {
          return;
        }
        if (is(j, '}') && !is(j + 1, 'from')) return;
      }
    }
  });
  return found;
}

/**
 * What the imports of a file do wrong, one message for each, with path and line. `path` is the
 * path inside src/, or inside a folder of the same layout, such as dist/.
 */
export function importFaults({ path, text }: SourceFile): string[] {
  const faults: string[] = [];
  const isRoot = /^index\.[^/]+$/.test(path);
  const folder = path.split('/')[0] ?? '';
  const own = isRoot ? ENGINE.length - 1 : LAYERS.indexOf(folder);
  if (own < 0) return [`${path}: lies in no layer, and is not the public root`];
  const engine = own < ENGINE.length;

  for (const { target, line } of importsOf(text)) {
    const where = `${path}:${line}`;
    if (target === null) {
      faults.push(`${where}: imports what is not a literal, so its layer cannot be known`);
    } else if (/^\.\.?\//.test(target)) {
      const other = posix.join(posix.dirname(path), target).split('/')[0] ?? '';
      if (!LAYERS.includes(other)) {
        faults.push(`${where}: '${target}' lies in no layer`);
      } else if (LAYERS.indexOf(other) > own) {
        faults.push(`${where}: ${isRoot ? 'the root' : folder} must not import '${target}'`);
      }
    } else if (!target.startsWith('node:')) {
      if (OPTIONAL.get(target) !== path) {
        faults.push(`${where}: imports the package '${target}'`);
      }
    } else if (engine) {
      faults.push(`${where}: the engine imports '${target}'`);
    }
  }
  if (engine && /^\s*\/\/\/\s*<reference\b/m.test(text)) {
    faults.push(`${path}: the engine refers to types with a triple-slash comment`);
  }
  return faults;
}
