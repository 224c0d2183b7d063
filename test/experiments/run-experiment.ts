/**
 * Runs an experiment as `deltaw reproduce` does, in memory.
 *
 * @module
 */
import {
  defaultsOf,
  type Experiment,
  requireValues,
  type Settings,
  type Values,
} from '../../src/experiments/experiment.ts';
import type { FigureResult } from '../../src/experiments/figure-result.ts';

export interface RunOptions<S extends Settings> {
  readonly values: Partial<Values<S>>;
  readonly workers?: number;
  readonly seed?: number;
  /** Whether to go on after so many reports of progress. Default: always. */
  readonly goOn?: (done: number) => boolean;
}

/** The figure of these settings, the rest at their defaults; null if it was stopped. */
export async function runExperiment<S extends Settings>(
  it: Experiment<S>,
  { values, workers = 1, seed = 1, goOn = () => true }: RunOptions<S>,
): Promise<FigureResult | null> {
  const all = { ...defaultsOf(it.settings), ...values };
  requireValues(it, all);
  return it.run({
    seed,
    values: all,
    judged: false,
    workers,
    onProgress: async (_, done) => goOn(done),
    store: { read: () => undefined, write: () => {} },
    toy: async () => null,
  });
}
