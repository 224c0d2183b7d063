/**
 * `deltaw thought`: a context moved into the weights for all queries at once, and how much of it stays.
 *
 * @module
 */
import { FileError, writeCheckpoint } from '../io/index.ts';
import { EXIT } from './exit-codes.ts';
import {
  idsIn,
  openModel,
  type Prompt,
  promptOf,
  textIn,
  type Words,
  wordsOf,
} from './model-input.ts';
import { parseOptions, UsageError } from './options.ts';
import { requireOutputs } from './patch-outputs.ts';
import { Progress } from './progress.ts';
import { fitThought } from './thought-fit.ts';
import { THOUGHT_FLAGS, THOUGHT_HELP, thoughtOptions } from './thought-flags.ts';
import { thoughtTable } from './thought-table.ts';

export async function thoughtCommand(args: readonly string[]): Promise<number> {
  const given = parseOptions('thought', args, THOUGHT_FLAGS);
  const { switches, texts, positionals } = given;
  if (switches.has('help')) {
    process.stdout.write(`${THOUGHT_HELP}\n`);
    return EXIT.ok;
  }
  if (positionals.length > 0) {
    throw new UsageError(`thought: only options are expected, got '${positionals[0]}'`);
  }
  const options = thoughtOptions(given);
  const words = wordsOf('thought', given, 'context');
  if (words === null) {
    throw new UsageError(
      'thought: --context, --context-file or --context-ids is required, got none',
    );
  }
  const { calibration, heldout, out: folder } = texts;
  if (calibration === undefined || heldout === undefined) {
    const missing = calibration === undefined ? 'calibration' : 'heldout';
    throw new UsageError(`thought: --${missing} is required, got none`);
  }
  const ids = switches.has('ids');
  const [lines, others] = [linesOf(calibration, ids), linesOf(heldout, ids)];
  const model = await openModel('thought', given, typeof words === 'string' || !ids);
  if (folder !== undefined) requireOutputs([{ format: 'dense', folder }], model.folder);
  const prompts = (found: readonly Line[]): Prompt[] =>
    found.map(({ at, words: query }) =>
      promptOf(`thought: ${at}`, model, given, { context: words, query }),
    );
  const progress = new Progress();
  try {
    const onStep = (done: number, total: number): void => progress.update('fitting', done, total);
    const [own, held] = [prompts(lines), prompts(others)];
    const fit = fitThought(model.checkpoint, own, held, { ...options, onStep });
    const files =
      folder === undefined
        ? []
        : writeCheckpoint(folder, model.folder, model.checkpoint, fit.parameters);
    progress.clear();
    const { train, heldout: unseen } = fit;
    const result = {
      ok: train.error < 1 && unseen.error < 1,
      calibration: { queries: own.length, tokens: train.tokens },
      trainError: train.error,
      heldoutError: unseen.error,
      agreement: unseen.agreement,
      files,
    };
    process.stdout.write(
      switches.has('json')
        ? `${JSON.stringify(result, null, 2)}\n`
        : thoughtTable(model.name, model.checkpoint, fit, files),
    );
    return result.ok ? EXIT.ok : EXIT.checkFailed;
  } finally {
    progress.clear();
  }
}

/** A query, and where it stands. */
interface Line {
  readonly at: string;
  readonly words: Words;
}

/** The lines of a file that are not empty. @throws FileError if there is none, or one is no ids; else as `textIn`. */
function linesOf(path: string, ids: boolean): Line[] {
  const lines = textIn(path)
    .split(/\r?\n/)
    .map((text, i) => ({ at: `${path}, line ${i + 1}`, text }))
    .filter(({ text }) => text.trim() !== '');
  if (lines.length === 0) {
    throw new FileError(`thought: ${path} must hold a query a line, got none`);
  }
  return lines.map(({ at, text }) => {
    const words = ids ? idsIn(text) : text;
    if (words !== null) return { at, words };
    throw new FileError(`thought: ${at} must be numbers such as 403,407,261, got '${text}'`);
  });
}
