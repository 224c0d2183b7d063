import { afterEach, expect, test, vi } from 'vitest';
import { VERIFICATIONS } from '../../../src/experiments/verify/index.ts';
import {
  RowGatherer,
  type Verification,
  type VerifyRow,
} from '../../../src/experiments/verify/row.ts';
import type {
  ImplicitDescent,
  PatchedGeneration,
  RationalProof,
  SitePatch,
  StaticPatch,
} from '../../../src/icl/index.ts';
import type { RankOne } from '../../../src/linalg/index.ts';

/** What every patch that the library delivers is multiplied by: 1, or a mistake. */
const planted = vi.hoisted(() => ({ factor: 1, away: 0, step: 1, residual: '', logits: 1 }));

const times = (x: Float64Array): Float64Array => x.map((entry) => planted.factor * entry);
const wrong = ({ p, v }: RankOne): RankOne => ({
  p: times(p),
  v: v.map((entry, j) => entry + (j === 0 ? planted.away : 0)),
});

vi.mock('../../../src/icl/patch-weight.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/patch-weight.ts')>();
  return {
    ...own,
    patchWeight: (...site: Parameters<typeof own.patchWeight>) => wrong(own.patchWeight(...site)),
    patchToTarget: (...site: Parameters<typeof own.patchToTarget>) =>
      wrong(own.patchToTarget(...site)),
  };
});

vi.mock('../../../src/icl/relu-patch.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/relu-patch.ts')>();
  const patchBehindRelu: typeof own.patchBehindRelu = (...all) =>
    wrong(own.patchBehindRelu(...all));
  return { patchBehindRelu };
});

vi.mock('../../../src/icl/weighted-patch.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/weighted-patch.ts')>();
  const patchWeightedBy: typeof own.patchWeightedBy = (...all) =>
    wrong(own.patchWeightedBy(...all));
  return { patchWeightedBy };
});

vi.mock('../../../src/icl/joint-patch.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/joint-patch.ts')>();
  return {
    ...own,
    patchBias: (...site: Parameters<typeof own.patchBias>) => times(own.patchBias(...site)),
    patchJointly: (...site: Parameters<typeof own.patchJointly>): SitePatch => {
      const { weight, bias } = own.patchJointly(...site);
      return { weight, bias: times(bias) };
    },
  };
});

vi.mock('../../../src/icl/static-patch.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/static-patch.ts')>();
  return {
    ...own,
    staticPatch: (...all: Parameters<typeof own.staticPatch>): StaticPatch => {
      const found = own.staticPatch(...all);
      const weights = Object.entries(found.weights).map(([name, change]) => [
        name,
        { ...change, data: times(change.data) },
      ]);
      return { ...found, weights: Object.fromEntries(weights) };
    },
  };
});

vi.mock('../../../src/icl/generate-patched.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/generate-patched.ts')>();
  return {
    generatePatched: (...all: Parameters<typeof own.generatePatched>): PatchedGeneration => {
      const found = own.generatePatched(...all);
      const moved = found.logits.map((row) => row.map((entry) => planted.logits * entry));
      return { ...found, logits: moved };
    },
  };
});

vi.mock('../../../src/icl/implicit-descent.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/implicit-descent.ts')>();
  return {
    ...own,
    implicitDescent: (...all: Parameters<typeof own.implicitDescent>): ImplicitDescent => {
      const found = own.implicitDescent(...all);
      return { ...found, stepSize: planted.step * found.stepSize };
    },
  };
});

vi.mock('../../../src/icl/rational-block.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/rational-block.ts')>();
  return {
    ...own,
    proveInRationals: (...all: Parameters<typeof own.proveInRationals>): RationalProof => {
      const proof = own.proveInRationals(...all);
      return planted.residual ? { ...proof, residual: planted.residual } : proof;
    },
  };
});

afterEach(() => {
  Object.assign(planted, { factor: 1, away: 0, step: 1, residual: '', logits: 1 });
});

const TRIALS = 6;
const SEED = 20260;

const nameOf = ({ theorem, block, variant }: VerifyRow | Verification): string =>
  `${theorem} ${block ?? 'site'} ${variant}`;

const run = (): VerifyRow[] => VERIFICATIONS.map((each) => each.run(TRIALS, SEED));

const RIGHT = run();

/** The names of the rows that do not hold. */
const failing = (rows: readonly VerifyRow[]): string[] => rows.filter(({ ok }) => !ok).map(nameOf);

const NAMES = VERIFICATIONS.map(nameOf);
const [MINIMALITY, COMPOSITION, DESCENT, RATIONAL] = [
  '1.4 plain minimality',
  '1.5 plain two parts',
  '3.1 plain form (a)',
  '9.1 plain rational',
];

/** Rows of several tokens or blocks a trial, each of which is a statement of its own. */
const MANY = NAMES.filter(
  (name) => /^([56]|7\.5|9\.7 llama)/.test(name) || /multiplier|layer scale/.test(name),
);
/** Rows that need no rank-one patch: the change goes into a bias. */
const WITHOUT_PATCH = NAMES.filter((name) => /^6\.4 parallel-\w+ default/.test(name));
/** One row for every layer, each with two wrong patches. */
const LAYERS = NAMES.filter((name) => /^1\.2 plain (null|rotary)/.test(name));

/** Rows on dynamics, linear attention and thought matrices make their own updates: `dynamics-rows.test.ts`, `thought-rows.test.ts`. */
const ELSEWHERE = NAMES.filter((name) => /^[347]\./.test(name) && name !== DESCENT);

/** Certificates are judged by their radii: `certificate-rows.test.ts`. */
const CERTIFIED = NAMES.filter((name) => name.startsWith('9.7'));

/** Angles do not see scale, and double-double makes its own patch: `precision-rows.test.ts`. */
const PRECISION = NAMES.filter((name) => /^(8 |9\.6 )/.test(name));

const PLAIN_WRONG = [
  'no patch',
  'sign of δ',
  'ε = 1e-8 in the denominator',
  'divided by ‖a‖ instead of ‖a‖²',
  'contextual vector as base',
];
const SKIP_WRONG = [...PLAIN_WRONG, 'Δb2 forgotten'];

/** The wrong patches of every row: a row without its wrong patches would pass anything. */
const CONTROLS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['factored', 'dense'].flatMap((application) => [
      [`1.2 plain ${application}`, PLAIN_WRONG],
      [`2.1 v1-skip ${application}`, SKIP_WRONG],
      [`2.2 residual ${application}`, SKIP_WRONG],
      [
        `2.3 pre-ln ${application}`,
        [...SKIP_WRONG, 'one δ for both sites', 'attention output as base'],
      ],
      [`2.4 post-ln ${application}`, SKIP_WRONG],
      [`9.2 site ${application}`, ['p 0.1% off']],
    ]),
  ),
  ...Object.fromEntries(LAYERS.map((name) => [name, ['no patch', 'sign of δ']])),
  '2.5 pre-ln cross-position': ['Δb2 without the token difference'],
  '1.6 site covariance-weighted': ['v 0.1% off', 'S ignored'],
  '8 site angles': ['left factors alone'],
  '8 pre-ln cross-position': ['a base for each token'],
  '9.4 site perturbed base': ['the perturbation overlooked', 'p 1% off'],
  '9.6 site double-double': ['in doubles', 'lower parts dropped'],
  [MINIMALITY]: ['an update that a sees'],
  [COMPOSITION]: ['sum of the separate patches'],
  [DESCENT]: ['gradient ascent', 'L_{i−1} in place of L_i'],
  [RATIONAL]: [
    'trials unlike the context: p a millionth off',
    'trials unlike the context: sign of δ',
  ],
};

test('every row holds, was put to the test, and repeats itself from the same seed', () => {
  expect(failing(RIGHT)).toEqual([]);
  expect(run()).toEqual(RIGHT);
  for (const row of RIGHT) {
    const name = nameOf(row);
    // Where a hidden vector is 0 the trial is refused instead; all others count.
    expect(row.trials, name).toBeGreaterThanOrEqual(TRIALS - 2);
    if ([...ELSEWHERE, ...CERTIFIED].includes(name)) continue;
    if (MANY.includes(name)) {
      expect(row.negativeControls.length, name).toBeGreaterThan(0);
      continue;
    }
    expect(row.negativeControls.map(({ name: control }) => control).sort(), name).toEqual(
      [...(CONTROLS[name] ?? ['no patch'])].sort(),
    );
    if (name === RATIONAL) expect(row.exactResidual).toBe('0');
    // Rounding leaves a trace: a row that compared a thing with itself would show 0.
    else expect(row.maxResidual, name).toBeGreaterThan(0);
    expect(row.exactErrorOverBound !== null, name).toBe(
      row.variant === 'factored' || row.variant === 'dense' || LAYERS.includes(name),
    );
    if (row.exactErrorOverBound !== null) expect(row.exactErrorOverBound).toBeGreaterThan(0);
  }
});

test('more trials are more trials, and in fractions at most fifty', () => {
  for (const each of VERIFICATIONS) {
    if (MANY.includes(nameOf(each))) continue;
    const { trials, refused } = each.run(1, SEED);
    const counted = trials + (trials === 0 ? (refused['DegenerateBase'] ?? 0) : 0);
    // One statement a trial, but for the weighted update: exact, and least.
    expect([1, each.variant === 'covariance-weighted' ? 2 : 1]).toContain(counted);
  }
  const rational = VERIFICATIONS.find((each) => nameOf(each) === RATIONAL);
  expect(rational?.run(60, SEED).trials).toBe(50);
});

test('refusals are counted by class, one of each a trial', () => {
  for (const row of RIGHT) {
    const { refused, block, variant, trials, theorem } = row;
    const standard = variant === 'factored' || variant === 'dense';
    if (theorem === '9.2' || theorem === '9.1') expect(refused).toEqual({ DegenerateBase: TRIALS });
    else if (standard) {
      const each = { NonFiniteError: trials, DomainError: trials, ShapeError: trials };
      expect(refused).toEqual(block === 'plain' ? { DegenerateBase: trials, ...each } : each);
    }
  }
});

test('with every patch a millionth too large, every row that uses one fails', () => {
  planted.factor = 1 + 1e-6;
  // Minimality compares with whatever patch there is, descent reads gradients, fractions have their own.
  const free = [MINIMALITY, DESCENT, RATIONAL, ...ELSEWHERE, ...PRECISION, ...WITHOUT_PATCH];
  expect(failing(run())).toEqual(NAMES.filter((name) => !free.includes(name)));
});

test('with logits a millionth off, generation fails', () => {
  planted.logits = 1 + 1e-6;
  expect(failing(run())).toEqual(['5.3 stack greedy, 4 tokens']);
});

test('a row whose trials have no bound and no exact residual does not hold', () => {
  const about = { theorem: '5.4', title: '', layer: null, block: null, variant: null };
  const row = (...residuals: string[]): VerifyRow => {
    const gatherer = new RowGatherer();
    gatherer.trial({ observed: 0, overBound: null });
    for (const each of residuals) gatherer.exactResidual(each);
    return gatherer.row(about);
  };
  expect(row()).toMatchObject({ trials: 1, maxResidual: 0, maxResidualOverBound: null, ok: false });
  expect(row('0').ok).toBe(true);
});

test('blocks are named by the closed list, and dense patches are among them', () => {
  const names = VERIFICATIONS.map(({ block }) => block);
  const listed =
    'plain v1-skip residual pre-ln post-ln llama gemma parallel-gptj parallel-neox moe stack';
  expect([...new Set(names)].sort()).toEqual([...listed.split(' '), null].sort());
  for (const name of ['falcon', 'olmo2', 'residual multiplier', 'layer scale']) {
    const rows = VERIFICATIONS.filter(({ variant }) => variant?.startsWith(`${name}, `));
    expect(rows.map(({ block }) => block)).toEqual(rows.map(() => null));
    expect(rows.length).toBe(3);
  }
  expect(NAMES).toContain('6.2 llama default, dense');
  expect(NAMES).toContain('6.3 gemma default, dense');
});

test('with a first factor that does not lie along a, minimality fails', () => {
  planted.away = 1e-6;
  expect(failing(run())).toContain(MINIMALITY);
});

test('with a step a millionth too long, descent fails', () => {
  planted.step = 1 + 1e-6;
  expect(failing(run())).toEqual([DESCENT]);
});

test('with a residual in fractions that is never 0, or always 0, the rational row fails', () => {
  for (const residual of ['1/7', '0']) {
    planted.residual = residual;
    const only = VERIFICATIONS.filter((each) => nameOf(each) === RATIONAL);
    expect(failing(only.map((each) => each.run(TRIALS, SEED)))).toEqual([RATIONAL]);
  }
});

test('with NaN for every patch no row that uses one holds', () => {
  planted.factor = NaN;
  for (const each of VERIFICATIONS) {
    if ([DESCENT, RATIONAL, ...ELSEWHERE, ...PRECISION, ...WITHOUT_PATCH].includes(nameOf(each)))
      continue;
    let ok = false;
    try {
      ok = each.run(2, SEED).ok;
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError); // NonFiniteError of whoever is handed it
    }
    expect(ok, nameOf(each)).toBe(false);
  }
});
