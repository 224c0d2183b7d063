/**
 * A matrix and a gradient: W is fitted to three examples by following the gradient of the squared error.
 *
 *   npx tsx examples/01-a-matrix-and-a-gradient.ts
 *
 * @module
 */

import { linear, squaredError } from '../src/autograd/index.ts';
import { gradcheck, matrix, matrixFromRows, Tape } from '../src/index.ts';

// One example a row: inputs x, and what W·x should be.
const x = matrixFromRows([
  [1, 0],
  [0, 1],
  [1, 1],
]);
const wanted = matrixFromRows([
  [2, 0],
  [-1, 3],
  [1, 3],
]);

let W = matrix(2, 2); // all zero
for (let step = 0; step <= 40; step++) {
  const tape = new Tape();
  const weights = tape.parameter(W);
  const y = tape.apply(linear, tape.constant(x), weights); // each row is W·x
  const loss = tape.apply(squaredError, y, tape.constant(wanted));
  const [dW] = tape.gradients(loss, [weights]);
  if (step % 10 === 0) {
    const entries = Array.from(W.data, (entry) => entry.toFixed(3).padStart(6)).join(' ');
    console.log(
      `step ${String(step).padStart(2)}   loss ${loss.value.data[0].toFixed(6)}   W = ${entries}`,
    );
  }
  W = matrix(
    2,
    2,
    W.data.map((entry, i) => entry - 0.1 * dW.data[i]),
  );
}

// Is the gradient right? `gradcheck` compares it with difference quotients, for x and for W.
const { ok, worst } = gradcheck(linear);
const off = worst.map((error) => error.toExponential(1)).join(' and ');
console.log(`gradient of W·x against differences: ${ok ? 'right' : 'wrong'}, off by ${off}`);
