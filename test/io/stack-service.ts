/**
 * Gradients of a small stack, for the tests of workers.
 *
 * @module
 */
import {
  answerThreads,
  type GradientHandlers,
  gradientHandlers,
  type Service,
} from '../../src/io/index.ts';
import { gpt2Block, network, networkRegression, type Problem } from '../../src/model/index.ts';

export const PROBLEM: Problem = networkRegression(
  network([1, 2].map(() => gpt2Block({ width: 8, heads: 2, hidden: 16, activation: 'gelu' }))),
  { batch: 6 },
);

export const STACK_SERVICE: Service<null, GradientHandlers> = {
  url: import.meta.url,
  serve: () => gradientHandlers(PROBLEM),
};

answerThreads(STACK_SERVICE);
