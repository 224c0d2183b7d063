/**
 * All the trials of figure `thought`.
 *
 * @module
 */
import type { FigureResult } from '../figure-result.ts';
import type { ContextTrial } from './context-trial.ts';
import type { GaussianTrial } from './gaussian-trial.ts';

/** The designs of one rank. */
export interface Design {
  readonly rank: number;
  readonly counts: readonly number[];
  readonly trials: readonly GaussianTrial[];
}

export interface ThoughtTrials {
  readonly parameters: FigureResult['parameters'];
  readonly judged: boolean;
  /** The rank that the inputs of W1 can have: that of the queries, unless the layer is narrower. */
  readonly rank: number;
  readonly counts: readonly number[];
  readonly contexts: readonly ContextTrial[];
  readonly designs: readonly Design[];
}
