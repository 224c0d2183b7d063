/**
 * The experiment on generation; `figure.ts` has the protocol.
 *
 * @module
 */
import { DomainError } from '../../linalg/index.ts';
import { type Experiment, experiment } from '../experiment.ts';
import { generationFigure } from './figure.ts';
import { GENERATION_SETTINGS } from './settings.ts';

export const generation: Experiment<typeof GENERATION_SETTINGS> = experiment({
  id: 'generation',
  summary: 'token by token without the context, from float64 to a few bits',
  usesToy: false,
  settings: GENERATION_SETTINGS,
  check({ width, heads, kvHeads }) {
    if (width % (2 * heads) !== 0) {
      throw new DomainError(
        'reproduce generation: heads of an even width are required, so that they can be turned, got ' +
          `${heads} in a width of ${width}`,
      );
    }
    if (kvHeads > heads) {
      throw new DomainError(
        `reproduce generation: kvHeads must be at most heads, got ${kvHeads} and ${heads}`,
      );
    }
  },
  run: generationFigure,
});
