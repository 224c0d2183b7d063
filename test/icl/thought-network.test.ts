import { describe, expect, test } from 'vitest';
import {
  type CalibrationSequence,
  meanSquaredDistance,
  retainedOutputs,
  runNetwork,
  staticNetworkPatch,
  thoughtNetwork,
  thoughtPatch,
  thoughtTransform,
  thoughtVector,
} from '../../src/icl/index.ts';
import {
  DegenerateBase,
  DomainError,
  type Matrix,
  matrix,
  matrixFromRows,
  maxAbs,
  multiply,
  multiplyNT,
  Random,
  rowOf,
  subtract,
  subtractMatrices,
} from '../../src/linalg/index.ts';
import {
  type Block,
  type BlockRun,
  blockOf,
  contextualBlock,
  gpt2Block,
  initialise,
  llamaBlock,
  mixtralBlock,
  mlp,
  type Network,
  network,
  preNorm,
  softmaxAttention,
  WIRINGS,
  type WiringName,
} from '../../src/model/index.ts';
import { FAMILIES } from '../support/families.ts';

const random = new Random(7500);

function normal(rows: number, cols: number): Matrix {
  const result = matrix(rows, cols);
  random.fillNormal(result.data);
  return result;
}

const sizes = { width: 8, heads: 2, hidden: 20 };
const net = network([
  gpt2Block(sizes),
  mixtralBlock({ ...sizes, experts: 3, selected: 2 }),
  llamaBlock(sizes),
]);
const parameters = initialise(net.shapes, random);

/** The same context in front of each of several sequences. */
function instructed(count: number, length: number, width = 8): CalibrationSequence[] {
  const context = normal(3, width);
  return Array.from({ length: count }, () => {
    const own = normal(length, width);
    const sequence = matrix(3 + length, width, Float64Array.of(...context.data, ...own.data));
    return { sequence, keep: Array.from({ length }, (_, i) => 3 + i) };
  });
}

/** The mean squared distance, at the retained tokens, from what the original does with the context. */
function errorOf(
  which: typeof parameters,
  sequences: readonly CalibrationSequence[],
  on = net,
): number {
  const rows = (x: Matrix): Float64Array[] => Array.from({ length: x.rows }, (_, i) => rowOf(x, i));
  return meanSquaredDistance(
    sequences.flatMap((each) => rows(retainedOutputs(on, which, each, 'without'))),
    sequences.flatMap((each) =>
      rows(retainedOutputs(on, PARAMETERS.get(on) ?? parameters, each, 'with')),
    ),
  );
}
const PARAMETERS = new Map<Network, typeof parameters>();

/** A network of one block, with parameters. */
function single(block: Block): Network {
  const one = network([block]);
  PARAMETERS.set(one, initialise(one.shapes, random));
  return one;
}
const ownOf = (one: Network): typeof parameters => PARAMETERS.get(one) ?? parameters;

test('of independent tokens of one sequence it is the exact static change', () => {
  const two = network([gpt2Block(sizes), llamaBlock(sizes)]);
  const own = initialise(two.shapes, random);
  const sequence = normal(9, 8);
  const keep = [2, 5, 7, 8];
  const exact = staticNetworkPatch(two, own, sequence, keep);
  const found = thoughtNetwork(two, own, [{ sequence, keep }]);
  found.changes.forEach(({ weights, ranks, norms }, l) => {
    expect(ranks).toEqual({ inputs: 4, outputs: 4 });
    for (const [name, change] of Object.entries(exact.changes[l].weights)) {
      const off = maxAbs(subtractMatrices(weights[name], change).data);
      // u·κ twice; measured 1.6e-15.
      expect(off).toBeLessThanOrEqual(1e-13 * maxAbs(change.data));
      expect(norms[name]).toBeGreaterThan(0);
    }
  });
});

test('several sequences, each with its own removed tokens and positions, are exact together', () => {
  const sequences: CalibrationSequence[] = [
    { sequence: normal(6, 8), keep: [3, 5] },
    { sequence: normal(4, 8), keep: [1, 3], positions: [0, 4, 7, 20] },
    { sequence: normal(5, 8), keep: [0, 4] },
  ];
  const found = thoughtNetwork(net, parameters, sequences);
  sequences.forEach((each, s) => {
    const target = retainedOutputs(net, parameters, each, 'with');
    const got = retainedOutputs(net, found.parameters, each, 'without');
    // u·κ; measured 2.3e-16.
    expect(maxAbs(subtractMatrices(got, target).data)).toBeLessThanOrEqual(1e-13);
    const without = retainedOutputs(net, parameters, each, 'without');
    if (s < 2) expect(maxAbs(subtractMatrices(without, target).data)).toBeGreaterThan(1e-2);
    // The runs it reports are those of its parameters, in every bit.
    const { sequence, keep, positions } = each;
    const kept = matrixFromRows(keep.map((t) => rowOf(sequence, t)));
    const again = runNetwork(
      net,
      found.parameters,
      kept,
      positions ? keep.map((t) => positions[t]) : keep,
    );
    expect(found.patched[s]).toEqual(again);
  });
});

test('more tokens than the rank are met on average, and so are sequences it has not seen', () => {
  const small = { width: 8, heads: 2, hidden: 12 };
  const two = network([gpt2Block(small), llamaBlock(small)]);
  const own = initialise(two.shapes, random);
  PARAMETERS.set(two, own);
  const all = instructed(50, 2);
  const [train, held] = [all.slice(0, 40), all.slice(40)];
  const found = thoughtNetwork(two, own, train, { relativeRidge: 0.05 });
  const part = (which: CalibrationSequence[]): number =>
    errorOf(found.parameters, which, two) / errorOf(own, which, two);
  // Measured: 0.61 and 0.56.
  expect(part(train)).toBeLessThan(0.8);
  expect(part(held)).toBeLessThan(0.8);
});

describe('families', () => {
  const sandwiched = ['Gemma', 'OLMo 2'];
  test.each(Object.keys(FAMILIES).filter((name) => !sandwiched.includes(name)))(
    '%s: the change makes the block more like the contextual one, and D is shared by all that reads z',
    (name) => {
      const block = FAMILIES[name];
      const one = single(block);
      const own = ownOf(one);
      const train = instructed(12, 3);
      const found = thoughtNetwork(one, own, train, { ridge: 1e-3 });
      expect(errorOf(found.parameters, train, one)).toBeLessThan(0.7 * errorOf(own, train, one));
      const few = [{ sequence: normal(7, 8), keep: [2, 4, 6] }];
      const exact = thoughtNetwork(one, own, few);
      expect(errorOf(own, few, one)).toBeGreaterThan(1e-4);
      // A square, of independent tokens at ρ = 0; measured 2.8e-31.
      expect(errorOf(exact.parameters, few, one)).toBeLessThanOrEqual(1e-26);
      const [{ transform, weights }] = found.changes;
      for (const { weight } of block.feedForward.inputs) {
        expect(weights[weight]).toEqual(multiply(own[`blocks.0.mlp.${weight}`], transform));
      }
      const sites = [...block.feedForward.inputs, ...block.feedForward.outputs];
      expect(Object.keys(weights).sort()).toEqual(sites.map(({ weight }) => weight).sort());
    },
  );

  test.each(sandwiched)(
    '%s: a norm between network and sum is refused, by the name of the block',
    (name) => {
      const one = network([gpt2Block(sizes), FAMILIES[name]]);
      const run = () => thoughtNetwork(one, initialise(one.shapes, random), instructed(2, 2));
      expect(run).toThrow(DomainError);
      expect(run).toThrow(`got the block ${FAMILIES[name].name}`);
      expect(run).toThrow('thoughtNetwork: block 1: a network without a norm between');
    },
  );
});

test('in parallel blocks nothing is added to the maps that read z: it is the same without the context', () => {
  const one = single(FAMILIES['GPT-J']);
  const { changes } = thoughtNetwork(one, ownOf(one), instructed(5, 2));
  expect(maxAbs(changes[0].transform.data)).toBe(0);
  expect(changes[0].norms['W1']).toBe(0);
  expect(changes[0].norms['W2']).toBeGreaterThan(0);
});

test('version bias adds the thought vector of r to the output bias, and leaves the last maps alone', () => {
  const one = single(gpt2Block(sizes));
  const own = ownOf(one);
  const train = instructed(8, 2);
  const found = thoughtNetwork(one, own, train, { version: 'bias', ridge: 1e-3, eta: 0.5 });
  const [{ weights, biases, vectors, ranks }] = found.changes;
  expect([Object.keys(weights), Object.keys(biases), ranks.outputs]).toEqual([
    ['W1'],
    ['b2'],
    null,
  ]);
  const residuals = train.flatMap(({ keep, sequence }, s) => {
    const kept = matrixFromRows(keep.map((t) => rowOf(sequence, t)));
    const [base] = runNetwork(one, own, kept, keep);
    return keep.map((t, i) =>
      subtract(
        found.contextual[s][0][t].residual ?? new Float64Array(8),
        base[i].residual ?? new Float64Array(8),
      ),
    );
  });
  const mean = thoughtVector(matrixFromRows(residuals));
  expect(vectors.residual).toEqual(mean);
  expect(biases['b2']).toEqual(mean.map((entry) => 0.5 * entry));
  const before = own['blocks.0.mlp.b2'].data;
  expect(found.parameters['blocks.0.mlp.b2'].data).toEqual(before.map((x, j) => x + 0.5 * mean[j]));
  expect(found.parameters['blocks.0.mlp.W2']).toEqual(own['blocks.0.mlp.W2']);
  expect(() => thoughtNetwork(net, parameters, train, { version: 'bias' })).toThrow(
    /block 1: version bias needs the output bias .* got the block moe without it/,
  );
});

test('passes with η = 1/2 go on from each other: in the first block D·(1 − 2⁻ⁿ)', () => {
  const one = single(llamaBlock(sizes));
  const own = ownOf(one);
  const train = instructed(6, 2);
  const whole = thoughtNetwork(one, own, train).changes[0].transform;
  let from = thoughtNetwork(one, own, train, { eta: 0.5 });
  const errors = [errorOf(from.parameters, train, one)];
  for (let pass = 2; pass <= 6; pass++) {
    from = thoughtNetwork(one, own, train, { eta: 0.5, from });
    const expected = whole.data.map((entry) => entry * (1 - 2 ** -pass));
    expect(maxAbs(subtract(from.changes[0].transform.data, expected))).toBeLessThanOrEqual(
      1e-13 * maxAbs(whole.data), // measured 3.9e-16
    );
    errors.push(errorOf(from.parameters, train, one));
  }
  expect(errors[5]).toBeLessThan(errors[0] / 2);
  const [{ weights, transform }] = from.changes;
  expect(weights['Wu']).toEqual(multiply(own['blocks.0.mlp.Wu'], transform));
  // The vectors say what was left at the beginning of a pass of the original difference.
  expect(from.changes[0].vectors).toEqual(thoughtNetwork(one, own, train).changes[0].vectors);
});

test('passes of version bias halve what is left of the mean shift', () => {
  const one = single(gpt2Block(sizes));
  const train = instructed(3, 2);
  const options = { version: 'bias', eta: 0.5, ridge: 1e-3 } as const;
  const first = thoughtNetwork(one, ownOf(one), train, options);
  const { changes } = thoughtNetwork(one, ownOf(one), train, { ...options, from: first });
  const mean = changes[0].vectors.residual ?? new Float64Array(8);
  const off = subtract(
    changes[0].biases['b2'],
    mean.map((entry) => 0.75 * entry),
  );
  expect(maxAbs(off)).toBeLessThanOrEqual(4 * Number.EPSILON * maxAbs(mean)); // five roundings
});

test.each(Object.keys(WIRINGS) as WiringName[])(
  'wiring %s: a block of independent tokens becomes contextual at all of them',
  (wiring) => {
    const layer = softmaxAttention({ tokenWidth: 8, width: 8, heads: 2, headWidth: 4 });
    const one = single(contextualBlock({ wiring, layer, hidden: 20, activation: 'gelu' }));
    const sequences = [{ sequence: normal(8, 8), keep: [1, 4, 6, 7] }];
    const found = thoughtNetwork(one, ownOf(one), sequences);
    expect(errorOf(ownOf(one), sequences, one)).toBeGreaterThan(1e-4);
    // A square; measured 3.5e-31.
    expect(errorOf(found.parameters, sequences, one)).toBeLessThanOrEqual(1e-26);
  },
);

test('behind a norm the target is W·(z′ − z): a fit of r′ − r misses the contextual pre-activation', () => {
  const one = single(gpt2Block(sizes));
  const own = ownOf(one);
  const sequences = [{ sequence: normal(8, 8), keep: [4, 5, 6, 7] }];
  const { changes, contextual, patched } = thoughtNetwork(one, own, sequences);
  const right = sequences[0].keep.map((t) => contextual[0][0][t]);
  const rows = (which: readonly BlockRun[], name: 'input' | 'residual') =>
    matrixFromRows(which.map((run) => run[name] ?? run.input));
  const Z = rows(patched[0][0], 'input');
  const W = own['blocks.0.mlp.W1'];
  const missed = (D: Matrix): number => {
    const wanted = multiplyNT(subtractMatrices(rows(right, 'input'), Z), W);
    return maxAbs(subtractMatrices(multiplyNT(Z, multiply(W, D)), wanted).data);
  };
  const before = subtractMatrices(rows(right, 'residual'), rows(patched[0][0], 'residual'));
  expect(missed(changes[0].transform)).toBeLessThanOrEqual(1e-13); // measured 7e-17
  expect(missed(thoughtTransform(Z, before).map)).toBeGreaterThan(1e-2);
});

test('a factor before the sum is divided out, one that is 0 is refused', () => {
  const made = (update: Parameters<typeof preNorm>[1]): Block =>
    blockOf({
      name: 'scaled',
      wiring: preNorm('rms', update),
      layer: softmaxAttention({ tokenWidth: 8, width: 8, heads: 2, headWidth: 4 }),
      feedForward: mlp({ width: 8, hidden: 20, outputWidth: 8, activation: 'gelu' }),
    });
  const sequences = instructed(1, 4);
  for (const update of [
    { kind: 'factor', factor: 0.25 },
    { kind: 'factors', name: 'layerScale' },
  ] as const) {
    const one = single(made(update));
    const own = { ...ownOf(one) };
    if (update.kind === 'factors') own['blocks.0.layerScale'] = normal(1, 8);
    PARAMETERS.set(one, own);
    const { parameters: changed } = thoughtNetwork(one, own, sequences);
    expect(errorOf(changed, sequences, one)).toBeLessThanOrEqual(1e-26); // a square; measured 1.7e-31
    const biased = thoughtNetwork(one, own, sequences, { version: 'bias' });
    expect(errorOf(biased.parameters, sequences, one)).toBeLessThan(errorOf(own, sequences, one));
    const [{ biases, vectors }] = biased.changes;
    const factors = update.kind === 'factor' ? null : own['blocks.0.layerScale'].data;
    const shift = vectors.residual?.map((entry, k) => entry / (factors ? factors[k] : 0.25));
    expect(biases['b2']).toEqual(shift);
    if (update.kind === 'factor') continue;
    own['blocks.0.layerScale'].data[3] = 0;
    expect(() => thoughtNetwork(one, own, sequences)).toThrow(DegenerateBase);
    expect(() => thoughtNetwork(one, own, sequences)).toThrow(
      /got 0 at entry 3 in the block scaled/,
    );
  }
});

test('what does not fit is refused by name', () => {
  const train = instructed(2, 2);
  expect(() => thoughtNetwork(net, parameters, [])).toThrow(/a calibration sequence is required/);
  const [{ sequence }] = train;
  expect(() => thoughtNetwork(net, parameters, [{ sequence, keep: [] }])).toThrow(/got none/);
  expect(() => thoughtNetwork(net, parameters, [{ sequence, keep: [5] }])).toThrow(/below 5/);
  expect(() => retainedOutputs(net, parameters, { sequence, keep: [2, 1] }, 'with')).toThrow(
    /ascending/,
  );
  for (const eta of [0, -1, 1.5, NaN]) {
    expect(() => thoughtNetwork(net, parameters, train, { eta })).toThrow(/eta must be above 0/);
  }
  expect(() => thoughtNetwork(net, parameters, train, { version: 'both' as never })).toThrow(
    /version must be weights or bias, got both/,
  );
  expect(() => thoughtNetwork(net, parameters, train, { ridge: -1 })).toThrow(/at least 0, got -1/);
  expect(() => thoughtNetwork(net, parameters, train, { from: { changes: [] } })).toThrow(
    /earlier changes of 3 blocks are required, got 0/,
  );
  const own = net.own(parameters, 0);
  expect(() => thoughtPatch(net.blocks[0], own, [], [])).toThrow(RangeError);
});

test('arguments stay as they are, and results do not share memory with them', () => {
  const train = instructed(3, 2);
  const snapshot = () =>
    JSON.stringify([parameters, train], (_, x) =>
      ArrayBuffer.isView(x) ? Array.from(x as Float64Array) : x,
    );
  const before = snapshot();
  const found = thoughtNetwork(net, parameters, train);
  for (const { weights } of found.changes)
    for (const { data } of Object.values(weights)) data.fill(7);
  thoughtNetwork(net, parameters, train, { eta: 0.5, from: found });
  expect(snapshot()).toBe(before);
});
