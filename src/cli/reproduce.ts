/**
 * `deltaw reproduce`: the figures of the papers, checked, drawn and explained.
 *
 * @module
 */
import { join } from 'node:path';
import type { Experiment } from '../experiments/experiment.ts';
import { EXPERIMENTS, reproduce, TOY_STATE } from '../experiments/reproduce.ts';
import { ToyRun } from '../experiments/toy-run.ts';
import type { ToySettings } from '../experiments/toy-settings.ts';
import { lockFolder, requireWritableFolder } from '../io/index.ts';
import { DomainError, StateError } from '../linalg/index.ts';
import { EXIT } from './exit-codes.ts';
import { FolderStore } from './folder-store.ts';
import { parseOptions } from './options.ts';
import { Interrupt, Progress } from './progress.ts';
import {
  experimentsOf,
  REPRODUCE_FLAGS,
  REPRODUCE_HELP,
  settingsOf,
  valuesOf,
} from './reproduce-flags.ts';
import { isOk, summary, toJson, writeResults } from './reproduce-results.ts';
import { workersOf } from './workers-flag.ts';

export async function reproduceCommand(args: readonly string[]): Promise<number> {
  const given = parseOptions('reproduce', args, REPRODUCE_FLAGS);
  if (given.switches.has('help')) {
    process.stdout.write(`${REPRODUCE_HELP}\n`);
    return EXIT.ok;
  }
  const experiments = experimentsOf(given.positionals);
  const toy = settingsOf(given);
  const values = valuesOf(given, experiments);
  // A run of seconds takes longer in threads, which have to start.
  const count = workersOf('reproduce', given, given.switches.has('quick') ? 1 : 2);
  const folder = given.texts.out ?? (given.switches.has('quick') ? join('out', 'quick') : 'out');
  const ids = experiments.map(({ id }) => id);
  requireWritableFolder(folder, [...ids.map((id) => `${id}.svg`), 'report.html', 'results.json']);
  const release = lockFolder(folder);
  const usesToy = experiments.some((it) => it.usesToy);
  const store = new FolderStore(folder);
  const toyStates = [TOY_STATE, ...EXPERIMENTS.filter((it) => it.usesToy).map(({ id }) => id)];
  if (given.switches.has('fresh')) store.remove([...ids, ...(usesToy ? toyStates : [])]);
  const progress = new Progress();
  const interrupt = new Interrupt();
  let reached = '';
  let current: Experiment | undefined;
  try {
    if (usesToy) requireReadable(toy, store);
    const figures = await reproduce(experiments, {
      ...{ toy, values, store, workers: count },
      onFigure: (it) => {
        current = it;
      },
      onProgress: async (stage, done, total) => {
        progress.update(stage, done, total);
        reached = `${done} of ${total}${stage === 'training' ? ' steps' : ` of ${stage}`}`;
        return !(await interrupt.asked());
      },
    });
    progress.clear();
    if (!figures) {
      process.stderr.write(
        `interrupted after ${reached}, saved in ${folder}; ` +
          'the same command goes on from there, --fresh starts again\n',
      );
      return EXIT.resumable;
    }
    const files = writeResults(folder, toy, experiments, figures);
    store.remove(ids);
    // The toy's training is still wanted where another run was interrupted after it.
    if (usesToy && store.names().every((name) => name === TOY_STATE)) store.remove([TOY_STATE]);
    const ok = isOk(figures);
    process.stdout.write(
      given.switches.has('json')
        ? `${JSON.stringify({ ok, figures: figures.map(toJson), files }, null, 2)}\n`
        : summary(figures, files),
    );
    return ok ? EXIT.ok : EXIT.checkFailed;
  } catch (error) {
    // What diverges would diverge again: with these settings there is nothing to go on with.
    if (error instanceof DomainError && current) {
      store.remove(current.usesToy ? toyStates : [current.id]);
    }
    if (!(error instanceof StateError)) throw error;
    throw new StateError(
      `${store.lastRead ?? folder}: ${error.message}; --fresh drops that run and starts again`,
    );
  } finally {
    progress.clear();
    interrupt.close();
    release();
  }
}

/** Says what an interrupted run has done. @throws StateError if it is another run, or none that can be read. */
function requireReadable(settings: ToySettings, store: FolderStore): void {
  const bytes = store.read(TOY_STATE);
  if (!bytes) return;
  const { training } = new ToyRun(settings, bytes);
  process.stderr.write(
    `going on with the run in ${store.pathOf(TOY_STATE)}: ${training.step} of ${settings.steps} ` +
      'steps are done\n',
  );
}
