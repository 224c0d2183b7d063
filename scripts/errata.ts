/**
 * `npm run errata`: puts each known mistake of the sources back into a copy of the code, one at a time, and
 * runs the test that must catch it. Ends with exit code 1 if one is not caught, or stands no more where
 * it is looked for.
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
  readonly mistake: string;
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  readonly test: string;
}

const ERRATA: readonly Erratum[] = [
  {
    mistake: 'a ≠ 0 is not asked for',
    file: 'src/icl/patch-weight.ts',
    right: 'if (base.every((entry) => entry === 0)) {',
    wrong:
      'if (base.every((entry) => entry === 0)) return { p: new Float64Array(W.rows), v: base.slice() };\n  if (W.rows < 0) {',
    test: 'test/icl/patch-weight.test.ts',
  },
  {
    mistake: 'the index of the recursion is off by one',
    file: 'src/icl/implicit-descent.ts',
    right: 'const p = matrixVector(W, subtract(prefixes[i], next));',
    wrong: 'const p = matrixVector(W, subtract(prefixes[Math.max(0, i - 1)], prefixes[i]));',
    test: 'test/icl/implicit-descent.test.ts',
  },
  {
    mistake: 'one difference for the weight and the residual, behind a norm',
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
    mistake: 'the secular equation is thought to have a root always',
    file: 'src/icl/sphere-closest.ts',
    right: 'if (hidden && !(size(least) > rho)) {',
    wrong: 'if (hidden && size(least) < 0) {',
    test: 'test/icl/sandwich-norm-patch.test.ts',
  },
  {
    mistake: 'a divisor of 0 is replaced by 1',
    file: 'src/icl/sandwich-norm-patch.ts',
    right: 'if (a === 0) return 0;',
    wrong: 'if (a === a) return a;',
    test: 'test/icl/sandwich-norm-patch.test.ts',
  },
  {
    mistake: 'the patch of the last token is computed for it and used at every token',
    file: 'src/icl/network-patch.ts',
    right: "return mode === 'everywhere' || i === lastToken ? last : null;",
    wrong: 'return last;',
    test: 'test/golden.test.ts',
  },
  {
    mistake: 'the first patch of parallel blocks reads the residual',
    file: 'src/model/wirings.ts',
    right: "input: ({ norm }, _m, _r, x) => norm(ownNorm ? 'norm2' : 'norm1', x),",
    wrong: "input: ({ norm }, m, r) => norm(ownNorm ? 'norm2' : 'norm1', r ?? m),",
    test: 'test/golden.test.ts',
  },
  {
    mistake: 'the router is not patched',
    file: 'src/model/feed-forward/experts.ts',
    right: '      router,\n      ...each.flatMap',
    wrong: '      ...each.flatMap',
    test: 'test/golden.test.ts',
  },
];

const run = promisify(execFile);
const copy = mkdtempSync(join(tmpdir(), 'deltaw-errata-'));
let missed = 0;
try {
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const { mistake, file, right, wrong, test } of ERRATA) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    const found = text.includes(right);
    writeFileSync(
      path,
      text.replace(right, () => wrong),
    );
    const passed = await run('npx', ['vitest', 'run', test], { cwd: copy }).then(
      () => true,
      () => false,
    );
    writeFileSync(path, text);
    const verdict = !found ? 'NOT FOUND' : passed ? 'NOT CAUGHT' : 'caught';
    if (verdict !== 'caught') missed++;
    process.stdout.write(`${verdict.padEnd(10)}  ${mistake} (${test})\n`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = missed === 0 ? 0 : 1;
