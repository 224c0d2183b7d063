/**
 * The step's loss in deltaw, here and in the threads that share its micro-batches.
 *
 * @module
 */
import {
  answerThreads,
  type GradientHandlers,
  gradientHandlers,
  type Service,
} from '../../../src/io/index.ts';
import {
  blockOf,
  mlp,
  network,
  networkRegression,
  type Parameters,
  type Problem,
  preNorm,
  softmaxAttention,
} from '../../../src/model/index.ts';
import { EPSILON, type StackSizes } from './task.ts';

/** Layers of `task.ts`: attention without biases, erf-GELU. */
export function problemFor({ layers, width, heads, hidden, batch }: StackSizes): Problem {
  const block = blockOf({
    name: 'pre-ln',
    wiring: preNorm('layer'),
    layer: softmaxAttention({ tokenWidth: width, width, heads }),
    feedForward: mlp({ width, hidden, outputWidth: width, activation: 'gelu' }),
    epsilon: EPSILON,
  });
  return networkRegression(network(Array.from({ length: layers }, () => block)), { batch });
}

/** The task's parameters under the names of the network, in the same order. */
export function toNetwork(parameters: Parameters): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const [layer, ...rest] = name.split('.');
      const own = rest.join('.');
      const place = /^W[qkvo]$/.test(own)
        ? `layer.${own}`
        : /^[Wb][12]$/.test(own)
          ? `mlp.${own}`
          : own;
      return [`blocks.${layer}.${place}`, value];
    }),
  );
}

export const STACK_STEP_SERVICE: Service<StackSizes, GradientHandlers> = {
  url: import.meta.url,
  serve: (sizes) => gradientHandlers(problemFor(sizes)),
};

answerThreads(STACK_STEP_SERVICE);
