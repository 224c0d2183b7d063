/**
 * `npm run errata`: puts each known mistake of the sources back into a copy of the code, one at a time, and
 * runs the test that must catch it. Ends with exit code 1 if one is not caught, or stands no more where
 * it is looked for; if a test fails on the code as it is, for then it catches nothing; or if the table in
 * src/icl/README.md does not list the same mistakes and tests.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');

interface Erratum {
  /** As the table says it, without the source in parentheses. */
  readonly mistake: string;
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  readonly test: string;
}

const ERRATA: readonly Erratum[] = [
  {
    mistake: 'a ≠ 0 is not stated',
    file: 'src/icl/patch-weight.ts',
    right: 'if (base.every((entry) => entry === 0)) {',
    wrong:
      'if (base.every((entry) => entry === 0)) return { p: new Float64Array(W.rows), v: base.slice() };\n  if (W.rows < 0) {',
    test: 'test/icl/patch-weight.test.ts',
  },
  {
    mistake: 'index of the recursion off by one',
    file: 'src/icl/implicit-descent.ts',
    right: 'const p = matrixVector(W, subtract(prefixes[i], next));',
    wrong: 'const p = matrixVector(W, subtract(prefixes[Math.max(0, i - 1)], prefixes[i]));',
    test: 'test/icl/implicit-descent.test.ts',
  },
  {
    mistake: 'one difference for weight and residual behind a norm',
    file: 'src/icl/block-patch.ts',
    right: '[own[weight], s.data, contextual.sites[weight].input]',
    wrong:
      '[own[weight], s.data, contextual.residual && base.residual ? s.data.map((x, i) => x + ((contextual.residual?.[i] ?? 0) - (base.residual?.[i] ?? 0))) : contextual.sites[weight].input]',
    test: 'test/icl/block-patch.test.ts',
  },
  {
    mistake: 'ε = 1e-8 in the denominator',
    file: 'src/icl/patch-weight.ts',
    right: 'const v = vectorPseudoinverse(base);',
    wrong:
      'const square = base.reduce((s, x) => s + x * x, 0); const v = vectorPseudoinverse(base).map((x) => (x * square) / (square + 1e-8));',
    test: 'test/icl/patch-weight.test.ts',
  },
  {
    mistake: 'values +η: gradient ascent',
    file: 'src/icl/gradient-step.ts',
    right: 'Wv: diagonal(() => -eta)',
    wrong: 'Wv: diagonal(() => eta)',
    test: 'test/icl/gradient-step.test.ts',
  },
  {
    mistake: 'the query attends to itself',
    file: 'src/icl/gradient-step.ts',
    right: 'width: d + 1, excludeSelf: true }',
    wrong: 'width: d + 1 }',
    test: 'test/icl/gradient-step.test.ts',
  },
  {
    mistake: 'the secular equation always has a root',
    file: 'src/icl/sphere-closest.ts',
    right: 'if (!tooLong(0)) {',
    wrong: 'if (!tooLong(0) && s.length === 0) {',
    test: 'test/icl/sandwich-norm-patch.test.ts',
  },
  {
    mistake: 'a zero divisor replaced by one',
    file: 'src/icl/sandwich-norm-patch.ts',
    right: 'if (a === 0) return 0;',
    wrong: 'if (a === a) return a;',
    test: 'test/icl/sandwich-norm-patch.test.ts',
  },
  {
    mistake: 'a patch of the last token used at every token',
    file: 'src/icl/network-patch.ts',
    right: "return mode === 'everywhere' || i === lastToken ? last : null;",
    wrong: 'return last;',
    test: 'test/golden.test.ts',
  },
  {
    mistake: 'the first patch of parallel blocks reads the residual stream after attention',
    file: 'src/model/wirings.ts',
    right: "input: ({ norm }, _m, _r, x) => norm(ownNorm ? 'norm2' : 'norm1', x),",
    wrong: "input: ({ norm }, m, r) => norm(ownNorm ? 'norm2' : 'norm1', r ?? m),",
    test: 'test/golden.test.ts',
  },
  {
    mistake: 'a router that is not patched',
    file: 'src/model/feed-forward/experts.ts',
    right: 'const sites = [router, ...chosen',
    wrong: 'const sites = [...chosen',
    test: 'test/golden.test.ts',
  },
];

/** The table's rows that are not those of `ERRATA`, in order. */
function differencesFromTable(): string[] {
  const text = readFileSync(join(ROOT, 'src', 'icl', 'README.md'), 'utf8');
  const [, section] = text.split('\n# Errata\n');
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  const listed = rows.slice(1).map((row) => {
    const [, mistake = '', , test = ''] = row.split('|');
    return `${mistake.replace(/ \([^()]*\) *$/, '').trim()} (${test.replaceAll('`', '').trim()})`;
  });
  const own = ERRATA.map(({ mistake, test }) => `${mistake} (${test})`);
  return [
    ...own.filter((each) => !listed.includes(each)),
    ...listed.filter((each) => !own.includes(each)),
  ];
}

const run = promisify(execFile);
const copy = mkdtempSync(join(tmpdir(), 'deltaw-errata-'));
const passes = (test: string): Promise<boolean> =>
  run('npx', ['vitest', 'run', test], { cwd: copy }).then(
    () => true,
    () => false,
  );

let wrongs = 0;
const say = (verdict: string, what: string): void => {
  if (verdict !== 'caught' && verdict !== 'passes') wrongs++;
  process.stdout.write(`${verdict.padEnd(12)}  ${what}\n`);
};

try {
  for (const each of differencesFromTable()) say('NOT IN BOTH', each);
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const sound = new Set<string>();
  for (const test of new Set(ERRATA.map((each) => each.test))) {
    const passed = await passes(test);
    if (passed) sound.add(test);
    say(passed ? 'passes' : 'FAILS AS IS', test);
  }
  for (const { mistake, file, right, wrong, test } of ERRATA) {
    const what = `${mistake} (${test})`;
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(right).length !== 2) say('NOT FOUND', what);
    else if (!sound.has(test)) say('NOT JUDGED', what);
    else {
      writeFileSync(
        path,
        text.replace(right, () => wrong),
      );
      say((await passes(test)) ? 'NOT CAUGHT' : 'caught', what);
      writeFileSync(path, text);
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = wrongs === 0 ? 0 : 1;
