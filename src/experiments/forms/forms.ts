/**
 * Figure forms: the implicit dynamics with a fixed base, form (a), and with a changing base, form (b).
 *
 * Protocol: the trained toy, fresh prompts of N pairs; W_i after i steps of either form, its distance from W_0
 * and from the other, its rank, its error beside the proved bounds, and for (b) the loss ½‖W·a_i − t‖² that its
 * steps descend. Source: arXiv:2507.16003v1, Proposition 3.1 and appendix; v3, Proposition 2.6; bounds and loss
 * are our own.
 *
 * @module
 */
import { type Experiment, experiment } from '../experiment.ts';
import { drawPrompts } from '../toy-run.ts';
import { formsFigure } from './panels.ts';
import { formsWorkers } from './service.ts';
import type { FormsTrial } from './trial.ts';

/** The random stream of the seed, beside those of the toy. */
const STREAM = 65;

/** 1, 2, 3, 4, 6, 9 … and n. */
function spacedTo(n: number): number[] {
  const found: number[] = [];
  for (let i = 1; i < n; i = Math.max(i + 1, Math.floor(1.5 * i))) found.push(i);
  return [...found, n];
}

export const forms: Experiment = experiment({
  id: 'forms',
  summary: 'reading with a fixed base and with a changing base: two paths, both exact',
  usesToy: true,
  settings: {
    trials: { value: 40, quick: 6, help: 'prompts' },
  },
  async run({ values, judged, workers: count, onProgress, toy }) {
    const trained = await toy();
    if (!trained) return null;
    const { settings, training } = trained.run;
    const ranksAt = spacedTo(settings.pairs);
    const tasks = drawPrompts(settings, STREAM, values.trials).map((prompt) => ({
      parameters: training.parameters,
      prompt,
      ranksAt,
    }));
    const workers = formsWorkers(count, settings);
    const trials: FormsTrial[] = [];
    try {
      for await (const trial of workers.each('trial', tasks)) {
        trials.push(trial);
        if (!(await onProgress('forms', trials.length, tasks.length))) return null;
      }
    } finally {
      await workers.close();
    }
    return formsFigure({ settings, values, judged, ranksAt, trials });
  },
});
