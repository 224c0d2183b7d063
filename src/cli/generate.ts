/**
 * `deltaw generate`: the prompt continued with the context, without it, and without it but patched, side by side.
 *
 * @module
 */
import { GAIN_METHODS, VARIANTS, type Variant } from '../icl/index.ts';
import { Random } from '../linalg/index.ts';
import { type ChooseToken, greedy, sampling } from '../model/index.ts';
import { continuation } from './continuation.ts';
import { EXIT } from './exit-codes.ts';
import {
  MODEL_FLAG,
  type OpenModel,
  openModel,
  PROMPT_FLAGS,
  PROMPT_HELP,
  type Prompt,
  promptOf,
  promptWords,
} from './model-input.ts';
import {
  COMMON_FLAGS,
  describeFlags,
  type Flags,
  type Given,
  parseOptions,
  UsageError,
} from './options.ts';
import { paint } from './paint.ts';
import { Progress } from './progress.ts';
import { decodeSideBySide, type SideBySide } from './side-by-side.ts';

const { out: _, ...COMMON } = COMMON_FLAGS;

const FLAGS: Flags = {
  ...COMMON,
  seed: { ...COMMON.seed, help: 'seed of the draws (default: 1); greedy decoding draws nothing' },
  ...MODEL_FLAG,
  ...PROMPT_FLAGS,
  tokens: { kind: 'number', value: 'N', help: 'tokens to generate (default: 40)' },
  variant: { kind: 'text', value: 'V', help: `${VARIANTS.join(', ')} (default: default)` },
  temperature: {
    kind: 'number',
    value: 'T',
    help: 'draw from softmax(logits/T) (default: greedy)',
  },
  'top-k': { kind: 'number', value: 'K', help: 'draw among the K likeliest' },
  'top-p': { kind: 'number', value: 'P', help: 'draw among the likeliest that have the share P' },
};

export const GENERATE_HELP: string = `Examples:
  deltaw generate --context "Call me Ishmael. Some years ago " --query "I went to"
  deltaw generate --model DIR --context-file prompt.txt --query " She" --tokens 100
  deltaw generate --model DIR --query-file prompt.txt --remove 12:40 --temperature 0.8 --seed 3

Usage: deltaw generate [options]

Continues the prompt with the context, without it, and without it but with a patch of the weights for each
token that stays or is new (mode all). With and patched are to be the same token for token; the exit code
is 1 at the first that differs. Draws are the same in all three. Tokens that end a text are generated like
any other.

A new token needs a new patch, computed from what the context does to it: exact patching saves nothing at
inference.

${PROMPT_HELP}

Options:
${describeFlags(FLAGS)}`;

/** A decoding, as --json prints it. */
export interface Decoded {
  readonly ids: readonly number[];
  readonly text: string | null;
}

/** What --json prints. */
export interface GenerateResult {
  readonly ok: boolean;
  readonly withContext: Decoded;
  readonly without: Decoded;
  readonly patched: Decoded;
  readonly firstDisagreement: number | null;
  readonly maxLogitDifference: number;
}

export async function generateCommand(args: readonly string[]): Promise<number> {
  const given = parseOptions('generate', args, FLAGS);
  if (given.switches.has('help')) {
    process.stdout.write(`${GENERATE_HELP}\n`);
    return EXIT.ok;
  }
  const [extra] = given.positionals;
  if (extra !== undefined) {
    throw new UsageError(`generate: only options are expected, got '${extra}'`);
  }
  const { tokens: count = 40 } = given.numbers;
  if (!(Number.isSafeInteger(count) && count >= 1)) {
    throw new UsageError(`generate: --tokens must be an integer from 1 on, got ${count}`);
  }
  const variant = variantOf(given);
  const choose = choiceOf(given);
  const words = promptWords('generate', given);
  const needsText = [words.context, words.query].some((each) => typeof each === 'string');
  const model = await openModel('generate', given, needsText);
  const prompt = promptOf('generate', model, given, words, count);
  const progress = new Progress();
  try {
    const found = decodeSideBySide(model.checkpoint.model, model.checkpoint.parameters, prompt, {
      ...{ count, variant, choose },
      onToken: (stage, done, total) => progress.update(stage, done, total),
    });
    progress.clear();
    const result = resultOf(model, prompt, found);
    process.stdout.write(
      given.switches.has('json') ? `${JSON.stringify(result, null, 2)}\n` : summary(result),
    );
    return result.ok ? EXIT.ok : EXIT.checkFailed;
  } finally {
    progress.clear();
  }
}

function variantOf({ texts }: Given): Variant {
  const known: readonly Variant[] = [...VARIANTS, ...GAIN_METHODS];
  const found = known.find((name) => name === (texts['variant'] ?? 'default'));
  if (found !== undefined) return found;
  throw new UsageError(
    `generate: --variant must be one of ${known.join(', ')}, got '${texts['variant']}'`,
  );
}

/** Greedy, or drawing with a generator of its own for each of the three. @throws UsageError for a number out of range. */
function choiceOf({ numbers }: Given): () => ChooseToken {
  const { temperature, 'top-k': topK, 'top-p': topP, seed = 1 } = numbers;
  const wrong = (flag: string, what: string, value: number): UsageError =>
    new UsageError(`generate: --${flag} must be ${what}, got ${value}`);
  if (!(Number.isSafeInteger(seed) && seed >= 0)) throw wrong('seed', 'an integer from 0 on', seed);
  if (temperature !== undefined && !(temperature > 0)) {
    throw wrong('temperature', 'positive', temperature);
  }
  if (topK !== undefined && !(Number.isSafeInteger(topK) && topK > 0)) {
    throw wrong('top-k', 'an integer from 1 on', topK);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw wrong('top-p', 'above 0 and at most 1', topP);
  }
  if (temperature === undefined && topK === undefined && topP === undefined) return () => greedy;
  const options = {
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
  };
  return () => sampling(new Random(seed), options);
}

function resultOf(
  { tokenizer }: OpenModel,
  { ids }: Prompt,
  { withContext, without, patched, firstDisagreement, maxLogitDifference }: SideBySide,
): GenerateResult {
  const decoded = (generated: readonly number[]): Decoded => {
    return { ids: generated, text: continuation(tokenizer, ids, generated) };
  };
  return {
    ok: firstDisagreement === null,
    withContext: decoded(withContext),
    without: decoded(without),
    patched: decoded(patched),
    ...{ firstDisagreement, maxLogitDifference },
  };
}

function summary(result: GenerateResult): string {
  const shown = (name: string, { ids, text }: Decoded): string =>
    `${paint('bold', name)}\n${text ?? ids.join(',')}\n`;
  const { withContext, without, patched, firstDisagreement, maxLogitDifference } = result;
  const { length } = withContext.ids;
  const verdict =
    firstDisagreement === null
      ? paint('green', `${length} tokens, patched and with context the same`)
      : paint('red', `patched and with context DIFFER at token ${firstDisagreement + 1}`);
  const difference = maxLogitDifference === 0 ? '0' : maxLogitDifference.toExponential(2);
  return [
    shown('with context', withContext),
    shown('patched', patched),
    shown('without', without),
    `${verdict}\nlargest logit difference ${difference}\n`,
  ].join('\n');
}
