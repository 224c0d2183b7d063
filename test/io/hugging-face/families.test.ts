/**
 * Random checkpoints of every family: read, run, and patched.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { eager } from '../../../src/autograd/index.ts';
import {
  blockBounds,
  certify,
  logitsBound,
  networkPatch,
  residual,
  verifyCertificate,
} from '../../../src/icl/index.ts';
import { describeModel, loadParameters, tensorsOf } from '../../../src/io/index.ts';
import { rowMatrix, rowOf } from '../../../src/linalg/index.ts';
import { decode, generate } from '../../../src/model/index.ts';
import {
  RANDOM_CHECKPOINTS,
  type RandomCheckpoint,
  randomTensors,
  textConfig,
} from '../../support/random-checkpoints.ts';
import { restatedLogits, type StoredTensors } from '../../support/restated-checkpoints.ts';
import { assertSameBits } from '../../support/same-bits.ts';

const IDS = [3, 0, 7, 10, 7, 1, 4, 9];

function sourceOf(tensors: StoredTensors) {
  return {
    tensors: new Map(
      [...tensors].map(([name, { shape, data }]) => {
        return [name, { dtype: 'F64', shape, count: data.length, begin: 0, end: 0 }];
      }),
    ),
    reads: [] as string[],
    read(name: string) {
      this.reads.push(name);
      const found = tensors.get(name);
      if (!found) throw new Error(`no tensor ${name}`);
      return { shape: found.shape, data: found.data.slice() };
    },
  };
}

function load(checkpoint: RandomCheckpoint, tensors: StoredTensors) {
  const source = sourceOf(tensors);
  const description = describeModel(checkpoint.config, source.tensors, 'config.json');
  return { ...description, ...loadParameters(description, source, 'folder'), source };
}

describe.each(RANDOM_CHECKPOINTS)('$name', (checkpoint) => {
  const tensors = randomTensors(checkpoint, 91);
  const loaded = load(checkpoint, tensors);
  const { model, parameters, prefix, source } = loaded;
  const { network } = model.options;

  test('computes the logits of plain loops over its tensors', () => {
    expect(prefix).toEqual(checkpoint.prefix);
    const positions = IDS.map((_, t) => t);
    const stream = model.embed(eager, parameters, IDS, positions);
    const last = network.forward(eager, parameters, stream, 1, 'each', positions);
    const found = model.logits(eager, parameters, last);
    const expected = restatedLogits(textConfig(checkpoint), tensors, prefix, IDS);
    expected.forEach((row, t) => {
      const own = rowOf(found, t);
      expect(own).toHaveLength(row.length);
      // Both round a few hundred operations on numbers of size 1 to 10; 1.1e-14 was the most that was measured.
      row.forEach((entry, i) => {
        expect(Math.abs(entry - own[i]), `token ${t}, logit ${i}, seed 91`).toBeLessThan(1e-12);
      });
    });
  });

  test('reads every tensor once, none that means nothing, and gives them back', () => {
    expect(new Set(source.reads).size).toBe(source.reads.length);
    const back = tensorsOf(loaded, prefix, parameters);
    expect([...back.keys()].sort()).toEqual([...source.reads].sort());
    for (const [name, { shape, data }] of back) {
      expect(shape).toEqual(tensors.get(name)?.shape);
      assertSameBits(data, tensors.get(name)?.data ?? [], name);
    }
  });

  test('decodes what generate does', () => {
    const expected = generate(model, parameters, [3, 7], 4);
    const found = decode(model, parameters, [3, 7], 4);
    found.logits.forEach((logits, k) => {
      assertSameBits(logits, expected.logits[k], `token ${k}`);
    });
  });

  const own = Object.fromEntries(
    Object.keys(network.shapes).map((name) => [name, parameters[name]]),
  );
  const KEEP = [0, 4, 5, 7]; // the removed tokens lie inside

  test.each(['all', 'last', 'everywhere'] as const)(
    'patched in mode %s it is within its bounds',
    (mode) => {
      const stream = model.embed(eager, parameters, IDS, [0, 1, 2, 3, 4, 5, 6, 7]);
      const found = networkPatch(network, own, stream, KEEP, { mode });
      const last = KEEP.length - 1;
      network.blocks.forEach((block, l) => {
        KEEP.forEach((t, i) => {
          const patch = found.patches[l][i];
          if (!patch || (mode !== 'all' && i !== last)) return;
          const runs = { base: found.actual[l][i], contextual: found.contextual[l][t] };
          const bounds = blockBounds(
            block,
            network.own(own, l),
            runs,
            'default',
            'factored',
            patch,
          );
          const { overBound } = residual(
            found.patched[l][i].output,
            runs.contextual.output,
            bounds.output,
          );
          expect(overBound, `block ${l}, token ${t}`).toBeLessThanOrEqual(1);
        });
      });
      const end = network.blocks.length - 1;
      const runs = { base: found.actual[end][last], contextual: found.contextual[end][7] };
      const patch = found.patches[end][last];
      if (!patch) throw new Error('no patch');
      const bound = logitsBound(model, parameters, runs, patch);
      const read = (output: Float64Array) =>
        model.logits(eager, parameters, rowMatrix(output)).data;
      const contextual = read(runs.contextual.output);
      expect(Math.max(...bound)).toBeLessThan(1e-9);
      const over = (output: Float64Array): number =>
        residual(read(output), contextual, bound).overBound;
      expect(over(found.patched[end][last].output)).toBeLessThanOrEqual(1);
      expect(over(found.base[end][last].output)).toBeGreaterThan(1e6);
    },
  );

  test('its certificate, logits and all, is found and holds', () => {
    const stream = model.embed(eager, parameters, IDS, [0, 1, 2, 3, 4, 5, 6, 7]);
    const found = networkPatch(network, own, stream, [4, 7], { mode: 'last' });
    const certificate = certify(network, parameters, stream, [4, 7], found, { model });
    expect(certificate.logits).toBeLessThan(1e-9);
    const { confirmed, largest } = verifyCertificate(network, parameters, certificate, model);
    expect(confirmed).toBeGreaterThan(network.blocks.length);
    expect(largest).toBeLessThanOrEqual(1);
  });
});
