/**
 * Every figure there is, and the run that makes those asked for.
 *
 * @module
 */
import { decodeState, encodeState } from '../model/index.ts';
import { alignment } from './alignment/alignment.ts';
import { depth } from './depth/depth.ts';
import {
  defaultsOf,
  type Experiment,
  type ExperimentContext,
  experiment,
  type Store,
  type Values,
} from './experiment.ts';
import { certifyPrompts, figure1 } from './fig1.ts';
import { figure2 } from './fig2.ts';
import { figure3 } from './fig3.ts';
import type { FigureResult } from './figure-result.ts';
import { forms } from './forms/forms.ts';
import { functions } from './functions/functions.ts';
import { generation } from './generation/generation.ts';
import { gradient } from './gradient/gradient.ts';
import { instruction } from './instruction/instruction.ts';
import { recurrent } from './recurrent/recurrent.ts';
import { requireSameSettings } from './stored-training.ts';
import { sweeps } from './sweeps/sweeps.ts';
import { thought } from './thought/thought.ts';
import { type OnProgress, ToyRun } from './toy-run.ts';
import { toyWorkers } from './toy-service.ts';
import { isDefault, type ToySettings } from './toy-settings.ts';

/** In the order of `reproduce all`. */
export const EXPERIMENTS: readonly Experiment[] = [
  experiment({
    id: 'fig1',
    summary: 'loss with the context, and with the weight update in its place',
    usesToy: true,
    settings: {},
    async run({ toy, onProgress }) {
      const trained = await toy();
      if (!trained) return null;
      const { run, workers } = trained;
      const radii = await certifyPrompts(run, onProgress, workers);
      return radii && figure1(run.settings, run.checkpoints, radii);
    },
  }),
  experiment({
    id: 'fig2',
    summary: 'the update converges as the context grows',
    usesToy: true,
    settings: {},
    async run({ toy, onProgress }) {
      const trained = await toy();
      return trained && figure2(trained.run, onProgress, trained.workers);
    },
  }),
  experiment({
    id: 'fig3',
    summary: 'fine-tuning on the examples against reading them',
    usesToy: true,
    settings: {},
    async run({ toy, onProgress }) {
      const trained = await toy();
      return trained && figure3(trained.run, onProgress, trained.workers);
    },
  }),
  recurrent,
  alignment,
  forms,
  depth,
  sweeps,
  thought,
  generation,
  gradient,
  instruction,
  functions,
];

/** What a run is made of. */
export interface ReproduceOptions {
  readonly toy: ToySettings;
  /** The settings of each figure, by its id. Default: those of the experiment. */
  readonly values?: Readonly<Record<string, Values>>;
  readonly onProgress: OnProgress;
  readonly store: Store;
  /** Threads. Default: 1. They change no bit. */
  readonly workers?: number;
  /** Told which figure is begun. */
  readonly onFigure?: (it: Experiment) => void;
}

/** The name in the store of the toy's training. */
export const TOY_STATE = 'run';

/**
 * The figures asked for, or null if `onProgress` stopped it: then everything needed to go on is in the store,
 * and the same call goes on.
 *
 * @throws StateError if the store holds a run of other settings; DomainError if a training diverges.
 */
export async function reproduce(
  experiments: readonly Experiment[],
  { toy: settings, values = {}, onProgress, store, workers: count = 1, onFigure }: ReproduceOptions,
): Promise<FigureResult[] | null> {
  const run = experiments.some(({ usesToy }) => usesToy)
    ? new ToyRun(settings, store.read(TOY_STATE))
    : null;
  const workers = run && toyWorkers(count, settings);
  const saveToy = (): void => {
    if (run) store.write(TOY_STATE, run.toBytes());
  };
  const toy: ExperimentContext['toy'] = async () => {
    if (!run || !workers) return null; // not asked for by experiments that do not use it
    if (await run.train(onProgress, saveToy, workers)) return { run, workers };
    saveToy();
    return null;
  };
  try {
    const figures: FigureResult[] = [];
    for (const it of experiments) {
      onFigure?.(it);
      const own = values[it.id] ?? defaultsOf(it.settings);
      const context = contextOf(it, settings, own, { onProgress, store, workers: count, toy });
      const figure = await makeOnce(it, context, settings, store);
      if (!figure) return null;
      figures.push(figure);
    }
    return figures;
  } finally {
    await workers?.close();
  }
}

function contextOf(
  { settings, usesToy }: Experiment,
  toySettings: ToySettings,
  values: Values,
  rest: Pick<ExperimentContext, 'onProgress' | 'store' | 'workers' | 'toy'>,
): ExperimentContext {
  const defaults = defaultsOf(settings);
  const own = Object.keys(settings).every((name) => values[name] === defaults[name]);
  const base = usesToy ? isDefault(toySettings) : toySettings.seed === DEFAULT_SEED;
  return { ...rest, seed: toySettings.seed, values, judged: own && base };
}

/** The seed for which the shapes of curves are stated. */
const DEFAULT_SEED = 1;

const FIGURE = 'figure';

/** The figure of an interrupted run if it was finished there, else made and kept for such a run. */
async function makeOnce(
  it: Experiment,
  context: ExperimentContext,
  toySettings: ToySettings,
  store: Store,
): Promise<FigureResult | null> {
  const name = `${it.id}.${FIGURE}`;
  const settings = {
    seed: context.seed,
    ...context.values,
    ...(it.usesToy && prefixedBy('toy ', toySettings)),
  };
  const bytes = store.read(name);
  if (bytes) {
    const { kind, settings: stored } = decodeState(bytes);
    requireSameSettings(it.id, kind === FIGURE ? stored : {}, settings);
    return JSON.parse(String(stored[FIGURE]));
  }
  const figure = await it.run(context);
  if (figure) {
    const state = { ...settings, [FIGURE]: JSON.stringify(figure) };
    store.write(name, encodeState({ kind: FIGURE, settings: state, arrays: {} }));
  }
  return figure;
}

const prefixedBy = (prefix: string, values: object): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
