/**
 * The bound at the logits holds for every kind of last norm, and is the formula it states.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { eager } from '../../src/autograd/index.ts';
import { blockBounds, logitsBound, networkPatch, residual } from '../../src/icl/index.ts';
import { layerNormBound, rmsNormBound } from '../../src/icl/norm-bound.ts';
import { Random, rowMatrix } from '../../src/linalg/index.ts';
import {
  initialise,
  type LanguageModelOptions,
  languageModel,
  mapParameters,
  network,
} from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';

const KINDS: readonly (readonly [string, Partial<LanguageModelOptions>])[] = [
  ['GPT-2', { finalNorm: 'layer' }],
  ['Llama', { finalNorm: 'rms' }],
  ['Gemma', { finalNorm: 'rms+1', tied: true }],
  ['GPT-J', { finalNorm: 'layer', logitBias: true }],
  ['Gemma', { finalNorm: 'rms+1', tied: true, logitCap: 0.5 }],
];

test.each(KINDS)(
  'patched logits of %s are within the bound, and no bound is idle',
  (name, kind) => {
    const random = new Random(4, 63);
    const net = network([FAMILIES[name], FAMILIES[name]]);
    const model = languageModel({
      ...{ network: net, vocabulary: 7, finalNorm: 'rms', epsilon: 1e-5 },
      ...kind,
    });
    let nearest = 0;
    for (let trial = 0; trial < 60; trial++) {
      // Gains and shifts away from 1 and 0, where a wrong one would not show.
      const parameters = mapParameters(initialise(model.shapes, random), (value, label) =>
        label.startsWith('final') ? rowMatrix(value.data.map(() => 0.5 + random.uniform())) : value,
      );
      const ids = [0, 3, 6, 1, 5];
      const stream = model.embed(eager, parameters, ids, [0, 1, 2, 3, 4]);
      const own = Object.fromEntries(Object.keys(net.shapes).map((key) => [key, parameters[key]]));
      const found = networkPatch(net, own, stream, [4]);
      const runs = { base: found.actual[1][0], contextual: found.contextual[1][4] };
      const patch = found.patches[1][0];
      if (!patch) throw new Error('no patch');
      const bound = logitsBound(model, parameters, runs, patch);
      const read = (output: Float64Array) =>
        model.logits(eager, parameters, rowMatrix(output)).data;
      const { overBound } = residual(
        read(found.patched[1][0].output),
        read(runs.contextual.output),
        bound,
      );
      expect(overBound).toBeLessThanOrEqual(1);
      nearest = Math.max(nearest, overBound);

      // The formula, restated. d = 8; all that is left out is of second order.
      const { output } = blockBounds(
        net.blocks[1],
        net.own(own, 1),
        runs,
        'default',
        'factored',
        patch,
      );
      const g = parameters[kind.finalNorm === 'rms+1' ? 'final.w' : 'final.g'].data;
      const gain = kind.finalNorm === 'rms+1' ? g.map((w) => 1 + w) : g;
      const shift = parameters['final.b']?.data ?? new Float64Array(8);
      const error =
        kind.finalNorm === 'layer'
          ? layerNormBound(runs.contextual.output, output, gain, shift, 1e-5)
          : rmsNormBound(runs.contextual.output, output, gain, 1e-5);
      const U = parameters[kind.tied ? 'E' : 'U'].data;
      bound.forEach((entry, i) => {
        let [right, most] = [0, Math.abs(parameters['u']?.data[i] ?? 0)];
        for (let j = 0; j < 8; j++) {
          const size = Math.sqrt(8) * gain[j] + shift[j];
          right += Math.abs(U[i * 8 + j]) * (error[j] + 16 * 2 ** -53 * size);
          most += Math.abs(U[i * 8 + j]) * size;
        }
        if (kind.logitBias) right += 2 * 2 ** -53 * most;
        if (kind.logitCap) right += 2 * 2 ** -53 * (most + (2 + 1) * kind.logitCap);
        expect(Math.abs(entry / right - 1)).toBeLessThan(1e-12);
      });
    }
    expect(nearest).toBeGreaterThan(5e-4);
  },
);

test('a wrong patch of the last block exceeds the bound', () => {
  const random = new Random(5, 63);
  const net = network([FAMILIES.Llama]);
  const model = languageModel({ network: net, vocabulary: 7, finalNorm: 'rms', epsilon: 1e-5 });
  const parameters = initialise(model.shapes, random);
  const own = Object.fromEntries(Object.keys(net.shapes).map((key) => [key, parameters[key]]));
  const stream = model.embed(eager, parameters, [0, 3, 6, 1], [0, 1, 2, 3]);
  const found = networkPatch(net, own, stream, [3]);
  const patch = found.patches[0][0];
  if (!patch) throw new Error('no patch');
  const runs = { base: found.actual[0][0], contextual: found.contextual[0][3] };
  const read = (output: Float64Array) => model.logits(eager, parameters, rowMatrix(output)).data;
  const { overBound } = residual(
    read(runs.base.output),
    read(runs.contextual.output),
    logitsBound(model, parameters, runs, patch),
  );
  expect(overBound).toBeGreaterThan(1e6);
});
