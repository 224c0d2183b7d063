/**
 * The flags of `deltaw thought`, and what it says of itself.
 *
 * @module
 */
import type { ThoughtOptions, ThoughtVersion } from '../icl/index.ts';
import { MODEL_FLAG, PROMPT_FLAGS, PROMPT_HELP } from './model-input.ts';
import { COMMON_FLAGS, describeFlags, type Flags, type Given, UsageError } from './options.ts';

const { context, 'context-file': contextFile, 'context-ids': contextIds } = PROMPT_FLAGS;

/** ρ_0 where no ridge is asked for. On the stories of the tests 0.03 to 0.3 serve held-out queries about equally well. */
const RIDGE = 0.1;

export const THOUGHT_FLAGS: Flags = {
  ...MODEL_FLAG,
  ...{ context, 'context-file': contextFile, 'context-ids': contextIds },
  'no-begin': PROMPT_FLAGS['no-begin'],
  calibration: {
    kind: 'text',
    value: 'FILE',
    help: 'queries that the change is fitted to, one a line',
  },
  heldout: { kind: 'text', value: 'FILE', help: 'queries that it is judged by, one a line' },
  ids: { kind: 'switch', help: 'the lines are token ids: 403,407,261' },
  rho: {
    kind: 'number',
    value: 'R',
    help: 'ridge of the fits; 0 meets calibration tokens as nearly as can be',
  },
  'relative-rho': {
    kind: 'number',
    value: 'R',
    help: `the same relative to the inputs: R·‖Z‖²/tr Z (default: ${RIDGE})`,
  },
  eta: {
    kind: 'number',
    value: 'E',
    help: 'part of each fit that is added, above 0, at most 1 (default: 1)',
  },
  version: {
    kind: 'text',
    value: 'V',
    help: 'where the change of the residual stream goes: weights (default), or bias where there is one',
  },
  ...COMMON_FLAGS,
  seed: { kind: 'number', value: 'N', help: 'taken as by every command; nothing is drawn' },
  out: {
    kind: 'text',
    value: 'DIR',
    help: 'folder for the changed model (default: none is written)',
  },
};

export const THOUGHT_HELP: string = `Examples:
  deltaw thought --model DIR --context-file rules.txt --calibration asked.txt --heldout new.txt
  deltaw thought --model DIR --context 'Max lost a red ball.' --calibration a.txt --heldout b.txt --json
  deltaw thought … --rho 0.01 --out changed      the changed model as a Hugging Face folder, in float64

Usage: deltaw thought --context TEXT --calibration FILE --heldout FILE [options]

Changes the weights of every block, one after another, so that the model does without the context about what it does
with it. Every token of a calibration query counts, read as it stands; empty lines do not.

What is kept, and what is not. A patch (deltaw patch) is exact and serves one token. This is one change for all tokens,
the linear map that fits the calibration tokens best. It keeps what the context does to all of them alike: topic, manner,
an instruction. It does not keep what a token has to look up in the context: a name, a number, the words themselves. More
tokens than a layer is wide cannot be met exactly, and meeting fewer (--rho 0) need not help others: what
counts is the held-out error. Queries stand at the positions that they have behind the context; who runs the changed
model from position 0 runs something else, unless its positions are rotary and nothing is kept before the queries.

  error      mean squared difference of logits to the model with the context, over that without context and change:
             0 is the model with the context, 1 is no better than nothing
  agreement  share of tokens whose most probable next token is the contextual one

Exit code 0 if both errors are below 1, else 1. Models with a norm after the network (Gemma 2 and 3) have no such change.
${PROMPT_HELP}

Options:
${describeFlags(THOUGHT_FLAGS)}`;

/** The options of the fits. @throws UsageError */
export function thoughtOptions({ numbers, texts }: Given): ThoughtOptions {
  const { rho, 'relative-rho': relative, eta = 1 } = numbers;
  if (rho !== undefined && relative !== undefined) {
    throw new UsageError(
      `thought: one of --rho and --relative-rho may be given, got ${rho} and ${relative}`,
    );
  }
  for (const [name, value] of [
    ['rho', rho],
    ['relative-rho', relative],
  ] as const) {
    if (value !== undefined && value < 0) {
      throw new UsageError(`thought: --${name} must be at least 0, got ${value}`);
    }
  }
  if (!(eta > 0 && eta <= 1)) {
    throw new UsageError(`thought: --eta must be above 0 and at most 1, got ${eta}`);
  }
  const { version = 'weights' } = texts;
  if (!isVersion(version)) {
    throw new UsageError(`thought: --version must be weights or bias, got '${version}'`);
  }
  const ridge = rho === undefined ? { relativeRidge: relative ?? RIDGE } : { ridge: rho };
  return { ...ridge, eta, version };
}

const isVersion = (text: string): text is ThoughtVersion => text === 'weights' || text === 'bias';
