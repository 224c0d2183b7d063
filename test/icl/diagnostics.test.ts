import { expect, test } from 'vitest';
import {
  alignment,
  alignmentMatrix,
  alignmentOfRankOnes,
  networkDiagnostics,
  networkPatch,
  normRatio,
  predictionMarginals,
  robustness,
  shiftAlignments,
  steeringShare,
  VARIANTS,
} from '../../src/icl/index.ts';
import {
  DomainError,
  gamma,
  matrixFromRows,
  NonFiniteError,
  norm,
  Random,
  rankOneToMatrix,
  ShapeError,
  subtract,
} from '../../src/linalg/index.ts';
import {
  gemmaBlock,
  gpt2Block,
  initialise,
  llamaBlock,
  mixtralBlock,
  network,
} from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';
import { vector } from '../support/small-cases.ts';

test('angles by hand: 0, a right angle, opposite, and none beside a zero', () => {
  const updates = [
    { p: vector(3, 4), v: vector(1, 0) },
    { p: vector(-6, -8), v: vector(2, 0) },
    { p: vector(1, 0), v: vector(5, 5) },
    { p: vector(0, 0), v: vector(1, 1) },
  ];
  const found = alignmentMatrix(updates);
  expect(found[0].slice(0, 2)).toEqual([1, -1]);
  // cos = 0.6/√2; at most γ_{3·4+16}.
  expect(Math.abs((found[0][2] ?? NaN) - 0.6 / Math.SQRT2)).toBeLessThan(gamma(28));
  expect(found[3]).toEqual([null, null, null, null]);
  expect(found.map((row) => row[3])).toEqual([null, null, null, null]);
  expect(() => alignmentMatrix([updates[0], { p: vector(1), v: vector(1, 0) }])).toThrow(
    ShapeError,
  );
});

test('angles are symmetric in every bit, those of the dense matrices, and survive any scale', () => {
  const random = new Random(81);
  for (let trial = 0; trial < 60; trial++) {
    const [m, d] = [1 + random.integer(7), 1 + random.integer(7)];
    const updates = Array.from({ length: 5 }, () => ({
      p: normalMatrix(1, m, random).data,
      v: normalMatrix(1, d, random).data,
    }));
    const found = alignmentMatrix(updates);
    const far = alignmentMatrix(
      updates.map(({ p, v }, i) => ({
        p: p.map((entry) => entry * 2 ** (200 * i)),
        v: v.map((entry) => entry * 2 ** (-220 * i)),
      })),
    );
    expect(far).toEqual(found);
    updates.forEach((x, i) => {
      updates.forEach((y, j) => {
        expect(found[i][j]).toBe(found[j][i]);
        // Entries of the dense one are rounded, its sum and norm by md + 2 each: γ_{4md+16} covers both.
        const dense = alignment(x, rankOneToMatrix(y)) ?? NaN;
        const allowed = gamma(3 * (m + d) + 16) + gamma(4 * m * d + 16);
        expect(Math.abs((found[i][j] ?? NaN) - dense)).toBeLessThanOrEqual(allowed);
      });
    });
  }
});

test('with one right factor the angle of updates is that of their shifts', () => {
  const random = new Random(82);
  for (let trial = 0; trial < 60; trial++) {
    const [m, d] = [1 + random.integer(9), 1 + random.integer(9)];
    const v = normalMatrix(1, d, random).data;
    const shifts = Array.from({ length: 4 }, () => normalMatrix(1, m, random).data);
    const [whole, short] = [
      alignmentMatrix(shifts.map((p) => ({ p, v }))),
      shiftAlignments(shifts),
    ];
    whole.forEach((row, i) => {
      row.forEach((cos, j) => {
        const allowed = gamma(3 * (m + d) + 16) + gamma(3 * m + 8);
        expect(Math.abs((cos ?? NaN) - (short[i][j] ?? NaN))).toBeLessThanOrEqual(allowed);
      });
    });
  }
  expect(shiftAlignments([vector(0), vector(2)])).toEqual([
    [null, null],
    [null, 1],
  ]);
});

test('ratios by hand, at any scale, and none where they would divide by 0', () => {
  const W = matrixFromRows([[2, 1, 2]]);
  for (const scale of [1, 2 ** 600, 2 ** -600]) {
    const update = { p: vector(6 * scale), v: vector(0, 1, 0) };
    const own = { ...W, data: W.data.map((entry) => entry * scale) };
    expect(normRatio(update, own)).toBe(2);
    expect(robustness(vector(0, 2 * scale), vector(3 * scale, 6 * scale))).toBe(2.5);
    expect(steeringShare(vector(scale), vector(-scale), vector(3 * scale))).toBe(0.25);
  }
  expect(normRatio({ p: vector(1), v: vector(1, 1, 1) }, matrixFromRows([[0, 0, 0]]))).toBeNull();
  expect(robustness(vector(0), vector(1))).toBeNull();
  expect(steeringShare(vector(1), vector(2), vector(2))).toBeNull();
  expect(predictionMarginals([1, 4, 4, 2])).toEqual(vector(3, 0, 2));
  expect(predictionMarginals([1])).toEqual(vector());
  expect(predictionMarginals([])).toEqual(vector());
});

test('NaN and infinities are refused, not called zero', () => {
  for (const wrong of [NaN, Infinity, -Infinity]) {
    const update = { p: vector(wrong), v: vector(1) };
    const W = matrixFromRows([[1]]);
    for (const call of [
      () => alignmentMatrix([update]),
      () => alignment(update, W),
      () => shiftAlignments([vector(wrong), vector(1)]),
      () => normRatio(update, W),
      () => normRatio({ p: vector(1), v: vector(1) }, matrixFromRows([[wrong]])),
      () => robustness(vector(1), vector(wrong)),
      () => robustness(vector(wrong), vector(1)),
      () => steeringShare(vector(wrong), vector(0), vector(1)),
      () => predictionMarginals([1, wrong]),
    ]) {
      expect(call).toThrow(NonFiniteError);
    }
  }
});

const random = new Random(83);
const sizes = { width: 6, heads: 2, headWidth: 4, hidden: 10 };
const net = network([
  gpt2Block(sizes),
  llamaBlock(sizes),
  gpt2Block({ ...sizes, hidden: 7 }),
  gemmaBlock(sizes),
  mixtralBlock({ ...sizes, experts: 4, selected: 2 }),
]);
const parameters = initialise(net.shapes, random);
const X = normalMatrix(7, 6, random);
const keep = [3, 4, 6];

test('the table of a network has a row for every patched site, and its numbers are those of the patches', () => {
  for (const variant of VARIANTS) {
    const found = networkPatch(net, parameters, X, keep, { variant });
    const table = networkDiagnostics(net, parameters, keep, found);
    const expected = new Set(
      found.patches.flatMap((layer, l) =>
        layer.flatMap((patch) => Object.keys(patch?.weights ?? {}).map((name) => `${l} ${name}`)),
      ),
    );
    expect(new Set(table.sites.map(({ block, site }) => `${block} ${site}`))).toEqual(expected);
    for (const { block, site, tokens, norms, normRatios, ...row } of table.sites) {
      const W = parameters[`blocks.${block}.mlp.${site}`];
      const input = net.blocks[block].feedForward.inputs.some(({ weight }) => weight === site);
      tokens.forEach((i, k) => {
        const update = found.patches[block][i]?.weights[site] ?? { p: vector(), v: vector() };
        const size = norm(rankOneToMatrix(update).data);
        // Both norms are good to γ_{n+2}, the entries to u: 4 times 70 entries at most.
        expect(Math.abs(norms[k] - size)).toBeLessThanOrEqual(gamma(300) * size);
        expect(normRatios[k]).toBe(norms[k] / norm(W.data));
        const read = [found.actual[block][i], found.contextual[block][keep[i]]].map(
          (run) => run.sites[site].input,
        );
        const expected = input ? norm(subtract(read[1], read[0])) / norm(read[0]) : null;
        expect(row.robustness[k]).toBe(expected);
        expect(row.alignments[k][0]).toBe(
          alignmentOfRankOnes(
            update,
            found.patches[block][tokens[0]]?.weights[site] ?? { p: vector(), v: vector() },
          ),
        );
      });
      expect(row.numericalRank).toBeLessThanOrEqual(tokens.length);
      expect(row.numericalRank).toBeGreaterThan(0);
      expect(row.stableRank).toBeLessThanOrEqual(row.numericalRank + 1e-12);
      expect(row.entropyRank).toBeLessThanOrEqual(tokens.length + 1e-12);
    }
    for (const { block, tokens, steeringShares } of table.blocks) {
      expect(tokens).toEqual([0, 1, 2]);
      const { weight: _, bias } = net.blocks[block].feedForward.outputs[0];
      tokens.forEach((i) => {
        const shift = found.patches[block][i]?.biases[bias];
        const { output: base } = found.actual[block][i];
        const { output } = found.contextual[block][keep[i]];
        const expected = shift ? norm(shift) / norm(subtract(output, base)) : null;
        expect(steeringShares[i]).toBe(expected);
      });
    }
  }
});

test('blocks are compared at sites of one name and one shape only', () => {
  const found = networkPatch(net, parameters, X, keep, { variant: 'w1w2' });
  const { betweenBlocks } = networkDiagnostics(net, parameters, keep, found);
  const of = (token: number): string[] =>
    betweenBlocks
      .filter((row) => row.token === token)
      .map(({ site, blocks }) => `${site} ${blocks.join(',')}`);
  // The hidden widths of blocks 0 and 2 differ; gate, up and down of blocks 1 and 3 do not.
  for (const token of [0, 1, 2]) expect(of(token)).toEqual(['Wg 1,3', 'Wu 1,3', 'Wd 1,3']);
  for (const { alignments } of betweenBlocks) {
    expect(alignments.length).toBe(2);
    expect(Math.abs(alignments[0][1] ?? NaN)).toBeLessThan(1);
  }
});

test('a patch used everywhere is measured once; one of the last token alone, there', () => {
  for (const mode of ['everywhere', 'last'] as const) {
    const found = networkPatch(net, parameters, X, keep, { mode });
    const table = networkDiagnostics(net, parameters, keep, found);
    for (const { tokens, numericalRank } of table.sites) {
      expect([tokens, numericalRank]).toEqual([[2], 1]);
    }
  }
});

test('nothing removed has updates of 0: rank 0, and no angles', () => {
  const all = [0, 1, 2, 3, 4, 5, 6];
  const { sites, blocks } = networkDiagnostics(
    net,
    parameters,
    all,
    networkPatch(net, parameters, X, all),
  );
  for (const row of sites) {
    expect([row.numericalRank, row.stableRank, row.entropyRank]).toEqual([0, null, null]);
    expect(row.alignments.flat().every((cos) => cos === null)).toBe(true);
    expect(row.norms.every((size) => size === 0)).toBe(true);
  }
  expect(blocks.flatMap(({ steeringShares }) => steeringShares).every((s) => s === null)).toBe(
    true,
  );
});

test('tokens or blocks that are not those of the patch are refused', () => {
  const found = networkPatch(net, parameters, X, keep);
  const shorter = network([gpt2Block(sizes)]);
  expect(() => networkDiagnostics(net, parameters, [3, 6], found)).toThrow(ShapeError);
  expect(() => networkDiagnostics(net, parameters, [6, 4, 3], found)).toThrow(DomainError);
  expect(() => networkDiagnostics(net, parameters, [4, 6, 7], found)).toThrow(DomainError);
  expect(() => networkDiagnostics(shorter, parameters, keep, found)).toThrow(ShapeError);
});
