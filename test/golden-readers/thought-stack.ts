/**
 * thought_stack: an instruction moved into the weights of a language model of two blocks.
 *
 * @module
 */
import { eager } from '../../src/autograd/index.ts';
import {
  type CalibrationSequence,
  meanSquaredDistance,
  retainedOutputs,
  thoughtNetwork,
} from '../../src/icl/index.ts';
import { type Matrix, rowOf } from '../../src/linalg/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf } from '../support/golden.ts';
import { describedModel } from '../support/golden-models.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const { model, parameters } = describedModel(inputs.model);
  const { network } = model.options;
  const { instruction, rho: ridge } = inputs;
  const sequenceOf = (ids: number[]): CalibrationSequence => {
    const all = [...instruction, ...ids];
    const positions = all.map((_: number, t: number) => t);
    const keep = positions.slice(instruction.length);
    return { sequence: model.embed(eager, parameters, all, positions), keep };
  };
  const [train, test] = [inputs.train.map(sequenceOf), inputs.test.map(sequenceOf)];
  const found = thoughtNetwork(network, parameters, train, { ridge });
  found.changes.forEach(({ transform, weights, vectors }, l) => {
    const { D, dWd, thought_vector_z } = outputs.layers[l];
    agreement.close(`block ${l}: D`, rowsOf(transform), D);
    agreement.close(`block ${l}: dWd`, rowsOf(weights['Wd']), dWd);
    agreement.close(`block ${l}: thought vector`, vectors.input, thought_vector_z);
  });
  const logitsOf = (
    which: typeof parameters,
    each: CalibrationSequence,
    context: 'with' | 'without',
  ) => model.logits(eager, parameters, retainedOutputs(network, which, each, context));
  const vectorsOf = (logits: readonly Matrix[]): Float64Array[] =>
    logits.flatMap((each) => Array.from({ length: each.rows }, (_, i) => rowOf(each, i)));
  for (const [name, sequences] of Object.entries({ train, test })) {
    const logits = (which: typeof parameters, context: 'with' | 'without'): Float64Array[] =>
      vectorsOf(sequences.map((each: CalibrationSequence) => logitsOf(which, each, context)));
    const target = logits(parameters, 'with');
    const errors = [parameters, found.parameters].map((which) =>
      meanSquaredDistance(logits(which, 'without'), target),
    );
    agreement.close(`${name} errors`, errors, outputs[`${name}_mse_unpatched_patched`]);
  }
  const patched = test.map((each: CalibrationSequence) =>
    rowsOf(logitsOf(found.parameters, each, 'without')),
  );
  agreement.close('test logits', patched, outputs.test_logits_patched);
}
