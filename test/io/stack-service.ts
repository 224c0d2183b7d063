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
import { type Problem, preLnStack, stackRegression } from '../../src/model/index.ts';

export const PROBLEM: Problem = stackRegression(
  preLnStack({ layers: 2, width: 8, heads: 2, hidden: 16, activation: 'gelu' }),
  { batch: 6 },
);

export const STACK_SERVICE: Service<null, GradientHandlers> = {
  url: import.meta.url,
  serve: () => gradientHandlers(PROBLEM),
};

answerThreads(STACK_SERVICE);
