/**
 * The work of the figure of generation as messages: one prompt of one model in one arithmetic each.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import { type Family, randomModel, VARIANTS_OF } from './models.ts';
import type { GenerationValues } from './settings.ts';
import { type GenerationTrial, generationTrial, type StoredModel, storeModel } from './trial.ts';

export interface GenerationTask {
  readonly family: Family;
  readonly bits: number;
  readonly ids: readonly number[];
}

interface Setup {
  readonly values: GenerationValues;
  readonly seed: number;
}

export type GenerationHandlers = {
  readonly trial: (task: GenerationTask) => GenerationTrial;
};

const SERVICE: Service<Setup, GenerationHandlers> = {
  url: import.meta.url,
  serve({ values, seed }) {
    const models = new Map<string, StoredModel>();
    return {
      trial({ family, bits, ids }) {
        const key = `${family} ${bits}`;
        const model = models.get(key) ?? storeModel(randomModel(family, values, seed), bits);
        models.set(key, model);
        return generationTrial(model, VARIANTS_OF[family], ids, values.tokens);
      },
    };
  },
};

/** Workers for these settings; results have the same bits for any number of them. */
export const generationWorkers = (
  count: number,
  values: GenerationValues,
  seed: number,
): Workers<Setup, GenerationHandlers> => new Workers(count, SERVICE, { values, seed });

answerThreads(SERVICE);
