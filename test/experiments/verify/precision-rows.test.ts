import { afterEach, expect, test, vi } from 'vitest';
import { VERIFICATIONS } from '../../../src/experiments/verify/index.ts';
import type { VerifyRow } from '../../../src/experiments/verify/row.ts';

/** What is wrong on purpose: factors of 1 are right. */
const planted = vi.hoisted(() => ({ angle: 1, spectrum: 1, patch: 1, bound: 1 }));

vi.mock('../../../src/icl/alignment.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/alignment.ts')>();
  const alignmentMatrix: typeof own.alignmentMatrix = (updates) =>
    own
      .alignmentMatrix(updates)
      .map((row) => row.map((cos) => (cos === null ? null : planted.angle * cos)));
  return { ...own, alignmentMatrix };
});

vi.mock('../../../src/icl/update-rank.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/update-rank.ts')>();
  const updateSpectrum: typeof own.updateSpectrum = (updates) => {
    const found = own.updateSpectrum(updates);
    const [first = 0] = found.singularValues;
    const singularValues = found.singularValues.map((s) => s + (planted.spectrum - 1) * first);
    return { ...found, singularValues };
  };
  return { ...own, updateSpectrum };
});

vi.mock('../../../src/icl/double-double-patch.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/double-double-patch.ts')>();
  const patchInDoubleDouble: typeof own.patchInDoubleDouble = (...site) => {
    const found = own.patchInDoubleDouble(...site);
    const { hi, lo } = found.M;
    const data = lo.data.map((entry) => planted.patch * entry);
    return { ...found, M: { hi, lo: { ...lo, data } } };
  };
  return { ...own, patchInDoubleDouble };
});

vi.mock('../../../src/icl/site-bounds.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/site-bounds.ts')>();
  const perturbedBaseBound: typeof own.perturbedBaseBound = (...site) =>
    own.perturbedBaseBound(...site).map((entry) => planted.bound * entry);
  return { ...own, perturbedBaseBound };
});

afterEach(() => {
  Object.assign(planted, { angle: 1, spectrum: 1, patch: 1, bound: 1 });
});

const nameOf = ({ theorem, variant }: Pick<VerifyRow, 'theorem' | 'variant'>): string =>
  `${theorem} ${variant}`;
const ROWS = VERIFICATIONS.filter(({ theorem }) => /^(8|9\.4|9\.6)$/.test(theorem));
const run = (): VerifyRow[] => ROWS.map((each) => each.run(12, 20261));
const failing = (): string[] =>
  run()
    .filter(({ ok }) => !ok)
    .map(nameOf);

/** The wrong updates of every row; a row without them would pass anything. */
const CONTROLS: Readonly<Record<string, readonly string[]>> = {
  '8 angles': ['left factors alone'],
  '8 cross-position': ['a base for each token'],
  '9.4 perturbed base': ['the perturbation overlooked', 'p 1% off'],
  '9.6 double-double': ['in doubles', 'lower parts dropped'],
};

test('every row on diagnostics and precision holds, with all its wrong updates, and repeats itself', () => {
  const rows = run();
  expect(failing()).toEqual([]);
  expect(run()).toEqual(rows);
  expect(rows.map(nameOf).sort()).toEqual(Object.keys(CONTROLS).sort());
  for (const row of rows) {
    const name = nameOf(row);
    const controls = row.negativeControls.map((control) => control.name);
    expect(controls.sort(), name).toEqual([...(CONTROLS[name] ?? [])].sort());
    expect(row.trials, name).toBe(12);
    expect(row.maxResidual, name).toBeGreaterThan(0);
  }
});

test('angles a trillionth off, or not there, fail both rows that compare them', () => {
  for (const angle of [1 + 1e-12, NaN]) {
    planted.angle = angle;
    expect(failing()).toEqual(['8 angles', '8 cross-position']);
  }
});

test('singular values off by a billionth of the largest fail the row of rank 1', () => {
  planted.spectrum = 1 + 1e-9;
  expect(failing()).toEqual(['8 cross-position']);
});

test('lower parts a millionth off fail double-double, and so do missing ones', () => {
  for (const patch of [1 + 1e-6, 0, -1]) {
    planted.patch = patch;
    expect(failing()).toEqual(['9.6 double-double']);
  }
});

test('half the bound is not enough for a perturbed base', () => {
  planted.bound = 0.5;
  expect(failing()).toEqual(['9.4 perturbed base']);
});
