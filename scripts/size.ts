/**
 * `npm run size`: bytes that a browser loads for a few uses of the engine, bundled by esbuild,
 * minified and compressed with gzip; with `-- --accept` they become the recorded ones.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const RECORD = join(import.meta.dirname, 'size.json');

/** What is bundled, by name: the text of a module that stands in the root. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'matrix products': `export { multiply, multiplyNT, multiplyTN } from './src/linalg/index.ts'`,
  'a tape and five operations': `export { add, addBias, linear, relu, squaredError, Tape } from './src/autograd/index.ts'`,
  'the patch of a context and its proof': `export { matrix } from './src/linalg/index.ts';
    export { contextualBlock, softmaxAttention } from './src/model/index.ts';
    export { contextPatch, provePatch } from './src/icl/index.ts'`,
  'training the toy block': `export { contextualBlock, softmaxAttention, Training, train } from './src/model/index.ts'`,
  'all of linalg': `export * from './src/linalg/index.ts'`,
  'all of linalg, autograd and model': `export * from './src/linalg/index.ts';
    export * from './src/autograd/index.ts'; export * from './src/model/index.ts'`,
  'the whole engine': `export * from './src/index.ts'`,
};

/** Compressed bytes of every program. */
export async function sizes(): Promise<Record<string, number>> {
  const entries = Object.entries(PROGRAMS).map(async ([name, contents]) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: ROOT, loader: 'ts' },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      write: false,
      logLevel: 'error',
    });
    return [name, gzipSync(outputFiles[0].contents, { level: 9 }).length] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The sizes accepted last. */
export const recordedSizes = (): Record<string, number> =>
  JSON.parse(readFileSync(RECORD, 'utf8')) as Record<string, number>;

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({ options: { accept: { type: 'boolean' } } });
  const now = await sizes();
  for (const [name, bytes] of Object.entries(now)) {
    process.stdout.write(`${(bytes / 1000).toFixed(1).padStart(6)} kB  ${name}\n`);
  }
  if (values.accept) writeFileSync(RECORD, `${JSON.stringify(now, null, 2)}\n`);
}
