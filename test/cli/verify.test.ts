import { expect, test } from 'vitest';
import { VERIFICATIONS } from '../../src/experiments/verify/index.ts';
import { runCli } from '../support/run-cli.ts';

interface Row {
  theorem: string;
  layer: string | null;
  block: string | null;
  trials: number;
  maxResidual: number;
  maxResidualOverBound: number | null;
  exactErrorOverBound: number | null;
  exactResidual: string | null;
  negativeControls: { name: string; residual: number; mustExceed: number; ok: boolean }[];
  refused: Record<string, number>;
  ok: boolean;
}

test('verify --json: every row is within its bound and every wrong patch beyond it', async () => {
  const { code, stdout } = await runCli(['verify', '--json', '--trials', '40']);
  const { ok, results }: { ok: boolean; results: Row[] } = JSON.parse(stdout);
  expect([code, ok]).toEqual([0, true]);
  expect([...new Set(results.map(({ theorem }) => theorem))].sort()).toEqual([
    ...[
      '1.2',
      '1.3',
      '1.4',
      '1.5',
      '1.6',
      '2.1',
      '2.2',
      '2.3',
      '2.4',
      '2.5',
      '2.6',
      '3.1',
      '3.2',
      '3.3',
      '4.1',
      '4.2',
      '4.3',
      '4.4',
      '5.2',
      '5.3',
      '5.4',
      '6.2',
      '6.3',
      '6.4',
      '6.5',
      '7.1',
      '7.2',
      '7.5',
      '7.6',
      '8',
      '9.1',
      '9.2',
      '9.4',
      '9.6',
      '9.7',
    ],
  ]);
  for (const row of results) {
    expect(row.ok).toBe(true);
    // Trials whose precondition failed are counted as refused.
    // A certificate is many statements; there are fewer trials of it.
    expect(row.trials).toBeGreaterThan(row.theorem === '9.7' ? 9 : 30);
    if (['4.3', '7.2', '9.1'].includes(row.theorem)) expect(row.maxResidualOverBound).toBeNull();
    else expect(row.maxResidualOverBound).toBeLessThanOrEqual(1);
    expect(row.negativeControls.length).toBeGreaterThan(0);
    if (row.exactErrorOverBound !== null) expect(row.exactErrorOverBound).toBeLessThanOrEqual(1);
    if (row.exactResidual !== null) expect(row.exactResidual).toBe('0');
    for (const { residual, mustExceed } of row.negativeControls) {
      expect(residual).toBeGreaterThan(mustExceed);
    }
  }
  const [tokenPatch] = results;
  expect(tokenPatch.negativeControls.length).toBe(5);
  expect(tokenPatch.refused).toEqual({
    DegenerateBase: 40,
    NonFiniteError: 40,
    DomainError: 40,
    ShapeError: 40,
  });
});

test('any number of workers gives the same rows in the same order', async () => {
  const args = ['verify', '--trials', '3', '--json', '--workers'];
  const runs = await Promise.all(['1', '3'].map((workers) => runCli([...args, workers])));
  const { results }: { results: Row[] } = JSON.parse(runs[0].stdout);
  expect(results).toMatchObject(
    VERIFICATIONS.map(({ theorem, layer, block, variant }) => ({ theorem, layer, block, variant })),
  );
  for (const { code, stdout } of runs.slice(1)) {
    expect([code, stdout]).toEqual([runs[0].code, runs[0].stdout]);
  }
});

test('filters choose rows, and the same seed gives the same rows', async () => {
  const args = ['verify', '--theorem', '2.3', '--layer', 'softmax', '--trials', '5', '--json'];
  const [first, second, other] = await Promise.all([
    runCli([...args, '--seed', '4']),
    runCli([...args, '--seed', '4']),
    runCli([...args, '--seed', '5']),
  ]);
  expect(JSON.parse(first.stdout).results.length).toBe(2);
  expect(second.stdout).toBe(first.stdout);
  expect(other.stdout).not.toBe(first.stdout);
});

test('without --json it prints a line a row and the verdict', async () => {
  const { stdout } = await runCli(['verify', '--trials', '20', '--theorem', '2.3']);
  const rows = stdout.match(/^holds {2}/gm)?.length;
  expect(stdout).toContain(`${rows} rows: everything holds`);
});

test('it holds for other seeds, controls included', () => {
  for (let seed = 1; seed <= 2; seed++) {
    for (const verification of VERIFICATIONS) {
      const { ok, ...row } = verification.run(30, seed);
      expect({ seed, ...row, ok }).toMatchObject({ ok: true });
    }
  }
});
