/**
 * A training step of TensorFlow.js, whatever the loss: `variableGrads`, then `train.adam`.
 *
 * @module
 */
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs';
import { type Matrix, transpose } from '../../src/linalg/index.ts';
import type { Program } from '../runner/contract.ts';
import { joined } from '../runner/errors.ts';
import type { Tfjs } from './tfjs.ts';

/** A variable of that value; matrices become [in, out]. */
export function variableOf(tf: Tfjs, name: string, value: Matrix): Variable {
  const isRow = value.rows === 1;
  const { data } = isRow ? value : transpose(value);
  const shape = isRow ? [value.cols] : [value.cols, value.rows];
  return tf.variable(tf.tensor(Float32Array.from(data), shape), true, name);
}

/**
 * The program of a step on fresh data: `prepare` brings the data and returns the loss as a function of the
 * variables. Its result is the loss, then the gradient of each variable, then, `withVariables`, the
 * variables after the step; all matrices as [out, in].
 */
export function trainingProgram(
  tf: Tfjs,
  all: readonly Variable[],
  learningRate: number,
  prepare: () => () => Scalar,
  withVariables: boolean,
): Program {
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  /** One step; returns the loss, and lets `look` see the gradients while they are there. */
  const step = (look?: (loss: number, grads: Record<string, Tensor>) => void): number =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(prepare(), [...all]);
      optimizer.applyGradients(all.map(({ name }) => ({ name, tensor: grads[name] })));
      const loss = value.dataSync()[0];
      look?.(loss, grads);
      return loss;
    });
  const numbers = (of: Tensor): ArrayLike<number> =>
    (of.rank === 2 ? tf.transpose(of) : of).dataSync();
  return {
    run: () => step(),
    result: () => {
      let found: ArrayLike<number> = [];
      step((loss, grads) => {
        const gradients = all.map(({ name }) => numbers(grads[name]));
        found = joined([[loss], ...gradients, ...(withVariables ? all.map(numbers) : [])]);
      });
      return found;
    },
  };
}
