/**
 * `deltaw reproduce`: the figures of the paper, checked, drawn and explained.
 *
 * @module
 */
import { join } from 'node:path';
import type { FigureResult } from '../experiments/figure-result.ts';
import { renderReport } from '../experiments/report.ts';
import { FIGURES, type FigureId, reproduce } from '../experiments/reproduce.ts';
import { drawFigure } from '../experiments/svg/figure.ts';
import { ToyRun } from '../experiments/toy-run.ts';
import { toyWorkers } from '../experiments/toy-service.ts';
import {
  requireSettings,
  TOY_DEFAULTS,
  TOY_QUICK,
  type ToySettings,
} from '../experiments/toy-settings.ts';
import {
  lockFolder,
  readIfThere,
  removeIfThere,
  requireWritableFolder,
  writeTogether,
  writeWhole,
} from '../io/index.ts';
import { DomainError, StateError } from '../linalg/index.ts';
import { EXIT } from './exit-codes.ts';
import {
  COMMON_FLAGS,
  describeFlags,
  type Flags,
  type Given,
  parseOptions,
  toFlag,
  UsageError,
} from './options.ts';
import { paint } from './paint.ts';
import { Interrupt, Progress } from './progress.ts';
import { workersFlag, workersOf } from './workers-flag.ts';

const HELP: Readonly<Record<keyof ToySettings, string>> = {
  seed: 'seed of all random draws',
  dimension: 'inputs of the linear function',
  pairs: 'context pairs in a prompt',
  width: 'output entries of the attention layer',
  heads: 'attention heads',
  hidden: 'hidden entries of the perceptron',
  steps: 'training steps',
  batch: 'fresh prompts a step',
  microBatch: 'prompts whose gradients are computed together',
  learningRate: 'rate of Adam',
  validationPrompts: 'fixed prompts of figure 1',
  validateEvery: 'steps between two points of figure 1',
  marginalTrials: 'prompts of figure 2',
  fineTuningTrials: 'prompts of figure 3',
  fineTuningExamples: 'examples in a prompt of figure 3',
  fineTuningRate: 'rate of SGD in figure 3',
};

const SETTING_NAMES = Object.keys(TOY_DEFAULTS) as (keyof ToySettings)[];

const FLAGS: Flags = {
  ...COMMON_FLAGS,
  quick: {
    kind: 'switch',
    help: 'fewer steps and prompts, into out/quick: under 20 seconds, shapes not judged',
  },
  fresh: { kind: 'switch', help: 'drop an interrupted run instead of going on with it' },
  ...workersFlag('2; with --quick, or on one processor, 1'),
  ...Object.fromEntries(
    SETTING_NAMES.map((name) => [
      toFlag(name),
      { kind: 'number', value: 'N', help: `${HELP[name]} (default: ${TOY_DEFAULTS[name]})` },
    ]),
  ),
};

export const REPRODUCE_HELP: string = `Examples:
  deltaw reproduce all                      every figure, with report and numbers, in out/
  deltaw reproduce fig2 --quick             figure 2 from a short training
  deltaw reproduce fig1 --seed 7 --json     other draws, results as JSON

Usage: deltaw reproduce FIGURE… [options]

  fig1   loss with the context, and with the weight update in its place
  fig2   the update converges as the context grows
  fig3   fine-tuning on the examples against reading them
  all    all of these

Writes FIGURE.svg, report.html and results.json. Ctrl-C saves the run; the same command goes on.

Options:
${describeFlags(FLAGS)}`;

const STATE_FILE = 'run-state.bin';

export async function reproduceCommand(args: readonly string[]): Promise<number> {
  const given = parseOptions('reproduce', args, FLAGS);
  if (given.switches.has('help')) {
    process.stdout.write(`${REPRODUCE_HELP}\n`);
    return EXIT.ok;
  }
  const ids = figureIds(given.positionals);
  const settings = settingsOf(given);
  // A run of seconds takes longer in threads, which have to start.
  const count = workersOf('reproduce', given, given.switches.has('quick') ? 1 : 2);
  const folder = given.texts.out ?? (given.switches.has('quick') ? join('out', 'quick') : 'out');
  requireWritableFolder(folder, [...ids.map((id) => `${id}.svg`), 'report.html', 'results.json']);
  const release = lockFolder(folder);
  const state = join(folder, STATE_FILE);
  if (given.switches.has('fresh')) removeIfThere(state);
  const progress = new Progress();
  const interrupt = new Interrupt();
  const workers = toyWorkers(count, settings);
  try {
    const bytes = readIfThere(state);
    const run = open(settings, bytes, state);
    if (bytes) {
      process.stderr.write(
        `going on with the run in ${state}: ${run.training.step} of ${settings.steps} steps are done\n`,
      );
    }
    const save = (): void => writeWhole(state, run.toBytes());
    const figures = await reproduce(
      run,
      ids,
      async (stage, done, total) => {
        progress.update(stage, done, total);
        return !(await interrupt.asked());
      },
      save,
      workers,
    );
    progress.clear();
    if (!figures) {
      save();
      process.stderr.write(
        `interrupted after ${run.training.step} of ${settings.steps} steps, saved in ${state}; ` +
          'the same command goes on from there (figures begin anew), --fresh starts again\n',
      );
      return EXIT.resumable;
    }
    const files = writeResults(folder, settings, figures);
    removeIfThere(state);
    const ok = isOk(figures);
    process.stdout.write(
      given.switches.has('json')
        ? `${JSON.stringify({ ok, figures: figures.map(toJson), files }, null, 2)}\n`
        : summary(figures, files),
    );
    return ok ? EXIT.ok : EXIT.checkFailed;
  } catch (error) {
    // A training that diverges would diverge again: there is nothing to go on with.
    if (error instanceof DomainError) removeIfThere(state);
    throw error;
  } finally {
    progress.clear();
    await workers.close();
    release();
  }
}

/** @throws StateError naming the file, if it holds another run or none that can be read. */
function open(settings: ToySettings, bytes: Uint8Array | undefined, state: string): ToyRun {
  try {
    return new ToyRun(settings, bytes);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new StateError(`${state}: ${error.message}; --fresh drops that run and starts again`);
  }
}

function figureIds(positionals: readonly string[]): FigureId[] {
  const known = `${FIGURES.join(', ')} or all`;
  if (positionals.length === 0) {
    throw new UsageError(`reproduce: name a figure, ${known}, got none`);
  }
  for (const name of positionals) {
    if (name !== 'all' && !FIGURES.some((id) => id === name)) {
      throw new UsageError(`reproduce: figures are ${known}, got '${name}'`);
    }
  }
  return FIGURES.filter((id) => positionals.includes('all') || positionals.includes(id));
}

function settingsOf({ numbers, switches }: Given): ToySettings {
  const base = switches.has('quick') ? { ...TOY_DEFAULTS, ...TOY_QUICK } : TOY_DEFAULTS;
  const settings = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, numbers[toFlag(name)] ?? base[name]]),
  ) as Record<keyof ToySettings, number>;
  try {
    requireSettings(settings);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    // The settings were given as flags, so the error speaks of flags.
    const named = SETTING_NAMES.reduce(
      (text, name) => text.replace(new RegExp(`\\b${name}\\b`, 'g'), `--${toFlag(name)}`),
      error.message,
    );
    throw new UsageError(named);
  }
  return settings;
}

/** A figure as `--json` and results.json have it. */
function toJson({ id, title, parameters, series, checks }: FigureResult): object {
  return { id, title, parameters, series, checks };
}

const isOk = (figures: readonly FigureResult[]): boolean =>
  figures.every(({ checks }) => checks.every(({ ok }) => ok !== false));

/** Writes everything and returns the paths. The same figures give the same bytes. */
function writeResults(
  folder: string,
  settings: ToySettings,
  figures: readonly FigureResult[],
): string[] {
  const files: Record<string, string> = {};
  const drawn = figures.map((figure) => ({
    ...figure,
    svg: drawFigure({ id: figure.id, title: figure.title, panels: figure.panels }),
  }));
  for (const { id, svg } of drawn) files[`${id}.svg`] = svg;
  files['report.html'] = renderReport({
    title: 'A prompt is a weight update',
    introduction: introduction(settings),
    figures: drawn,
  });
  const results = { ok: isOk(figures), figures: figures.map(toJson) };
  files['results.json'] = `${JSON.stringify(results, null, 1)}\n`;
  writeTogether(folder, files);
  return Object.keys(files).map((name) => join(folder, name));
}

/** What the report says before the first figure. */
function introduction(settings: ToySettings): string[] {
  const { dimension, pairs, width, heads, hidden, batch, steps, learningRate } = settings;
  const changed = SETTING_NAMES.filter((name) => settings[name] !== TOY_DEFAULTS[name]);
  return [
    'When a transformer block reads a context C and a query x, its output T_W(C, x) equals that of ' +
      'the same block without the context whose first MLP matrix W was changed by ΔW, a matrix of ' +
      'rank one: ΔW = W·(a′ − a)·aᵀ/‖a‖², where a is the attention output for the query alone and a′ ' +
      'the one with the context (A_i with its first i tokens). The statement is that of Dherin et ' +
      'al., arXiv:2507.16003; everything below is computed in double precision.',
    `The task is linear regression in context: w and all inputs are drawn from N(0, I) in dimension ` +
      `${dimension}, a prompt shows ${pairs} pairs (x; w·x) and asks for w·x at a new x, so that always ` +
      `answering 0 costs ${dimension} on average and the best answer costs 0. The model is one block: ` +
      `softmax attention with ${heads} heads of width ${width / heads} and no biases, then a ReLU ` +
      `perceptron with ${hidden} hidden units; no skip connections, no norms, no positions. It was ` +
      `trained for ${steps} steps of Adam at rate ${learningRate} on ${batch} fresh prompts each.`,
    'A theorem check holds or the theory is wrong; a shape check compares a curve with what is ' +
      'expected of it at the default parameters.',
    ...(changed.length > 0
      ? [
          `This run is not the full protocol: ${changed
            .map((name) => `--${toFlag(name)} ${settings[name]}`)
            .join(', ')}; shapes are not judged.`,
        ]
      : []),
  ];
}

/** The checks as lines for a terminal. */
function summary(figures: readonly FigureResult[], files: readonly string[]): string {
  const lines: string[] = [];
  for (const { id, title, checks } of figures) {
    lines.push(paint('bold', `${id}  ${title}`));
    for (const { name, value, relation, limit, ok } of checks) {
      const sign = relation === '<=' ? '≤' : '≥';
      const verdict =
        ok === null ? 'not judged' : ok ? paint('green', 'holds') : paint('red', 'FAILS');
      lines.push(`  ${verdict}  ${name}: ${Number(value.toPrecision(4))} ${sign} ${limit}`);
    }
  }
  return `${lines.join('\n')}\n\n${files.map((file) => `wrote ${file}`).join('\n')}\n`;
}
