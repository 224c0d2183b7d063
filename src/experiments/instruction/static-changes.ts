/**
 * Changes that figure `instruction` compares thought matrices with: the mean of the rank-one patches, and the
 * thought vector alone.
 *
 * Block after block, from the state that the changed blocks before it leave, over all tokens that stay:
 *
 *   averaged   W1 ← W1 + mean(W1·δ_i·z_iᵀ/‖z_i‖²),  b2 ← b2 + mean(r'_i − r_i)
 *   vector     b1 ← b1 + W1·mean(δ_i),              b2 ← b2 + mean(r'_i − r_i)
 *
 * @module
 */
import { eager, takeRows } from '../../autograd/index.ts';
import { meanRankOnePatch, thoughtVector } from '../../icl/index.ts';
import {
  type Matrix,
  matrix,
  matrixVector,
  rowMatrix,
  subtractMatrices,
} from '../../linalg/index.ts';
import { type LanguageModel, type Parameters, prefixed } from '../../model/index.ts';
import { READ, RETAINED } from './tasks.ts';

export type Comparison = 'averaged' | 'vector';

/** The parameters with the change in every block; sequences are of `READ` tokens with the instruction first. */
export function withComparison(
  model: LanguageModel,
  parameters: Parameters,
  sequences: readonly (readonly number[])[],
  kind: Comparison,
): Parameters {
  const { network } = model.options;
  const positions = Array.from({ length: READ }, (_, t) => t);
  const rows = sequences.flatMap((_, s) => RETAINED.map((t) => s * READ + t));
  const retained = (x: Matrix): Matrix => eager.apply(takeRows(rows), x);
  let there = model.embed(
    eager,
    parameters,
    sequences.flat(),
    sequences.flatMap(() => positions),
  );
  let here = retained(there);
  let changed = parameters;
  network.blocks.forEach((block, l) => {
    const own = network.own(parameters, l);
    const contextual = block.mix(eager, own, there, sequences.length, 'each', positions);
    const base = block.mix(eager, own, here, sequences.length, 'each', RETAINED);
    const differences = subtractMatrices(retained(contextual.input), base.input);
    const W1 = own['mlp.W1'];
    const change =
      kind === 'averaged'
        ? { 'mlp.W1': sum(W1, meanRankOnePatch(W1, base.input, differences)) }
        : {
            'mlp.b1': sum(own['mlp.b1'], rowMatrix(matrixVector(W1, thoughtVector(differences)))),
          };
    const shift =
      contextual.residual && base.residual
        ? thoughtVector(subtractMatrices(retained(contextual.residual), base.residual))
        : new Float64Array(W1.cols);
    const after = { ...own, ...change, 'mlp.b2': sum(own['mlp.b2'], rowMatrix(shift)) };
    changed = { ...changed, ...prefixed(`blocks.${l}`, after) };
    there = block.finish(eager, own, contextual).output;
    here = block.finish(eager, after, base).output;
  });
  return changed;
}

const sum = (x: Matrix, y: Matrix): Matrix =>
  matrix(
    x.rows,
    x.cols,
    x.data.map((entry, i) => entry + y.data[i]),
  );
