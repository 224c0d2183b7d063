/**
 * One layer of linear attention is one gradient step (4.2), and S layers are S steps (4.3): equal fractions.
 *
 * @module
 */
import {
  type Examples,
  exampleTokens,
  gradientStep,
  proveGradientStep,
  proveGradientSteps,
  type RationalLayer,
  residual,
} from '../../icl/index.ts';
import { DegenerateBase, dot, gamma, Random, type Rational } from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { MOST_TRIALS_IN_FRACTIONS } from './rational.ts';
import { RowGatherer, type Verification } from './row.ts';

interface Task {
  readonly examples: Examples;
  readonly query: Float64Array;
  readonly omega: Float64Array;
  readonly eta: number;
}

function randomTask(random: Random): Task {
  const [n, d] = [1 + random.integer(5), 1 + random.integer(4)];
  const row = (cols: number): Float64Array => normalMatrix(1, cols, random).data;
  const examples = { inputs: normalMatrix(n, d, random), labels: row(n) };
  return { examples, query: row(d), omega: row(d), eta: 0.01 + random.uniform() };
}

const ABOUT = { layer: 'linear', block: null } as const;

/** A control in fractions: what is off must be off by more than nothing. */
function offBy(gatherer: RowGatherer, name: string, off: Rational): void {
  const [wrong, nothing] = [Float64Array.of(off.toNumber()), Float64Array.of(0)];
  gatherer.control(name, wrong, nothing, nothing);
}

/**
 * The layer in doubles against the explicit step in fractions, bound as in `gradientStep`; and the two sides
 * in fractions, with the projection of the step on the query.
 */
const oneStep: Verification = {
  ...ABOUT,
  theorem: '4.2',
  title: 'one layer is one gradient step',
  variant: 'self excluded',
  run(trials, seed) {
    const random = new Random(seed, 42);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < Math.min(trials, MOST_TRIALS_IN_FRACTIONS); trial++) {
      const { examples, query, omega, eta } = randomTask(random);
      const proof = proveGradientStep(examples, query, omega, eta);
      gatherer.exactResidual(proof.residual);
      gatherer.exactResidual(proof.projection);
      const { prediction } = gradientStep(examples, query, omega, eta);
      gatherer.trial(
        residual(
          Float64Array.of(prediction),
          Float64Array.of(proof.explicit.toNumber()),
          Float64Array.of(boundOf({ examples, query, omega, eta })),
        ),
      );
      const nothing = query.map(() => 0);
      gatherer.refuse(DegenerateBase, () => gradientStep(examples, nothing, omega, eta));
      const wrong = {
        'values +η·y_j': { plusSign: true },
        'the query sees itself': { seesItself: true },
      };
      for (const [name, mistake] of Object.entries(wrong)) {
        const { contextual, explicit } = proveGradientStep(examples, query, omega, eta, mistake);
        offBy(gatherer, name, contextual.minus(explicit));
      }
    }
    return gatherer.row(this);
  },
};

/** γ_{n+2d+8}·Σ_c |W_c|·(|x_c| + Σ_j |η·y_jc|·Σ_a |x_ja·x_a|), and u for the rounded fraction. */
function boundOf({ examples, query, omega, eta }: Task): number {
  const { rows: n, cols } = exampleTokens(examples);
  const tokens = exampleTokens(examples).data.map(Math.abs);
  const d = cols - 1;
  const x = query.map(Math.abs);
  let size = 0;
  for (let c = 0; c <= d; c++) {
    let entry = x[c] ?? 0;
    for (let j = 0; j < n; j++) {
      const token = tokens.subarray(j * cols, (j + 1) * cols);
      entry += Math.abs(eta) * token[c] * dot(token.slice(0, d), x);
    }
    size += Math.abs(omega[c] ?? 1) * entry;
  }
  return gamma(n + 2 * d + 9) * size * (1 + gamma(n + 2 * d + 9));
}

/** What stands in the query's slot after the last layer. */
function answer(layers: readonly RationalLayer[]): Rational {
  const { labels } = layers[layers.length - 1];
  return labels[labels.length - 1];
}

/** Two to four layers; every label slot after every layer. */
const manySteps: Verification = {
  ...ABOUT,
  theorem: '4.3',
  title: 'S layers are S gradient steps',
  variant: 'rational',
  run(trials, seed) {
    const random = new Random(seed, 43);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < Math.min(trials, MOST_TRIALS_IN_FRACTIONS); trial++) {
      const { examples, query, eta } = randomTask(random);
      const layers = proveGradientSteps(examples, query, eta, 2 + random.integer(3));
      const worst = layers.find(({ residual: each }) => each !== '0')?.residual ?? '0';
      gatherer.exactResidual(worst);
      gatherer.trial({ observed: worst === '0' ? 0 : NaN, overBound: null });
      const right = answer(layers);
      const wrong = {
        'values +η·y_j': { plusSign: true },
        'the query’s slot not masked': { seesItself: true },
      };
      offBy(gatherer, 'a layer fewer', answer(layers.slice(0, -1)).minus(right));
      for (const [name, mistake] of Object.entries(wrong)) {
        const other = answer(proveGradientSteps(examples, query, eta, layers.length, mistake));
        offBy(gatherer, name, other.minus(right));
      }
    }
    return gatherer.row(this);
  },
};

export const GRADIENT_STEPS: readonly Verification[] = [oneStep, manySteps];
