import { afterEach, expect, test, vi } from 'vitest';
import type { VerifyRow } from '../../../src/experiments/verify/row.ts';
import { THOUGHT } from '../../../src/experiments/verify/thought.ts';

/** What the regression delivers is multiplied by: 1, or a mistake. And a residual in fractions, if given. */
const planted = vi.hoisted(() => ({ factor: 1, residual: '' }));

vi.mock('../../../src/icl/ridge-map.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/ridge-map.ts')>();
  const ridgeMap: typeof own.ridgeMap = (...all) => {
    const found = own.ridgeMap(...all);
    const data = found.map.data.map((entry) => planted.factor * entry);
    return { ...found, map: { ...found.map, data } };
  };
  return { ...own, ridgeMap };
});

vi.mock('../../../src/icl/rational-thought.ts', async (original) => {
  const own = await original<typeof import('../../../src/icl/rational-thought.ts')>();
  const proveThoughtMatrix: typeof own.proveThoughtMatrix = (...all) => {
    const proof = own.proveThoughtMatrix(...all);
    return planted.residual ? { ...proof, residual: planted.residual } : proof;
  };
  return { ...own, proveThoughtMatrix };
});

afterEach(() => {
  Object.assign(planted, { factor: 1, residual: '' });
});

const nameOf = ({ theorem, variant }: Pick<VerifyRow, 'theorem' | 'variant'>): string =>
  `${theorem} ${variant}`;

const run = (trials = 5): VerifyRow[] => THOUGHT.map((each) => each.run(trials, 20260));

const failing = (rows: readonly VerifyRow[]): string[] => rows.filter(({ ok }) => !ok).map(nameOf);

const WRONG_MAPS = ['mean of the rank-one patches', 'a millionth too long', 'twice the ridge'];

/** The wrong changes of every row; a row without them would pass anything. */
const CONTROLS: Readonly<Record<string, readonly string[]>> = {
  '7.1 qr': WRONG_MAPS,
  '7.1 dual': WRONG_MAPS,
  '7.1 cholesky': WRONG_MAPS,
  '7.2 rational': ['mean of the rank-one patches'],
  '7.5 two sequences, 3 blocks': ['no transform', 'W·(r′ − r) in place of W·(z′ − z)', 'no change'],
  '7.6 rho = 0': ['one token more than the rank', 'a millionth too long'],
};

test('every row on thought matrices holds, with all its wrong changes, and repeats itself', () => {
  const rows = run(20);
  expect(failing(rows)).toEqual([]);
  expect(run()).toEqual(run());
  expect(rows.map(nameOf).sort()).toEqual(Object.keys(CONTROLS).sort());
  for (const row of rows) {
    const name = nameOf(row);
    expect(row.trials, name).toBe(20);
    const controls = row.negativeControls.map((control) => control.name);
    expect(controls.sort(), name).toEqual([...(CONTROLS[name] ?? [])].sort());
    expect(row.exactResidual, name).toBe(name === '7.2 rational' ? '0' : null);
    if (name === '7.2 rational') expect(row.maxResidual).toBe(0);
    else expect(row.maxResidual, name).toBeGreaterThan(0);
  }
});

test.each([1 + 1e-6, -1, NaN])('with every map times %d, every row in doubles fails', (factor) => {
  planted.factor = factor;
  for (const each of THOUGHT) {
    let ok = false;
    try {
      ok = each.run(5, 20260).ok;
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
    expect(ok, nameOf(each)).toBe(nameOf(each) === '7.2 rational');
  }
});

test('with a residual in fractions that is not 0 the row in fractions fails', () => {
  planted.residual = '1/7';
  expect(failing(run(2))).toEqual(['7.2 rational']);
});
