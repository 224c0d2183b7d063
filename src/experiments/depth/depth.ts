/**
 * The experiment on deep networks; `figure.ts` has the protocol.
 *
 * @module
 */
import { DomainError } from '../../linalg/index.ts';
import { type Experiment, experiment } from '../experiment.ts';
import { depthFigure } from './figure.ts';
import { DEPTH_SETTINGS } from './settings.ts';

export const depth: Experiment<typeof DEPTH_SETTINGS> = experiment({
  id: 'depth',
  summary: 'patches of deep networks, in float64 and simulated float32',
  usesToy: false,
  settings: DEPTH_SETTINGS,
  check({ width, heads }) {
    if (width % heads === 0) return;
    throw new DomainError(
      `reproduce depth: width must be a multiple of heads, got ${width} and ${heads}`,
    );
  },
  run: depthFigure,
});
