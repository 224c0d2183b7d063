import { expect, test } from 'vitest';
import {
  alignment,
  exampleTokens,
  gradientStep,
  gradientStepParameters,
  proveGradientStep,
  proveGradientSteps,
  squaredErrorStep,
} from '../../src/icl/index.ts';
import {
  DegenerateBase,
  DomainError,
  dot,
  gamma,
  matrix,
  matrixFromRows,
  NonFiniteError,
  norm,
  Random,
  Rational,
  rankOneToMatrix,
} from '../../src/linalg/index.ts';
import { normalMatrix } from '../support/cases.ts';

const of = (...x: number[]): Float64Array => Float64Array.from(x);

function randomTask(seed: number) {
  const random = new Random(seed, 42);
  const [n, d] = [1 + random.integer(5), 1 + random.integer(4)];
  const draw = (cols: number): Float64Array => normalMatrix(1, cols, random).data;
  const examples = { inputs: normalMatrix(n, d, random), labels: draw(n) };
  return { examples, query: draw(d), omega: draw(d), eta: 0.01 + random.uniform(), n, d };
}

test('by hand: x_1 = (1, 2) with label 3, query (2, 1), ω_0 = (1, 0), η = ½', () => {
  const examples = { inputs: matrixFromRows([[1, 2]]), labels: of(3) };
  // ∇L = (1 − 3)·(1, 2) = (−2, −4), so ω_1 = (2, 2) and ω_1·x = 6.
  expect(squaredErrorStep(examples, of(1, 0), 0.5)).toEqual(of(2, 2));
  // x_1·x = 4, so z = (2, 1, 0) − ½·4·(1, 2, 3) = (0, −3, −6) and (1, 0, −1)·z = 6.
  const { contextual, prediction, patch } = gradientStep(examples, of(2, 1), of(1, 0), 0.5);
  expect(contextual).toEqual(of(0, -3, -6));
  expect(prediction).toBe(6);
  // (ω_1 − ω_0)·x = 4, along (2, 1, 0)/5.
  expect(patch.p).toEqual(of(4));
  expect(rankOneToMatrix(patch)).toEqual(matrixFromRows([[4 * (2 / 5), 4 * (1 / 5), 0]]));
  const exact = proveGradientStep(examples, of(2, 1), of(1, 0), 0.5);
  expect([exact.contextual, exact.explicit].map(String)).toEqual(['6', '6']);
});

test('one layer is one step, and the patch is the step projected on x: identical fractions', () => {
  for (let seed = 0; seed < 12; seed++) {
    const { examples, query, omega, eta } = randomTask(seed);
    const proof = proveGradientStep(examples, query, omega, eta);
    expect(proof.contextual.toString()).toBe(proof.explicit.toString());
    expect([proof.residual, proof.projection]).toEqual(['0', '0']);
  }
});

test('the plus sign ascends: twice the step off', () => {
  for (let seed = 0; seed < 8; seed++) {
    const { examples, query, omega, eta } = randomTask(seed);
    const wrong = proveGradientStep(examples, query, omega, eta, { plusSign: true });
    expect(wrong.residual).not.toBe('0');
    expect(wrong.projection).not.toBe('0');
    // It is ω_0 + η·∇L that is read: as far on the other side of ω_0·x.
    const start = omega.reduce(
      (sum, entry, c) => sum.plus(Rational.of(entry).times(Rational.of(query[c]))),
      new Rational(0n),
    );
    const mirrored = start.plus(start).minus(wrong.explicit);
    expect(wrong.contextual.toString()).toBe(mirrored.toString());
  }
});

test('a query that sees itself is off by −η·(ω_0·x)·‖x‖², and by nothing for ω_0 = 0', () => {
  for (let seed = 0; seed < 8; seed++) {
    const { examples, query, omega, eta, d } = randomTask(seed);
    const wrong = proveGradientStep(examples, query, omega, eta, { seesItself: true });
    const [x, start] = [query, omega].map((v) => Array.from(v, Rational.of));
    const product = (a: Rational[], b: Rational[]): Rational =>
      a.reduce((sum, entry, i) => sum.plus(entry.times(b[i])), new Rational(0n));
    const term = Rational.of(-eta).times(product(start, x)).times(product(x, x));
    expect(wrong.residual).toBe(term.toString());
    expect(wrong.residual).not.toBe('0');
    const from0 = proveGradientStep(examples, query, new Float64Array(d), eta, {
      seesItself: true,
    });
    expect(from0.residual).toBe('0');
  }
});

test('S layers are S steps, label slot by label slot; the wrong sign and an unmasked query are not', () => {
  for (let seed = 0; seed < 5; seed++) {
    const { examples, query, eta, n } = randomTask(seed);
    const layers = proveGradientSteps(examples, query, eta, 4);
    expect(layers.map(({ residual }) => residual)).toEqual(['0', '0', '0', '0']);
    expect(layers[0].labels.length).toBe(n + 1);
    // The first step from 0 is that of the explicit formula.
    const zero = new Float64Array(query.length);
    const { explicit } = proveGradientStep(examples, query, zero, eta);
    expect(new Rational(0n).minus(layers[0].labels[n]).toString()).toBe(explicit.toString());
    const ascent = proveGradientSteps(examples, query, eta, 2, { plusSign: true });
    expect(ascent.map(({ residual }) => residual === '0')).toEqual([false, false]);
    // The query's slot is 0 in the first layer: seeing it harms from the second on, though ω_0 = 0.
    const unmasked = proveGradientSteps(examples, query, eta, 2, { seesItself: true });
    expect(unmasked.map(({ residual }) => residual === '0')).toEqual([true, false]);
  }
  const { examples, query } = randomTask(0);
  expect(proveGradientSteps(examples, query, 0.5, 0)).toEqual([]);
});

test('two steps by hand: x_1 = 1 with label 1, query 2, η = ½: ω = ½, then ¾', () => {
  const examples = { inputs: matrixFromRows([[1]]), labels: of(1) };
  const layers = proveGradientSteps(examples, of(2), 0.5, 2);
  expect(layers.map(({ omega, labels }) => [omega.map(String), labels.map(String)])).toEqual([
    [['1/2'], ['1/2', '-1']],
    [['3/4'], ['1/4', '-3/2']],
  ]);
});

test('the layer in doubles stays within its bound of the fractions', () => {
  for (let seed = 0; seed < 40; seed++) {
    const { examples, query, omega, eta, n, d } = randomTask(seed);
    const { prediction, patch } = gradientStep(examples, query, omega, eta);
    const { contextual } = proveGradientStep(examples, query, omega, eta);
    const tokens = exampleTokens(examples);
    let size = 0;
    for (let c = 0; c <= d; c++) {
      let part = Math.abs(query[c] ?? 0);
      for (let j = 0; j < n; j++) {
        const row = tokens.data.slice(j * (d + 1), (j + 1) * (d + 1)).map(Math.abs);
        part += eta * row[c] * dot(row.slice(0, d), query.map(Math.abs));
      }
      size += Math.abs(omega[c] ?? 1) * part;
    }
    expect(Math.abs(prediction - contextual.toNumber())).toBeLessThanOrEqual(
      gamma(n + 2 * d + 8) * size,
    );
    // cos(ΔW, ω_1 − ω_0) = |cos∠(ω_1 − ω_0, x)|; doubles, a cosine of vectors that lose size/‖moved‖.
    const moved = squaredErrorStep(examples, omega, eta).map((entry, c) => entry - omega[c]);
    const step = matrix(1, d + 1, Float64Array.of(...moved, 0));
    const expected = Math.abs(dot(moved, query)) / (norm(moved) * norm(query));
    const tolerance =
      (1e-14 * (size + norm(omega))) / (norm(moved) * Math.min(1, norm(query)) * expected);
    expect(Math.abs((alignment(patch, step) ?? NaN) - expected)).toBeLessThanOrEqual(tolerance);
  }
});

test('the parameters are those of the construction', () => {
  expect(gradientStepParameters(1, 0.25)).toEqual({
    Wq: matrix(2, 2, of(1, 0, 0, 0)),
    Wk: matrix(2, 2, of(1, 0, 0, 0)),
    Wv: matrix(2, 2, of(-0.25, 0, 0, -0.25)),
  });
});

test('a query of 0, missing labels, other lengths, NaN and half a layer are refused', () => {
  const { examples, query, omega } = randomTask(1);
  const none = new Float64Array(query.length);
  expect(() => gradientStep(examples, none, omega, 1)).toThrow(DegenerateBase);
  expect(() => proveGradientStep(examples, none, omega, 1)).toThrow(DegenerateBase);
  expect(() => exampleTokens({ ...examples, labels: of() })).toThrow(DomainError);
  expect(() => proveGradientStep(examples, query, of(...omega, 1), 1)).toThrow(DomainError);
  expect(() => proveGradientStep(examples, query, omega, NaN)).toThrow(NonFiniteError);
  expect(() => proveGradientSteps(examples, query, 1, 1.5)).toThrow(DomainError);
});
