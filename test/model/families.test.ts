/**
 * What a description of a family is worth: nothing but the description, and everything holds.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { column, eager, squaredError, Tape } from '../../src/autograd/index.ts';
import { blockBounds, networkPatch, residual, runNetwork } from '../../src/icl/index.ts';
import { matrix, norm, Random, subtract } from '../../src/linalg/index.ts';
import { initialise, mapParameters, network } from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';

const ROOT = join(import.meta.dirname, '..', '..');

describe.each(Object.entries(FAMILIES))('%s', (_, block) => {
  const random = new Random(111);
  const net = network([block, block]);
  const parameters = mapParameters(initialise(net.shapes, random), (value) =>
    matrix(
      value.rows,
      value.cols,
      value.data.map((entry) => entry + 0.1 * random.normal()),
    ),
  );
  const X = matrix(7, 8);
  random.fillNormal(X.data);
  const keep = [1, 4, 6];

  test('a stack without the removed tokens is contextual again, within the bound of each block', () => {
    const found = networkPatch(net, parameters, X, keep);
    found.patches.forEach((layer, l) => {
      layer.forEach((patch, i) => {
        const runs = { base: found.actual[l][i], contextual: found.contextual[l][keep[i]] };
        const own = net.own(parameters, l);
        const bounds = blockBounds(block, own, runs, 'default', 'factored', patch ?? undefined);
        const { overBound } = residual(
          found.patched[l][i].output,
          runs.contextual.output,
          bounds.output,
        );
        expect(overBound).toBeLessThanOrEqual(1);
      });
    });
    const off = norm(subtract(found.base[1][2].output, found.contextual[1][6].output));
    expect(off).toBeGreaterThan(1e-2); // without patches
  });

  test('the network of many tokens at once has the values of one token after another', () => {
    const runs = runNetwork(net, parameters, X, [0, 1, 2, 3, 4, 5, 6]);
    const all = net.forward(eager, parameters, X, 1, 'each');
    runs[1].forEach(({ output }, t) => {
      expect(Array.from(output)).toEqual(Array.from(all.data.subarray(8 * t, 8 * t + 8)));
    });
  });

  test('every parameter has a gradient', () => {
    const tape = new Tape();
    const variables = mapParameters(parameters, (value) => tape.parameter(value));
    const y = net.forward(tape, variables, tape.constant(X), 1, 'each');
    const target = tape.constant(matrix(7, 1));
    const loss = tape.apply(squaredError, tape.apply(column(3), y), target);
    const names = Object.keys(variables);
    tape.gradients(loss, Object.values(variables)).forEach(({ data }, i) => {
      expect(data.every(Number.isFinite), names[i]).toBe(true);
      expect(
        data.some((entry) => entry !== 0),
        names[i],
      ).toBe(true);
    });
  });
});

test('the worked example of CONTRIBUTING.md is the file', () => {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const file = readFileSync(join(ROOT, 'src', 'model', 'families', 'falcon.ts'), 'utf8');
  expect(text).toContain(`\`\`\`ts\n${file}\`\`\``);
});
