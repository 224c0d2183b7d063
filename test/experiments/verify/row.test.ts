import { expect, test } from 'vitest';
import { RowGatherer, type VerifyRow } from '../../../src/experiments/verify/row.ts';
import { DegenerateBase, DomainError, ShapeError } from '../../../src/linalg/index.ts';
import { vector } from '../../support/small-cases.ts';

const ABOUT = { theorem: '1.2', title: 'a title', layer: 'softmax', block: null, variant: null };

/** The row of a gatherer that had one trial within its bound, and then `more`. */
function gathered(more: (gatherer: RowGatherer) => void = () => {}): VerifyRow {
  const gatherer = new RowGatherer();
  gatherer.trial({ observed: 1e-16, overBound: 0.25 });
  more(gatherer);
  return gatherer.row(ABOUT);
}

/** Every number in `value`, at any depth, after a round trip through JSON; null counts as NaN. */
function numbersInJson(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value === null) return [NaN];
  return typeof value === 'object' ? Object.values(value).flatMap(numbersInJson) : [];
}

test('a row repeats what it is about, counts trials and takes the largest and the middle', () => {
  const row = gathered((gatherer) => {
    gatherer.trial({ observed: 3e-16, overBound: 0.5 });
    gatherer.trial({ observed: 2e-16, overBound: 0.375 });
  });
  expect(row).toEqual({
    ...ABOUT,
    trials: 3,
    maxResidual: 3e-16,
    maxResidualOverBound: 0.5,
    medianResidualOverBound: 0.375,
    exactErrorOverBound: null,
    exactResidual: null,
    negativeControls: [],
    refused: {},
    ok: true,
  });
});

test('the bound is met up to 1 and broken above it, in any trial', () => {
  for (const [overBound, ok] of [
    [0, true],
    [1, true],
    [1 + 2 ** -52, false],
    [1.0001, false],
    [1e300, false],
    [Infinity, false],
    [NaN, false],
  ] as const) {
    const last = gathered((gatherer) => gatherer.trial({ observed: 0, overBound }));
    const between = gathered((gatherer) => {
      gatherer.trial({ observed: 0, overBound });
      gatherer.trial({ observed: 0, overBound: 0.5 });
    });
    expect([last.ok, between.ok]).toEqual([ok, ok]);
  }
});

test('a residual that is not finite fails, also where no bound is stated', () => {
  for (const observed of [NaN, Infinity]) {
    for (const overBound of [0.5, null]) {
      const row = gathered((gatherer) => {
        gatherer.trial({ observed, overBound });
        gatherer.trial({ observed: 0, overBound });
      });
      expect(row.ok).toBe(false);
      expect(row.maxResidual).toBe(Number.MAX_VALUE);
    }
  }
  const unbounded = gathered((gatherer) => gatherer.trial({ observed: 0, overBound: null }));
  expect(unbounded.ok).toBe(true);
  expect([unbounded.maxResidualOverBound, unbounded.medianResidualOverBound]).toEqual([null, null]);
});

test('no trials prove nothing', () => {
  const row = new RowGatherer().row(ABOUT);
  expect([row.ok, row.trials, row.maxResidual]).toEqual([false, 0, 0]);
  const degenerate = new RowGatherer();
  degenerate.attempt(() => {
    throw new DegenerateBase('zero');
  });
  expect(degenerate.row(ABOUT)).toMatchObject({ ok: false, refused: { DegenerateBase: 1 } });
});

test('the exact error is the largest, and above 1, NaN or infinite it fails', () => {
  for (const [overBound, ok] of [
    [0, true],
    [1, true],
    [1.0001, false],
    [Infinity, false],
    [NaN, false],
  ] as const) {
    const row = gathered((gatherer) => {
      gatherer.exactError(overBound);
      gatherer.exactError(0.125);
    });
    expect(row.ok).toBe(ok);
    expect(row.exactErrorOverBound).toBe(
      Number.isFinite(overBound) ? Math.max(overBound, 0.125) : Number.MAX_VALUE,
    );
  }
});

test('a residual in fractions other than 0 stays, whatever comes after it', () => {
  const row = (...residuals: string[]): VerifyRow =>
    gathered((gatherer) => {
      for (const residual of residuals) gatherer.exactResidual(residual);
    });
  expect(row('0', '0')).toMatchObject({ exactResidual: '0', ok: true });
  expect(row('0', '1/3', '0', '2')).toMatchObject({ exactResidual: '1/3', ok: false });
  expect(row('-1/7')).toMatchObject({ exactResidual: '-1/7', ok: false });
});

test('a wrong patch must exceed its bound, strictly, at its worst entry', () => {
  const control = (patched: number[], bound: number[]): VerifyRow =>
    gathered((gatherer) =>
      gatherer.control('wrong', vector(...patched), vector(1, 1, 1), vector(...bound)),
    );
  // Off by 0, 4 and 5; the second is four times its bound, the last only once and a quarter.
  expect(control([1, 5, -4], [1, 1, 4])).toMatchObject({
    negativeControls: [{ name: 'wrong', residual: 4, mustExceed: 1, ok: true }],
    ok: true,
  });
  for (const uncaught of [
    control([1, 1, 1], [1, 1, 1]),
    control([2, 1, 1], [1, 1, 1]), // at the bound is not beyond it
    control([1.5, 0.5, 1], [1, 1, 1]),
    control([NaN, NaN, NaN], [1, 1, 1]),
    control([9, 9, 9], [NaN, NaN, NaN]),
    control([1, 1, 1], [0, 0, 0]),
  ]) {
    expect(uncaught.ok).toBe(false);
    expect(uncaught.negativeControls.map(({ ok }) => ok)).toEqual([false]);
  }
  expect(control([1, 1 + 1e-9, 1], [1, 0, 1])).toMatchObject({ ok: true });
});

test('of many trials the one counts in which a wrong patch came nearest to passing', () => {
  const row = (...patched: number[]): VerifyRow =>
    gathered((gatherer) => {
      for (const entry of patched) {
        gatherer.control('wrong', vector(entry), vector(0), vector(2));
        gatherer.control('other', vector(100), vector(0), vector(2));
      }
    });
  expect(row(6, 3, 8)).toMatchObject({
    negativeControls: [
      { name: 'wrong', residual: 3, mustExceed: 2, ok: true },
      { name: 'other', residual: 100, mustExceed: 2, ok: true },
    ],
    ok: true,
  });
  for (const uncaught of [row(1, 6, 8), row(6, 1, 8), row(6, 8, 1), row(6, NaN, 8)]) {
    expect(uncaught.ok).toBe(false);
    expect(uncaught.negativeControls.map(({ ok }) => ok)).toEqual([false, true]);
  }
});

test('from twenty trials on a row without any wrong patch fails', () => {
  for (const trials of [19, 20, 100]) {
    const gatherer = new RowGatherer();
    for (let k = 0; k < trials; k++) gatherer.trial({ observed: 0, overBound: 0.5 });
    expect(gatherer.row(ABOUT).ok).toBe(trials < 20);
    gatherer.control('wrong', vector(1), vector(0), vector(0.5));
    expect(gatherer.row(ABOUT).ok).toBe(true);
  }
});

test('the expected refusal is counted by its class', () => {
  const row = gathered((gatherer) => {
    for (const error of [new ShapeError('a'), new DomainError('b'), new ShapeError('c')]) {
      gatherer.refuse(error.constructor as typeof ShapeError, () => {
        throw error;
      });
    }
  });
  expect(row).toMatchObject({ refused: { ShapeError: 2, DomainError: 1 }, ok: true });
});

test('an input that should be refused and is accepted fails the row', () => {
  const row = gathered((gatherer) => gatherer.refuse(ShapeError, () => 'a patch'));
  expect(row).toMatchObject({ ok: false, refused: {} });
});

test('a refusal of another class is not the refusal asked for', () => {
  const other = new DomainError('another');
  const gatherer = new RowGatherer();
  const fail = (): never => {
    throw other;
  };
  expect(() => gatherer.refuse(ShapeError, fail)).toThrow(other);
  expect(() => gatherer.refuse(DegenerateBase, fail)).toThrow(other);
  expect(gatherer.row(ABOUT).refused).toEqual({});
});

test('an attempt gives its value, counts a degenerate base, and lets other errors through', () => {
  const gatherer = new RowGatherer();
  expect(gatherer.attempt(() => 7)).toBe(7);
  const degenerate = (): never => {
    throw new DegenerateBase('zero');
  };
  expect(gatherer.attempt(degenerate)).toBeUndefined();
  expect(gatherer.attempt(degenerate)).toBeUndefined();
  expect(() =>
    gatherer.attempt(() => {
      throw new ShapeError('shape');
    }),
  ).toThrow(ShapeError);
  gatherer.trial({ observed: 0, overBound: 0 });
  expect(gatherer.row(ABOUT)).toMatchObject({ refused: { DegenerateBase: 2 }, ok: true });
});

test('what JSON cannot say is written as the largest double, so that no number becomes null', () => {
  for (const wrong of [NaN, Infinity]) {
    const { layer, block, variant, exactResidual, ...row } = gathered((gatherer) => {
      gatherer.trial({ observed: wrong, overBound: wrong });
      gatherer.exactError(wrong);
      gatherer.control('uncaught', vector(wrong), vector(wrong), vector(1));
    });
    const numbers = numbersInJson(JSON.parse(JSON.stringify(row)));
    expect(numbers).toHaveLength(7); // trials, two over bounds, exact error, residuals, a control
    for (const entry of numbers) expect(Number.isFinite(entry)).toBe(true);
    expect(row).toMatchObject({
      maxResidual: Number.MAX_VALUE,
      maxResidualOverBound: Number.MAX_VALUE,
      exactErrorOverBound: Number.MAX_VALUE,
      ok: false,
    });
  }
});
