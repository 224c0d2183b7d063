import { expect, test } from 'vitest';
import {
  blockBounds,
  contextPatch,
  layerNormBound,
  proveContextPatch,
  VARIANTS,
  type Variant,
} from '../../src/icl/index.ts';
import { eager, layerNorm } from '../../src/autograd/index.ts';
import { matrix, Random, rowMatrix } from '../../src/linalg/index.ts';
import {
  ACTIVATIONS,
  type ActivationName,
  contextualBlock,
  runBlock,
  type WiringName,
} from '../../src/model/index.ts';
import {
  ACTIVATION_LIST,
  drawCase,
  handCase,
  vector,
  WIRING_LIST,
} from '../support/small-cases.ts';

const u = 2 ** -53;

/**
 * A bound that is `units` times u to first order: never below (up to the rounding of the reference),
 * and above by less than 1e-12 of itself, where γ_k/(k·u), enlarging and second-order terms are below
 * 1e-13 for these sizes.
 */
function expectUnits(bound: ArrayLike<number> | null, units: readonly number[]): void {
  expect(bound?.length).toBe(units.length);
  units.forEach((unit, i) => {
    const ratio = (bound?.[i] ?? NaN) / (unit * u);
    expect(ratio).toBeGreaterThan(1 - 1e-15);
    expect(ratio).toBeLessThan(1 + 1e-12);
  });
}

/** The weights of `handCase` without their signs, d = f = 2. */
const [W1, b1, W2, b2] = [[1, 2, 3, 4], [1, 1], [1, 1, 2, 1], [12, 3]];
const times = (W: number[], x: ArrayLike<number>): number[] => [
  W[0] * Math.abs(x[0]) + W[1] * Math.abs(x[1]),
  W[2] * Math.abs(x[0]) + W[3] * Math.abs(x[1]),
];

/** z, z′, r, r′, h, h′, s, s′ of the hand cases, as in block-patch.test.ts. */
const HAND: Record<WiringName, number[][]> = {
  plain: [[1, 1], [3, 0], [0, 0], [0, 0], [4, 6], [4, 8], [10, 11], [8, 13]],
  'v1-skip': [[1, 1], [3, 0], [2, 2], [4, 1], [4, 6], [4, 8], [12, 13], [12, 14]],
  residual: [[2, 2], [4, 1], [2, 2], [4, 1], [7, 13], [7, 15], [8, 26], [8, 27]],
  'pre-ln': [[1, 1], [-1, 3], [5, -2], [3, 4], [4, 6], [6, 8], [15, 9], [13, 21]],
  'post-ln': [[1, 1], [-3, 3], [1, 1], [-3, 3], [4, 6], [4, 2], [11, 12], [11, 10]],
};

/** E_z and E_sum in units of u, from the formulas of the doc comment with k·u for γ_k. */
function byFormula(wiring: WiringName, variant: Variant): { z: number[] | null; sum: number[] } {
  const [z, zC, r, rC, h, hC, s, sC] = HAND[wiring];
  const apart = (x: number[], y: number[]): number[] => x.map((entry, i) => Math.abs(y[i] - entry));
  const withBias = variant === 'bias' || variant === 'joint';
  const d = withBias ? 3 : 2;
  const [Wz, Wd, WzC] = [z, apart(z, zC), zC].map((x) => times(W1, x));
  const atZ =
    variant === 'w2only'
      ? null
      : b1.map(
          (b, i) =>
            (d + 2) * Wz[i] + (4 * d + 5) * Wd[i] + (d + 1) * WzC[i] + (withBias ? 3 : 2) * b,
        );
  const carried = atZ ? times(W2, atZ) : [0, 0];
  const rounded = times(W2, atZ ? hC : h);
  const D = variant === 'w2only' ? apart(s, sC) : apart(r, rC);
  const inW2 = variant === 'w2only' || variant === 'w1w2';
  const sum = carried.map(
    (error, i) =>
      error +
      2 * 4 * rounded[i] + // 2·γ_{f+2}
      (inW2 ? 10 * D[i] : 0) + // γ_{3f+4}
      4 * (b2[i] + Math.abs(r[i]) + Math.abs(rC[i]) + Math.abs(sC[i]) + D[i]),
  );
  return { z: atZ, sum };
}

function handBounds(wiring: WiringName, variant: Variant) {
  const { block, parameters, context, query } = handCase(wiring);
  const base = runBlock(block, parameters, matrix(0, 2), query);
  const contextual = runBlock(block, parameters, context, query);
  return blockBounds(block, parameters, { base, contextual }, variant);
}

test('the bounds of the plain block by hand, in units of u: 75, 187 at W1 and 438, 529 behind W2', () => {
  // |W1||a| = (3, 7), |W1||δ| = (4, 10), |W1||a′| = (3, 9), |b1| = (1, 1)
  // E_z = 4·3 + 13·4 + 3·3 + 2·1 = 75, 4·7 + 13·10 + 3·9 + 2·1 = 187
  const { preActivation, output } = handBounds('plain', 'default');
  expectUnits(preActivation, [75, 187]);
  // |W2|E_z = (262, 337), 2γ_4·|W2||h′| = 8·(12, 16), 4u(|b2| + |s′|) = 4·(20, 16)
  expectUnits(output, [262 + 96 + 80, 337 + 128 + 64]);
});

test.each(
  WIRING_LIST.filter((wiring) => wiring !== 'post-ln').flatMap((wiring) =>
    VARIANTS.map((variant) => [wiring, variant] as const),
  ),
)('the bounds of %s, %s, are those of the formulas, term by term', (wiring, variant) => {
  const { preActivation, output } = handBounds(wiring, variant);
  const { z, sum } = byFormula(wiring, variant);
  if (z) expectUnits(preActivation, z);
  else expect(preActivation).toBeNull();
  expectUnits(output, sum);
});

/** The norm bound to first order: (f + |n|·rms(f))/σ + 2(d + 8)|n| times |g|, and 2(|n||g| + |b|). */
function normFormula(y: number[], e: number[], g: number[], b: number[], epsilon: number): number[] {
  const d = y.length;
  const mean = (x: number[]): number => x.reduce((sum, entry) => sum + entry, 0) / d;
  const absolute = y.map(Math.abs);
  const widened = e.map((entry, i) => entry + 2 * (d + 2) * (absolute[i] + mean(absolute)));
  const f = widened.map((entry) => entry + mean(widened));
  const rms = Math.sqrt(mean(f.map((entry) => entry * entry)));
  const c = y.map((entry) => entry - mean(y));
  const sigma = Math.sqrt(mean(c.map((entry) => entry * entry)) + epsilon);
  return f.map((entry, i) => {
    const n = Math.abs(c[i]) / sigma;
    return ((entry + n * rms) / sigma + 2 * (d + 8) * n) * g[i] + 2 * (n * g[i] + b[i]);
  });
}

test('a norm bound by hand: y = (5, 3), ε = 8, e = (1, 3), g = (2, 1), b = (0, 7)', () => {
  // e + 2·4·(|y| + 4) = (73, 59); + mean 66: f = (139, 125); c = (1, −1), σ = 3, n = ⅓
  // ((f + rms(f)/3)/3 + 20/3)·g + 2·(g/3 + b), rms(f) = √((139² + 125²)/2)
  const rms = Math.sqrt(17473);
  const units = [
    2 * ((139 + rms / 3) / 3 + 20 / 3) + 4 / 3,
    (125 + rms / 3) / 3 + 20 / 3 + 2 / 3 + 14,
  ];
  const found = layerNormBound(vector(5, 3), vector(u, 3 * u), vector(2, -1), vector(0, -7), 8);
  found.forEach((entry, i) => {
    expect(Math.abs(entry / (units[i] * u) - 1)).toBeLessThan(1e-12);
  });
  normFormula([5, 3], [1, 3], [2, 1], [0, 7], 8).forEach((entry, i) => {
    expect(Math.abs(entry / units[i] - 1)).toBeLessThan(1e-14);
  });
});

test.each(VARIANTS)('the bound of post-ln, %s, is that of the sum carried through the norm', (variant) => {
  const { block, parameters, context, query } = handCase('post-ln');
  const base = runBlock(block, parameters, matrix(0, 2), query);
  const contextual = runBlock(block, parameters, context, query);
  const { z, sum } = byFormula('post-ln', variant);
  for (const epsilon of [0, 2]) {
    const wide = contextualBlock({ wiring: 'post-ln', layer: block.layer, hidden: 2, epsilon });
    const found = blockBounds(wide, parameters, { base, contextual }, variant);
    if (z) expectUnits(found.preActivation, z);
    else expect(found.preActivation).toBeNull();
    normFormula([11, 10], sum, [3, 5], [1, 1], epsilon).forEach((entry, i) => {
      // Second-order terms are e/σ, below 4e3·u/0.5.
      expect(Math.abs(found.output[i] / (entry * u) - 1)).toBeLessThan(2e-12);
    });
  }
});

test('an error that is not small against the deviation leaves no bound', () => {
  const [y, one] = [vector(1, 2), vector(1, 1)]; // σ = ½
  for (const entry of layerNormBound(y, vector(0.3, 0.3), one, one, 0)) expect(entry).toBe(Infinity);
  // f = rms(f) = 0.2 and |n| = 1: (0.2 + 0.2)/(0.5 − 0.2)
  for (const entry of layerNormBound(y, vector(0.1, 0.1), one, one, 0)) {
    expect(entry).toBeCloseTo(4 / 3, 12);
  }
});

test('no perturbation within e moves a computed norm beyond the bound, and some come near it', () => {
  const random = new Random(3, 94);
  let nearest = 0;
  for (let round = 0; round < 2000; round++) {
    const d = 2 + random.integer(5);
    const draw = (scale: number): Float64Array =>
      Float64Array.from({ length: d }, () => scale * random.normal());
    const size = 2 ** -random.integer(50);
    const [y, e, g, b] = [draw(2), draw(size / 4).map(Math.abs), draw(1), draw(1)];
    const epsilon = [0, 1e-5, 1][random.integer(3)];
    const x = y.map((entry, i) => entry + (random.uniform() < 0.5 ? -e[i] : e[i]));
    const [before, after] = [y, x].map(
      (v) => eager.apply(layerNorm({ epsilon }), rowMatrix(v), rowMatrix(g), rowMatrix(b)).data,
    );
    // x itself is rounded once: u|x| more.
    const wider = e.map((entry, i) => entry + u * Math.abs(x[i]));
    layerNormBound(y, wider, g, b, epsilon).forEach((bound, i) => {
      const off = Math.abs(after[i] - before[i]);
      expect(off).toBeLessThanOrEqual(bound);
      nearest = Math.max(nearest, off / bound);
    });
  }
  expect(nearest).toBeGreaterThan(30); // measured: see below
});

/** E_h/u for E_z = 1000u where |h| = 3, |z| = 5: Lip·1000 and both evaluations of g. */
const composite = (lipschitz: number): number => 1000 * lipschitz + 2 * 8 * (3 + 5 * lipschitz);
const AT_HIDDEN: Record<ActivationName, number> = {
  relu: 1000,
  gelu: composite(1.128904145185155),
  geluTanh: composite(1.128993068658772),
  silu: composite(1.099839320128868),
  tanh: 1000 + 2 * 2 * 3,
  sigmoid: 250 + 2 * 2 * 3,
  softplus: 1000 + 2 * 2 * 3,
};

test.each(ACTIVATION_LIST)('%s carries its Lipschitz constant and twice its own error', (activation) => {
  expect(Object.keys(ACTIVATIONS).sort()).toEqual([...ACTIVATION_LIST].sort());
  const { layer } = handCase('plain').block;
  const block = contextualBlock({ layer, hidden: 1, outputWidth: 1, activation });
  const parameters = {
    ...{ 'mlp.W1': matrix(1, 2), 'mlp.b1': rowMatrix(vector(-500)) },
    ...{ 'mlp.W2': rowMatrix(vector(-1)), 'mlp.b2': matrix(1, 1) },
  };
  // W1 = 0 and |b1| = 500: E_z = 2u·500. The runs are fabricated: z = −5, h = 3, s′ = 0.
  const run = {
    ...{ attention: vector(1, 1), residual: null, input: vector(1, 1), preActivation: vector(-5) },
    ...{ hidden: vector(3), update: vector(0), sum: vector(0), output: vector(0) },
  };
  const { preActivation, output } = blockBounds(block, parameters, { base: run, contextual: run }, 'default');
  expectUnits(preActivation, [1000]);
  expectUnits(output, [AT_HIDDEN[activation] + 2 * 3 * 3]); // 2·γ_{f+2}·|W2||h|
});

test('patched runs of every wiring, variant and activation stay within bounds known beforehand', () => {
  const ratios: number[] = [];
  let seed = 0;
  for (const wiring of WIRING_LIST) {
    for (const variant of VARIANTS) {
      for (const activation of ACTIVATION_LIST) {
        for (const application of ['factored', 'dense'] as const) {
          seed++;
          const { block, parameters, context, query } = drawCase(seed, wiring, activation);
          const { base, contextual } = contextPatch(block, parameters, context, query, { variant });
          const before = blockBounds(block, parameters, { base, contextual }, variant);
          const proof = proveContextPatch(block, parameters, context, query, { variant, application });
          const found = `seed ${seed}: ${wiring}, ${variant}, ${activation}, ${application}`;
          expect(proof.output.overBound, found).toBeLessThanOrEqual(1);
          expect(proof.output.bound, found).toBe(Math.max(...before.output));
          if (proof.preActivation) expect(proof.preActivation.overBound, found).toBeLessThanOrEqual(1);
          else expect(variant, found).toBe('w2only');
          ratios.push(proof.output.overBound);
        }
      }
    }
  }
  expect(ratios.length).toBe(350);
  ratios.sort((x, y) => x - y);
  expect([ratios[175], ratios[349], ratios[17]]).toBe(1); // measured: see below
});
