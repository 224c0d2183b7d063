/**
 * The flags of `deltaw reproduce`: what it is asked for, from the figures' own lists of settings.
 *
 * @module
 */
import {
  defaultsOf,
  type Experiment,
  requireValues,
  type Settings,
  type Values,
} from '../experiments/experiment.ts';
import { EXPERIMENTS } from '../experiments/reproduce.ts';
import {
  requireSettings,
  TOY_DEFAULTS,
  TOY_QUICK,
  type ToySettings,
} from '../experiments/toy-settings.ts';
import { DomainError } from '../linalg/index.ts';
import {
  COMMON_FLAGS,
  describeFlags,
  type Flags,
  type Given,
  toFlag,
  UsageError,
} from './options.ts';
import { workersFlag } from './workers-flag.ts';

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

export const TOY_SETTINGS = Object.keys(TOY_DEFAULTS) as (keyof ToySettings)[];

/** The flag of a setting of one figure: --depth-tasks is `tasks` of depth. */
const flagOf = (id: string, name: string): string => `${id}-${toFlag(name)}`;

const ownFlags = (id: string, settings: Settings): Flags =>
  Object.fromEntries(
    Object.entries(settings).map(([name, { help, value }]) => [
      flagOf(id, name),
      { kind: 'number', value: 'N', help: `${help} (default: ${value})` },
    ]),
  );

export const REPRODUCE_FLAGS: Flags = {
  ...COMMON_FLAGS,
  quick: {
    kind: 'switch',
    help: 'less of everything, into out/quick: shapes of curves are not judged',
  },
  fresh: { kind: 'switch', help: 'drop an interrupted run instead of going on with it' },
  ...workersFlag('2; with --quick, or on one processor, 1'),
  ...Object.fromEntries(
    TOY_SETTINGS.map((name) => [
      toFlag(name),
      { kind: 'number', value: 'N', help: `${HELP[name]} (default: ${TOY_DEFAULTS[name]})` },
    ]),
  ),
  ...Object.assign({}, ...EXPERIMENTS.map(({ id, settings }) => ownFlags(id, settings))),
};

const widest = Math.max(...EXPERIMENTS.map(({ id }) => id.length));

export const REPRODUCE_HELP: string = `Examples:
  deltaw reproduce all                      every figure, with report and numbers, in out/
  deltaw reproduce fig2 --quick             figure 2 from a short training
  deltaw reproduce fig1 --seed 7 --json     other draws, results as JSON

Usage: deltaw reproduce FIGURE… [options]

${EXPERIMENTS.map(({ id, summary }) => `  ${id.padEnd(widest)}  ${summary}`).join('\n')}
  ${'all'.padEnd(widest)}  all of these

Writes FIGURE.svg, report.html and results.json. Ctrl-C saves the run; the same command goes on.

Options:
${describeFlags(REPRODUCE_FLAGS)}`;

/** @throws UsageError if one is unknown, or none is named. */
export function experimentsOf(positionals: readonly string[]): Experiment[] {
  const known = `${EXPERIMENTS.map(({ id }) => id).join(', ')} or all`;
  if (positionals.length === 0) {
    throw new UsageError(`reproduce: name a figure, ${known}, got none`);
  }
  for (const name of positionals) {
    if (name !== 'all' && !EXPERIMENTS.some(({ id }) => id === name)) {
      throw new UsageError(`reproduce: figures are ${known}, got '${name}'`);
    }
  }
  return EXPERIMENTS.filter(({ id }) => positionals.includes('all') || positionals.includes(id));
}

/** The settings of the toy. @throws UsageError */
export function settingsOf({ numbers, switches }: Given): ToySettings {
  const base = switches.has('quick') ? { ...TOY_DEFAULTS, ...TOY_QUICK } : TOY_DEFAULTS;
  const settings = Object.fromEntries(
    TOY_SETTINGS.map((name) => [name, numbers[toFlag(name)] ?? base[name]]),
  ) as Record<keyof ToySettings, number>;
  speakingOfFlags(TOY_SETTINGS, toFlag, () => requireSettings(settings));
  return settings;
}

/** The settings of each figure asked for. @throws UsageError for those of a figure that was not asked for. */
export function valuesOf(
  { numbers, switches }: Given,
  experiments: readonly Experiment[],
): Record<string, Values> {
  for (const { id, settings } of EXPERIMENTS) {
    const flag = Object.keys(settings).find((name) => numbers[flagOf(id, name)] !== undefined);
    if (flag !== undefined && !experiments.some((it) => it.id === id)) {
      throw new UsageError(
        `reproduce: --${flagOf(id, flag)} needs the figure ${id}, got ` +
          experiments.map((it) => it.id).join(', '),
      );
    }
  }
  return Object.fromEntries(
    experiments.map((it) => {
      const names = Object.keys(it.settings);
      const base = defaultsOf(it.settings, switches.has('quick'));
      const values = Object.fromEntries(
        names.map((name) => [name, numbers[flagOf(it.id, name)] ?? base[name]]),
      );
      const flag = (name: string): string => flagOf(it.id, name);
      speakingOfFlags(names, flag, () => requireValues(it, values));
      return [it.id, values];
    }),
  );
}

/** Runs the check; settings were given as flags, so its error speaks of flags. @throws UsageError */
function speakingOfFlags(
  names: readonly string[],
  flag: (name: string) => string,
  check: () => void,
): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const named = names.reduce(
      (text, name) => text.replace(new RegExp(`\\b${name}\\b`, 'g'), `--${flag(name)}`),
      error.message,
    );
    throw new UsageError(named);
  }
}
