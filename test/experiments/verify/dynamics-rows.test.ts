import { afterEach, expect, test, vi } from 'vitest';
import { VERIFICATIONS } from '../../../src/experiments/verify/index.ts';
import type { VerifyRow } from '../../../src/experiments/verify/row.ts';
import type { AttentionBias } from '../../../src/icl/index.ts';
import type { Matrix } from '../../../src/linalg/index.ts';

/** What the library delivers is multiplied by: 1, or a mistake. And a residual in fractions, if given. */
const planted = vi.hoisted(() => ({ factor: 1, residual: '' }));

const times = (x: Float64Array): Float64Array => x.map((entry) => planted.factor * entry);
const timesMatrix = (m: Matrix): Matrix => ({ ...m, data: times(m.data) });

vi.mock('../../../src/icl/changing-base.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/changing-base.ts')>();
  const changingBase: typeof own.changingBase = (...all) => {
    const found = own.changingBase(...all);
    const steps = found.steps.map((step) => ({
      ...step,
      update: { ...step.update, p: times(step.update.p) },
    }));
    return { ...found, steps };
  };
  return { ...own, changingBase };
});

vi.mock('../../../src/icl/least-squares-descent.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/least-squares-descent.ts')>();
  const leastSquaresDescent: typeof own.leastSquaresDescent = (...all) =>
    own.leastSquaresDescent(...all).map((step) => ({
      ...step,
      update: { ...step.update, p: times(step.update.p) },
    }));
  return { leastSquaresDescent };
});

vi.mock('../../../src/icl/attention-marginals.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/attention-marginals.ts')>();
  const attentionMarginals: typeof own.attentionMarginals = (...all) =>
    own.attentionMarginals(...all).map((each) => ({
      ...each,
      predicted: times(each.predicted),
      // A limit that is a thousand times too small is caught; a millionth is within what it leaves.
      limit: planted.factor === 1 ? each.limit : (planted.factor * each.limit) / 1000,
    }));
  return { attentionMarginals };
});

vi.mock('../../../src/icl/linear-attention-patch.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/linear-attention-patch.ts')>();
  const linearAttentionPatch: typeof own.linearAttentionPatch = (...all) => {
    const found = own.linearAttentionPatch(...all);
    return { ...found, memory: timesMatrix(found.memory) };
  };
  return { ...own, linearAttentionPatch };
});

vi.mock('../../../src/icl/gradient-step.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/gradient-step.ts')>();
  const gradientStep: typeof own.gradientStep = (...all) => {
    const found = own.gradientStep(...all);
    return { ...found, prediction: planted.factor * found.prediction };
  };
  return { ...own, gradientStep };
});

vi.mock('../../../src/icl/rational-memory.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/rational-memory.ts')>();
  const proveMemoryPatch: typeof own.proveMemoryPatch = (...all) => {
    const proof = own.proveMemoryPatch(...all);
    return planted.residual ? { ...proof, againstTheorem1: planted.residual } : proof;
  };
  return { ...own, proveMemoryPatch };
});

vi.mock('../../../src/icl/rational-gradient-step.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/rational-gradient-step.ts')>();
  const proveGradientStep: typeof own.proveGradientStep = (...all) => {
    const proof = own.proveGradientStep(...all);
    return planted.residual ? { ...proof, projection: planted.residual } : proof;
  };
  const proveGradientSteps: typeof own.proveGradientSteps = (...all) =>
    own
      .proveGradientSteps(...all)
      .map((layer) => (planted.residual ? { ...layer, residual: planted.residual } : layer));
  return { proveGradientStep, proveGradientSteps };
});

vi.mock('../../../src/icl/attention-bias.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/attention-bias.ts')>();
  const contextBiases: typeof own.contextBiases = (...all) =>
    own
      .contextBiases(...all)
      .map(
        ({ S, n }): AttentionBias => (planted.factor === 1 ? { S, n } : { S: timesMatrix(S), n }),
      );
  return { ...own, contextBiases };
});

afterEach(() => {
  Object.assign(planted, { factor: 1, residual: '' });
});

const ROWS = VERIFICATIONS.filter(
  ({ theorem, variant }) => /^[34]\./.test(theorem) && variant !== 'form (a)',
);

const nameOf = ({ theorem, variant }: Pick<VerifyRow, 'theorem' | 'variant'>): string =>
  `${theorem} ${variant}`;

const run = (trials = 6): VerifyRow[] => ROWS.map((each) => each.run(trials, 20260));

const failing = (rows: readonly VerifyRow[]): string[] => rows.filter(({ ok }) => !ok).map(nameOf);

const KACZMARZ_WRONG = ['gradient ascent', 'half the step', 'a step 0.1% long'];

/** The wrong updates of every row; a row without them would pass anything. */
const CONTROLS: Readonly<Record<string, readonly string[]>> = {
  '3.2 form (b)': ['sign of A_i', 'a_{i−1} as base of step i', 'the fixed base’s W_n'],
  '3.1 form (a), least squares': KACZMARZ_WRONG,
  '3.2 form (b), least squares': KACZMARZ_WRONG,
  '3.3 identity': ['the token’s weight 0.1% off', 'e^{s_c} left out of the divisor'],
  '3.3 rate': ['i + 3 in place of i + 2'],
  '4.1 factorised': ['sign of Δ(Y)', 'Δ(Y) transposed', 'P_x along the contextual vector'],
  '4.2 self excluded': ['values +η·y_j', 'the query sees itself'],
  '4.3 rational': ['values +η·y_j', 'the query’s slot not masked', 'a layer fewer'],
  '4.4 same bits': ['b_D 0.1% off', 'b_KV forgotten', 'the first layer’s biases in every layer'],
  '4.4 rotary': ['positions not re-based', 'turned by +n'],
};

/** Rows that do without rounding, and the rows with a part in fractions. */
const WITHOUT_ROUNDING = ['4.3 rational', '4.4 same bits'];
const IN_FRACTIONS = ['4.1 factorised', '4.2 self excluded', '4.3 rational'];

test('every row on dynamics and linear attention holds, with all its wrong updates, and repeats itself', () => {
  const rows = run(24);
  expect(failing(rows)).toEqual([]);
  expect(run()).toEqual(run());
  expect(rows.map(nameOf).sort()).toEqual(Object.keys(CONTROLS).sort());
  for (const row of rows) {
    const name = nameOf(row);
    expect(row.trials, name).toBe(24);
    const controls = row.negativeControls.map((control) => control.name);
    expect(controls.sort(), name).toEqual([...(CONTROLS[name] ?? [])].sort());
    expect(row.exactResidual, name).toBe(IN_FRACTIONS.includes(name) ? '0' : null);
    if (WITHOUT_ROUNDING.includes(name)) expect(row.maxResidual, name).toBe(0);
    else expect(row.maxResidual, name).toBeGreaterThan(0);
  }
});

test.each([1 + 1e-6, -1])(
  'with everything delivered times %d, every row in doubles fails',
  (factor) => {
    planted.factor = factor;
    expect(failing(run())).toEqual(ROWS.map(nameOf).filter((name) => name !== '4.3 rational'));
  },
);

test('with NaN delivered no row in doubles holds', () => {
  planted.factor = NaN;
  for (const each of ROWS) {
    if (nameOf(each) === '4.3 rational') continue;
    let ok = false;
    try {
      ok = each.run(2, 20260).ok;
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
    expect(ok, nameOf(each)).toBe(false);
  }
});

test('with a residual in fractions that is not 0 the rows in fractions fail', () => {
  planted.residual = '1/7';
  expect(failing(run(2))).toEqual(IN_FRACTIONS);
});

test('rows in fractions run at most fifty trials', () => {
  const only = ROWS.filter((row) => IN_FRACTIONS.includes(nameOf(row)));
  expect(only.map((each) => each.run(51, 3).trials)).toEqual([50, 50, 50]);
});
