/**
 * The work of the figure of deep networks as messages: one prompt in one arithmetic each.
 *
 * @module
 */
import { answerThreads, type Service, Workers } from '../../io/index.ts';
import type { LinearPrompt } from '../../model/index.ts';
import type { DepthValues } from './settings.ts';
import {
  type DepthTrial,
  deepNetwork,
  depthTrial,
  type StoredNetwork,
  storeNetwork,
} from './trial.ts';

export interface DepthTask {
  readonly bits: number;
  readonly prompt: LinearPrompt;
}

interface Setup {
  readonly values: DepthValues;
  readonly seed: number;
}

export type DepthHandlers = { readonly trial: (task: DepthTask) => DepthTrial };

const SERVICE: Service<Setup, DepthHandlers> = {
  url: import.meta.url,
  serve({ values, seed }) {
    const deep = deepNetwork(values, seed);
    const networks = new Map<number, StoredNetwork>();
    return {
      trial({ bits, prompt }) {
        const net = networks.get(bits) ?? storeNetwork(deep, bits);
        networks.set(bits, net);
        return depthTrial(net, prompt);
      },
    };
  },
};

/** Workers for these settings; results have the same bits for any number of them. */
export const depthWorkers = (
  count: number,
  values: DepthValues,
  seed: number,
): Workers<Setup, DepthHandlers> => new Workers(count, SERVICE, { values, seed });

answerThreads(SERVICE);
