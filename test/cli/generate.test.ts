import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type GenerateResult, generateCommand } from '../../src/cli/generate.ts';
import { decodeSideBySide } from '../../src/cli/side-by-side.ts';
import { loadCheckpoint, loadTokenizer } from '../../src/io/index.ts';
import { Random } from '../../src/linalg/index.ts';
import { decode, greedy, sampling } from '../../src/model/index.ts';
import { writeRandomCheckpoint } from '../support/checkpoint-folder.ts';
import { MODELS } from '../support/models.ts';
import { RANDOM_CHECKPOINTS } from '../support/random-checkpoints.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { runHere } from '../support/run-command.ts';

const generate = (...args: readonly string[]) => runHere(generateCommand, ...args);

async function generated(...args: readonly string[]): Promise<GenerateResult> {
  const { code, stdout } = await generate(...args, '--json');
  const result: GenerateResult = JSON.parse(stdout);
  expect([code, result.ok]).toEqual([0, true]);
  return result;
}

const small = (name: string): string => writeRandomCheckpoint(temporaryFolder(), name);
const CONTEXT = [3, 0, 7, 10];
const QUERY = [7, 1, 4];
const IDS = ['--context-ids', CONTEXT.join(), '--query-ids', QUERY.join()];

test.each(RANDOM_CHECKPOINTS.map(({ name }) => name))(
  '%s decodes the same with the context and patched, which is what decode gives',
  async (name) => {
    const folder = small(name);
    const { model, parameters } = loadCheckpoint(folder);
    const result = await generated('--model', folder, ...IDS, '--tokens', '9');
    const expected = decode(model, parameters, [...CONTEXT, ...QUERY], 9);
    expect(result.withContext).toEqual({ ids: expected.ids, text: null });
    expect(result.patched).toEqual(result.withContext);
    expect(result.firstDisagreement).toBeNull();
    expect(result.maxLogitDifference).toBeLessThan(1e-12);
    expect(result.without.ids).toHaveLength(9);
  },
);

test('without the context the tokens that stay are decoded at their own positions', async () => {
  const folder = small('Llama');
  const { model, parameters } = loadCheckpoint(folder);
  // Rotations see differences of positions only, so a removed beginning leaves what the query gives by itself.
  const { without } = await generated('--model', folder, ...IDS, '--tokens', '9');
  expect(without.ids).toEqual(decode(model, parameters, QUERY, 9).ids);
});

test('draws are those of sample with that seed, the same for all three', async () => {
  const folder = small('Llama');
  const { model, parameters } = loadCheckpoint(folder);
  const flags = ['--temperature', '1.5', '--top-k', '7', '--top-p', '0.9', '--seed', '12'];
  const result = await generated('--model', folder, ...IDS, '--tokens', '9', ...flags);
  const choose = () => sampling(new Random(12), { temperature: 1.5, topK: 7, topP: 0.9 });
  const all = [...CONTEXT, ...QUERY];
  expect(result.withContext.ids).toEqual(
    decode(model, parameters, all, 9, { choose: choose() }).ids,
  );
  expect(result.without.ids).toEqual(decode(model, parameters, QUERY, 9, { choose: choose() }).ids);
  expect(result.patched).toEqual(result.withContext);
  const other = await generated(
    '--model',
    folder,
    ...IDS,
    '--tokens',
    '9',
    ...flags.slice(0, -1),
    '13',
  );
  expect(other.withContext.ids).not.toEqual(result.withContext.ids);
});

test('decoding ends at the first token that differs', () => {
  const { model, parameters } = loadCheckpoint(small('Llama'));
  const ids = [...CONTEXT, ...QUERY];
  let asked = 0;
  const found = decodeSideBySide(
    model,
    parameters,
    { ids, keep: [4, 5, 6], begin: 0, context: 4, query: 3 },
    {
      ...{ count: 9, variant: 'default', onToken: () => {} },
      // The third of the three, from its third token on, chooses another.
      choose: () => {
        const isPatched = ++asked === 3;
        let tokens = 0;
        return (logits) =>
          isPatched && ++tokens === 3 ? (greedy(logits) + 1) % 11 : greedy(logits);
      },
    },
  );
  expect(found.firstDisagreement).toBe(2);
  expect(found.withContext).toHaveLength(3);
  expect(found.patched.slice(0, 2)).toEqual(found.withContext.slice(0, 2));
  expect(found.patched[2]).not.toBe(found.withContext[2]);
});

test.each([
  [['--tokens', '0'], '--tokens must be an integer from 1 on, got 0'],
  [['--temperature', '0'], '--temperature must be positive, got 0'],
  [['--top-k', '1.5'], '--top-k must be an integer from 1 on, got 1.5'],
  [['--top-p', '1.1'], '--top-p must be above 0 and at most 1, got 1.1'],
  [['--seed', '-1'], '--seed'],
  [['--variant', 'w3'], '--variant must be one of default'],
])('%j is a usage error that says what was wrong', async (flags, message) => {
  await expect(generate('--model', small('Llama'), ...IDS, ...flags)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(message),
  });
});

test('more tokens than the model was made for are refused', async () => {
  await expect(generate('--model', small('Llama'), ...IDS, '--tokens', '58')).rejects.toThrow(
    'at most 64 tokens, got 7 of the prompt and 58 to be generated',
  );
});

test('where the package for text is missing ids work, and text gives a clear message', async () => {
  const folder = small('Llama');
  // Node looks for packages through this hook, in which the package is not there.
  const hook = `export async function resolve(specifier, context, next) {
    if (specifier === '@huggingface/tokenizers') throw new Error('Cannot find package ' + specifier);
    return next(specifier, context);
  }`;
  const register = `import { register } from 'node:module';
    register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});`;
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(register)}`;
  try {
    const withIds = await runCli(['generate', '--model', folder, ...IDS, '--tokens', '3']);
    expect([withIds.code, withIds.stdout]).toEqual([0, expect.stringContaining('3 tokens')]);
    writeFileSync(join(folder, 'tokenizer.json'), '{}');
    const withText = await runCli(['patch', '--model', folder, '--context', 'a', '--query', 'b']);
    expect(withText.stderr).toMatch(
      /the package @huggingface\/tokenizers must be installed \(npm install @huggingface\/tokenizers; token ids work without it\)/,
    );
    expect([withText.code, withText.stdout]).toEqual([3, '']);
    const again = await runCli(['patch', '--model', folder, ...IDS]);
    expect(again.code).toBe(0);
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
});

describe.runIf(MODELS !== undefined)('stories260K', () => {
  test('40 tokens: patched equals contextual token for token, without the context it differs', async () => {
    const folder = join(MODELS ?? '', 'stories260K');
    const result = await generated(
      ...['--model', folder, '--tokens', '40', '--query', 'She was very', '--context'],
      'Once upon a time, there was a little girl named Lily. She had a big red ball and a small dog named Max.',
    );
    expect(result.withContext.ids).toHaveLength(40);
    expect(result.patched).toEqual(result.withContext);
    expect(result.without.ids).not.toEqual(result.withContext.ids);
    expect(result.maxLogitDifference).toBeLessThan(1e-11);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.decode(result.patched.ids)).toContain(result.patched.text?.trim());
  });
});
