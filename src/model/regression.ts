/**
 * In-context regression as a problem to take gradients of.
 *
 *   L = (1/B)·Σ(ŷ − y)²,  ŷ the last read component of the output at the query, B the whole batch
 *
 * A micro-batch of b sequences is [sequences, targets]: (b·T)×width with the query last, and b×1.
 * The squares are summed in the two-lane order, then divided.
 *
 * @module
 */
import { column, scale, squaredError, type Tape, type Variable } from '../autograd/index.ts';
import { DomainError, type Matrix } from '../linalg/index.ts';
import type { Block } from './block.ts';
import type { Problem } from './gradients.ts';
import type { Network } from './network.ts';

export interface RegressionOptions {
  /** B, sequences in a whole batch, all its micro-batches together. */
  readonly batch: number;
}

/**
 * Regression by one block on tokens whose last entry is the label; that entry of the output is read.
 *
 * @throws DomainError if batch is not a positive integer, or the output has no such entry.
 */
export function blockRegression(block: Block, { batch }: RegressionOptions): Problem {
  requireBatch('blockRegression', batch);
  const label = block.layer.tokenWidth - 1;
  if (block.feedForward.outputWidth <= label) {
    throw new DomainError(
      `blockRegression: an output of more than ${label} entries is required, got ` +
        `${block.feedForward.outputWidth}`,
    );
  }
  return {
    shapes: block.shapes,
    loss(tape, variables, [sequences, targets]) {
      const tokens = tape.constant(sequences);
      const { output } = block.forward(tape, variables, tokens, targets.rows);
      return meanSquare(tape, output, label, targets, batch);
    },
  };
}

/**
 * Regression by a network; the last entry of the last token's output is read.
 *
 * @throws DomainError if batch is not a positive integer.
 */
export function networkRegression(net: Network, { batch }: RegressionOptions): Problem {
  requireBatch('networkRegression', batch);
  return {
    shapes: net.shapes,
    loss(tape, variables, [sequences, targets]) {
      const tokens = tape.constant(sequences);
      const output = net.forward(tape, variables, tokens, targets.rows, 'query');
      return meanSquare(tape, output, net.width - 1, targets, batch);
    },
  };
}

function meanSquare(
  tape: Tape,
  output: Variable,
  label: number,
  targets: Matrix,
  batch: number,
): Variable {
  const prediction = tape.apply(column(label), output);
  const total = tape.apply(squaredError, prediction, tape.constant(targets));
  return tape.apply(scale(1 / batch), total);
}

function requireBatch(caller: string, batch: number): void {
  if (!(Number.isInteger(batch) && batch > 0)) {
    throw new DomainError(`${caller}: batch must be a positive integer, got ${batch}`);
  }
}
