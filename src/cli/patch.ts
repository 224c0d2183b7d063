/**
 * `deltaw patch`: the weight patch that stands for a part of the prompt, checked against the prompt, and written.
 *
 * @module
 */
import { GAIN_METHODS, VARIANTS, type Variant } from '../icl/index.ts';
import { EXIT } from './exit-codes.ts';
import {
  MODEL_FLAG,
  openModel,
  PROMPT_FLAGS,
  PROMPT_HELP,
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
import {
  FORMATS,
  modeOf,
  type Output,
  outputsOf,
  requireOutputs,
  writeOutputs,
} from './patch-outputs.ts';
import { patchPrompt, patchResult } from './patch-result.ts';
import { patchTable } from './patch-table.ts';
import { Progress } from './progress.ts';

const { out: _, ...COMMON } = COMMON_FLAGS;

const FLAGS: Flags = {
  ...COMMON,
  seed: { ...COMMON.seed, help: 'as every command takes it; here nothing is drawn' },
  ...MODEL_FLAG,
  ...PROMPT_FLAGS,
  mode: {
    kind: 'text',
    value: 'MODE',
    help: 'all, last or everywhere (default: all; everywhere where the format needs it)',
  },
  variant: {
    kind: 'text',
    value: 'V',
    help: `${VARIANTS.join(', ')} (default: default; w1w2 for peft)`,
  },
  out: {
    kind: 'text',
    value: 'DIR',
    help: 'folder for files; without it and --format none is written',
  },
  format: {
    kind: 'text',
    value: 'F',
    help: `${FORMATS.join(', ')}, or several: native,peft (default: native)`,
  },
  dense: { kind: 'switch', help: 'the same as --format dense' },
  dtype: { kind: 'text', value: 'T', help: 'numbers of the peft file, f32 or f64 (default: f32)' },
};

export const PATCH_HELP: string = `Examples:
  deltaw patch --context "Call me Ishmael. Some years ago " --query "I went to"
  deltaw patch --model DIR --context-file prompt.txt --query " She" --out patch --format peft
  deltaw patch --model DIR --query-file prompt.txt --remove 12:40 --json

Usage: deltaw patch [options]

Removes the context from the prompt and computes, for each block, the change of its weights that makes
up for it; then compares the logits with the context, without it, and with the patch in its place. It
holds if every difference is within the bound that rounding allows. A patch is of its prompt: after
another query it is of no use.

Modes, that is, which tokens get a patch:
  all         each token that stays one of its own, so that every logit agrees
  last        the last one only, so that the next token does
  everywhere  all of them that of the last; the only kind that a set of weights can hold

Formats:
  native  every number in float64, with hashes of model and prompt (patch.safetensors)
  peft    a LoRA adapter of rank 1 for Hugging Face's peft, mode everywhere. It holds matrices alone, so
          the default variant is w1w2, which leaves biases as they are and is exact in every family but those
          with a norm behind the network (Gemma 2 and 3), which are refused
  dense   a checkpoint with the patch added in, in float64, mode everywhere
Use them on the tokens that stay, at their original positions (position_ids). Several formats go into
folders of their names.

${PROMPT_HELP}

Options:
${describeFlags(FLAGS)}`;

export async function patchCommand(args: readonly string[]): Promise<number> {
  const given = parseOptions('patch', args, FLAGS);
  if (given.switches.has('help')) {
    process.stdout.write(`${PATCH_HELP}\n`);
    return EXIT.ok;
  }
  const [extra] = given.positionals;
  if (extra !== undefined) {
    throw new UsageError(`patch: only options are expected, got '${extra}'`);
  }
  const outputs = outputsOf(given);
  const mode = modeOf(given, outputs);
  const variant = variantOf(given, outputs);
  const dtype = dtypeOf(given, outputs);
  const words = promptWords('patch', given);
  const needsText = [words.context, words.query].some((each) => typeof each === 'string');
  const progress = new Progress();
  const stage = (name: string, done: number): void => progress.update(name, done, 4);
  try {
    stage('reading the model', 0);
    const model = await openModel('patch', given, needsText);
    const prompt = promptOf('patch', model, given, words);
    requireOutputs(outputs, model.folder);
    stage('computing the patch', 1);
    const found = patchPrompt(model, prompt, { mode, variant });
    stage('comparing logits', 2);
    const result = patchResult(model, prompt, found, { mode, variant });
    stage('writing files', 3);
    const files = writeOutputs(outputs, model, prompt, found, { variant, dtype });
    progress.clear();
    const all = { ...result, files };
    const json = given.switches.has('json');
    process.stdout.write(json ? `${JSON.stringify(all, null, 2)}\n` : patchTable(all));
    return result.ok ? EXIT.ok : EXIT.checkFailed;
  } finally {
    progress.clear();
  }
}

function variantOf({ texts }: Given, outputs: readonly Output[]): Variant {
  const peft = outputs.some(({ format }) => format === 'peft');
  const wanted = texts['variant'] ?? (peft ? 'w1w2' : 'default');
  const known: readonly Variant[] = [...VARIANTS, ...GAIN_METHODS];
  const found = known.find((name) => name === wanted);
  if (found === undefined) {
    throw new UsageError(`patch: --variant must be one of ${known.join(', ')}, got '${wanted}'`);
  }
  return found;
}

function dtypeOf({ texts }: Given, outputs: readonly Output[]): 'F32' | 'F64' {
  const wanted = texts['dtype'];
  if (wanted !== undefined && !outputs.some(({ format }) => format === 'peft')) {
    throw new UsageError('patch: --dtype is for --format peft, which was not asked for');
  }
  if (wanted === undefined || wanted === 'f32') return 'F32';
  if (wanted === 'f64') return 'F64';
  throw new UsageError(`patch: --dtype must be f32 or f64, got '${wanted}'`);
}
