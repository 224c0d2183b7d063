/**
 * Gradients of the embedded model in threads.
 *
 * @module
 */
import {
  answerThreads,
  type GradientHandlers,
  gradientHandlers,
  type Service,
  Workers,
} from '../../src/io/index.ts';
import { nextTokenPrediction } from '../../src/model/index.ts';
import { mobyDickModel, SETTINGS } from './settings.ts';

const SERVICE: Service<number, GradientHandlers> = {
  url: import.meta.url,
  serve: (vocabulary) =>
    gradientHandlers(
      nextTokenPrediction(mobyDickModel(vocabulary), { targets: SETTINGS.batch * SETTINGS.length }),
    ),
};

export const gradientWorkers = (
  count: number,
  vocabulary: number,
): Workers<number, GradientHandlers> => new Workers(count, SERVICE, vocabulary);

answerThreads(SERVICE);
