import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { UsageError } from '../../src/cli/options.ts';
import { thoughtCommand } from '../../src/cli/thought.ts';
import { loadCheckpoint } from '../../src/io/index.ts';
import { rowOf } from '../../src/linalg/index.ts';
import type { Parameters } from '../../src/model/index.ts';
import { writeRandomCheckpoint } from '../support/checkpoint-folder.ts';
import { MODELS } from '../support/models.ts';
import { temporaryFolder } from '../support/run-cli.ts';

afterEach(() => vi.restoreAllMocks());

/** What the command prints, and its exit code. */
async function thought(...args: readonly string[]) {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const code = await thoughtCommand(args);
  vi.restoreAllMocks();
  return { code, stdout: printed.join('') };
}

function fileOf(text: string): string {
  const path = join(temporaryFolder(), 'queries.txt');
  writeFileSync(path, text);
  return path;
}

const CONTEXT = [3, 0, 7, 10];
const CALIBRATION = [
  [1, 4, 9],
  [2, 2],
  [8, 5, 0, 6],
];
const HELDOUT = [
  [4, 1],
  [9, 6, 3],
];
const lines = (queries: readonly (readonly number[])[]): string =>
  fileOf(queries.map((ids) => `${ids.join(', ')}\r\n\n`).join(''));

const small = (name = 'GPT-2', more = {}) => writeRandomCheckpoint(temporaryFolder(), name, more);
const withIds = (model: string) => [
  ...['--model', model, '--context-ids', CONTEXT.join(','), '--ids'],
  ...['--calibration', lines(CALIBRATION), '--heldout', lines(HELDOUT)],
];

describe('on a small random checkpoint', () => {
  test.each([
    ...['GPT-2', 'Qwen3', 'Pythia', 'Mixtral'].map((name) => ({ name, begin: [], more: {} })),
    { name: 'GPT-2', begin: [CONTEXT[0]], more: { bos_token_id: CONTEXT[0] } },
  ])(
    'errors and agreements of $name, begin token $begin, are those of plain runs of the folder that it writes',
    async ({ name, begin, more }) => {
      const [model, out] = [small(name, more), temporaryFolder()];
      const { code, stdout } = await thought(...withIds(model), '--out', out, '--json');
      const result = JSON.parse(stdout);
      const original = loadCheckpoint(model);
      const changed = loadCheckpoint(out);
      /** Logits at the query's tokens, where they stand behind the context. */
      const read = (parameters: Parameters, query: readonly number[], context: boolean) => {
        const ids = [...(context ? CONTEXT : begin), ...query];
        const behind = query.map((_, i) => CONTEXT.length + i);
        const positions = [...(context ? CONTEXT : begin).map((_, t) => t), ...behind];
        const stream = original.model.embed(eager, parameters, ids, positions);
        const { network } = original.model.options;
        const last = network.forward(eager, parameters, stream, 1, 'each', positions);
        const logits = original.model.logits(eager, parameters, last);
        return query.map((_, i) => Array.from(rowOf(logits, ids.length - query.length + i)));
      };
      const judge = (queries: readonly (readonly number[])[]) => {
        let [off, most, same, before, tokens] = [0, 0, 0, 0, 0];
        for (const query of queries) {
          const wanted = read(original.parameters, query, true);
          const without = read(original.parameters, query, false);
          const patched = read(changed.parameters, query, false);
          wanted.forEach((row, i) => {
            const top = (logits: number[]): number => logits.indexOf(Math.max(...logits));
            row.forEach((logit, k) => {
              off += (patched[i][k] - logit) ** 2;
              most += (without[i][k] - logit) ** 2;
            });
            same += top(patched[i]) === top(row) ? 1 : 0;
            before += top(without[i]) === top(row) ? 1 : 0;
            tokens++;
          });
        }
        return { tokens, error: off / most, patched: same / tokens, without: before / tokens };
      };
      const [train, heldout] = [judge(CALIBRATION), judge(HELDOUT)];
      expect(Object.keys(result)).toEqual([
        ...['ok', 'calibration', 'trainError', 'heldoutError', 'agreement', 'files'],
      ]);
      expect(result.calibration).toEqual({ queries: 3, tokens: train.tokens });
      expect(train.tokens).toBe(9);
      // The same logits up to nothing; only the sums are added in another order.
      expect(Math.abs(result.trainError / train.error - 1)).toBeLessThan(1e-12);
      expect(Math.abs(result.heldoutError / heldout.error - 1)).toBeLessThan(1e-12);
      expect(result.agreement).toEqual({ patched: heldout.patched, without: heldout.without });
      expect(result.ok).toBe(train.error < 1 && heldout.error < 1);
      expect(code).toBe(result.ok ? 0 : 1);
      expect(result.files).toEqual(
        ['config.json', 'model.safetensors'].map((file) => join(out, file)),
      );
    },
  );

  test('without a ridge fewer tokens than a layer is wide are met, and that is no help to others', async () => {
    const { code, stdout } = await thought(...withIds(small()), '--rho', '0', '--json');
    const { trainError, heldoutError, ok } = JSON.parse(stdout);
    expect(trainError).toBeLessThan(1e-20);
    expect(heldoutError).toBeGreaterThan(1e-2);
    expect(ok).toBe(heldoutError < 1);
    expect(code).toBe(ok ? 0 : 1);
  });

  test('a ridge without end changes nothing: errors of 1, which is no success', async () => {
    const { code, stdout } = await thought(...withIds(small()), '--rho', '1e300', '--json');
    const { trainError, heldoutError, agreement, ok, files } = JSON.parse(stdout);
    expect([trainError, heldoutError, ok, files]).toEqual([1, 1, false, []]);
    expect(agreement.patched).toBe(agreement.without);
    expect(code).toBe(1);
  });

  test('half of each fit is less than all of it, and a bias moves the mean alone', async () => {
    const model = small();
    const errorWith = async (...more: readonly string[]): Promise<number> =>
      JSON.parse((await thought(...withIds(model), ...more, '--json')).stdout).trainError;
    const [all, half] = [await errorWith('--rho', '0'), await errorWith('--rho', '0', '--eta=0.5')];
    const bias = await errorWith('--rho', '0', '--version', 'bias');
    expect(half).toBeGreaterThan(all + 1e-3);
    expect(bias).toBeGreaterThan(all + 1e-3);
    expect(bias).not.toBe(half);
  });

  test('the table has a row a block and both errors', async () => {
    const { stdout } = await thought(...withIds(small()));
    expect(stdout).toMatch(/^block {2}rank z/m);
    expect(stdout.match(/^[01] .*W1 [\d.]+% {2}W2 [\d.]+%$/gm)).toHaveLength(2);
    expect(stdout).toMatch(/^error \(without: 1\) +0\.\d+ +\d/m);
  });

  test('--help begins with examples and says what is not kept', async () => {
    const { code, stdout } = await thought('--help');
    expect(stdout).toMatch(/^Examples:\n {2}deltaw /);
    expect(stdout).toContain('It does not keep');
    expect(code).toBe(0);
  });
});

describe('what is refused', () => {
  const asked = ['--calibration', 'a', '--heldout', 'b'];
  test.each([
    [['x'], "only options are expected, got 'x'"],
    [asked, '--context, --context-file or --context-ids is required, got none'],
    [['--context', 'x', '--context-ids', '1', ...asked], '--context and --context-ids'],
    [
      ['--context-ids', 'one', ...asked],
      "--context-ids needs numbers such as 403,407,261, got 'one'",
    ],
    [['--context', 'x', '--heldout', 'b'], '--calibration is required, got none'],
    [['--context', 'x', '--calibration', 'a'], '--heldout is required, got none'],
    [
      ['--context', 'x', '--rho', '1', '--relative-rho', '1', ...asked],
      'one of --rho and --relative-rho',
    ],
    [['--context', 'x', '--rho=-1', ...asked], '--rho must be at least 0, got -1'],
    [
      ['--context', 'x', '--relative-rho=-2', ...asked],
      '--relative-rho must be at least 0, got -2',
    ],
    [['--context', 'x', '--eta', '0', ...asked], '--eta must be above 0 and at most 1, got 0'],
    [['--context', 'x', '--version', 'w', ...asked], "--version must be weights or bias, got 'w'"],
    [['--query', 'x'], "Unknown option '--query'"],
  ])('%j is a usage error', async (args, message) => {
    const refused = thought(...args);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
  });

  const own = (calibration: string, heldout = lines(HELDOUT), model = small()) => [
    ...['--model', model, '--context-ids', CONTEXT.join(','), '--ids'],
    ...['--calibration', calibration, '--heldout', heldout],
  ];
  test.each<[string, () => readonly string[], RegExp]>([
    ['a file that is not there', () => own('/nowhere/a.txt'), /a\.txt must be a file, got none/],
    ['a file without queries', () => own(fileOf('\n \n')), /must hold a query a line, got none/],
    [
      'a line that is no ids',
      () => own(fileOf('1\n2 b')),
      /line 2 must be numbers such as.*got '2 b'/,
    ],
    ['an id of no token', () => own(fileOf('1\n\n4,11')), /line 3: .*11/],
    [
      'more tokens than there are positions',
      () => own(fileOf('1 '.repeat(13))),
      /line 1: .*at most 16/,
    ],
    [
      'a bias that is not there',
      () => [...own(lines(HELDOUT), undefined, small('Llama')), '--version', 'bias'],
      /bias bd/,
    ],
    [
      'a norm after the network',
      () => own(lines(HELDOUT), undefined, small('Gemma 3')),
      /block 0: .*norm/,
    ],
    [
      'a text without a tokenizer',
      () => own(fileOf('1')).filter((flag) => flag !== '--ids'),
      /must hold tokenizer\.json/,
    ],
  ])('%s', async (_, args, message) => {
    const refused = thought(...args());
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(UsageError);
  });

  test('the folder of the model itself is not written to', async () => {
    const model = small();
    await expect(thought(...withIds(model), '--out', model)).rejects.toThrow("than the model's");
  });
});

/** What happens to a dog that has lost a ball, told without the dog's name. */
const STORY =
  'Once upon a time, there was a little dog named Max. Max was very sad because he had lost his red ball. ' +
  'He looked for it in the park all day.';
const ASKED = [
  'He looked under the bed. He saw a big cat.',
  'The dog was very happy. He wagged his tail.',
  'His friend Lily came to help him.',
  'He ran to the park and played with his friends.',
  '"Where is my ball?" he asked.',
  'Then he saw something in the tree.',
  'It was a big, red ball.',
  'His mom said, "Do not be sad."',
  'He was so happy and he ran home.',
  'They played together all day.',
  'The sun was hot and he was tired.',
  'He barked and barked at the bird.',
  'A boy named Tim gave him a toy.',
  'He went to sleep in his bed.',
  '"Can you help me?" said the dog.',
  'Lily said, "I will help you find it."',
  'One day, he went to the park with his mom.',
  'They found it behind a big tree.',
  'The end was good and they were happy.',
  'He wanted to play with the ball again.',
];
const NEW = [
  'He looked in the box and saw his toy.',
  'Then a little girl came and said, "Hello!"',
  'The ball was in the water.',
  'He was sad and he cried.',
  'His mom gave him a big hug.',
  'They all went home and had a good time.',
];

describe.each(MODELS === undefined ? [] : [join(MODELS, 'stories260K')])('on %s', (model) => {
  const told = (context: string): readonly string[] => [
    ...['--model', model, '--context', context, '--calibration', fileOf(ASKED.join('\n'))],
    ...['--heldout', fileOf(NEW.join('\n')), '--json'],
  ];

  test('sentences that were not fitted agree with the context more than without a change', async () => {
    const { code, stdout } = await thought(...told(STORY));
    const { ok, calibration, trainError, heldoutError, agreement } = JSON.parse(stdout);
    expect([code, ok, calibration]).toEqual([0, true, { queries: 20, tokens: 294 }]);
    // Measured: errors 0.156 and 0.282 of that without a change, agreement 0.835 and without 0.718.
    expect(trainError).toBeLessThan(0.2);
    expect(heldoutError).toBeLessThan(0.35);
    expect(agreement.patched).toBeGreaterThan(0.8);
    expect(agreement.without).toBeLessThan(0.75);
  });
});
