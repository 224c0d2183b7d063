/**
 * finetune: the fine-tuning trajectory beside the implicit updates.
 *
 * @module
 */
import { fineTuningTrajectory } from '../../src/icl/index.ts';
import { rankOneToMatrix } from '../../src/linalg/index.ts';
import {
  type Agreement,
  byMagnitude,
  GOLDEN_DIR,
  type Golden,
  loadGolden,
  rowsOf,
  toMatrix,
  toVector,
} from '../support/golden.ts';
import { attn1Block } from './attn1.ts';

export const tolerance = (): typeof byMagnitude => byMagnitude;

export function read({ model_file, lr, rows }: Golden, agreement: Agreement): void {
  const { inputs } = loadGolden(GOLDEN_DIR, model_file.replace(/\.json$/, ''));
  const { block, parameters } = attn1Block(inputs.params);
  const query = toVector(inputs.prompt.query);
  const context = toMatrix(inputs.prompt.context, query.length);
  const prompt = { context, query, target: inputs.prompt.target };
  const ours = fineTuningTrajectory(block, parameters, prompt, lr);
  agreement.same('rows', ours.length, rows.length);
  ours.forEach((row, i) => {
    const golden = rows[i];
    agreement.same(`row ${i}: i`, i, golden.i);
    agreement.close(`row ${i}: train loss`, row.trainLoss, golden.train_loss_before_step);
    agreement.close(`row ${i}: grad`, row.gradient && rowsOf(row.gradient), golden.grad);
    agreement.close(`row ${i}: W_finetuned`, rowsOf(row.fineTuned), golden.W_finetuned);
    agreement.close(`row ${i}: test loss`, row.fineTunedLoss, golden.finetune_test_loss);
    agreement.close(`row ${i}: dW`, rowsOf(rankOneToMatrix(row.update)), golden.dW);
    agreement.close(`row ${i}: dW test loss`, row.updatedLoss, golden.dW_test_loss);
    agreement.close(`row ${i}: context loss`, row.contextLoss, golden.context_test_loss);
    agreement.close(`row ${i}: alignment`, row.alignment, golden.alignment);
  });
}
