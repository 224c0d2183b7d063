/**
 * The figures of the paper, from one training run.
 *
 * @module
 */
import { figure1 } from './fig1.ts';
import { figure2 } from './fig2.ts';
import { figure3 } from './fig3.ts';
import type { FigureResult } from './figure-result.ts';
import type { OnProgress, ToyRun } from './toy-run.ts';
import { type ToyWorkers, toyWorkers } from './toy-service.ts';

/** Every figure there is, in the order of `reproduce all`. */
export const FIGURES = ['fig1', 'fig2', 'fig3'] as const;

export type FigureId = (typeof FIGURES)[number];

/**
 * Trains `run` to the end and makes the figures asked for; null if `onProgress` stopped it, after
 * which the run can be saved and continued. The number of workers changes no bit.
 */
export async function reproduce(
  run: ToyRun,
  ids: readonly FigureId[],
  onProgress: OnProgress,
  onCheckpoint: () => void,
  workers: ToyWorkers = toyWorkers(1, run.settings),
): Promise<FigureResult[] | null> {
  if (!(await run.train(onProgress, onCheckpoint, workers))) return null;
  const figures: FigureResult[] = [];
  for (const id of ids) {
    const figure = await make(id, run, onProgress, workers);
    if (!figure) return null;
    figures.push(figure);
  }
  return figures;
}

function make(
  id: FigureId,
  run: ToyRun,
  onProgress: OnProgress,
  workers: ToyWorkers,
): FigureResult | Promise<FigureResult | null> {
  switch (id) {
    case 'fig1':
      return figure1(run.settings, run.checkpoints);
    case 'fig2':
      return figure2(run, onProgress, workers);
    case 'fig3':
      return figure3(run, onProgress, workers);
  }
}
