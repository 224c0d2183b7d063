/**
 * The families that no small real checkpoint stands for, by the way that a user takes: a folder, a prompt, `deltaw patch`.
 *
 * @module
 */
import { afterEach, expect, test, vi } from 'vitest';
import { patchCommand } from '../../src/cli/patch.ts';
import { writeRandomCheckpoint } from '../support/checkpoint-folder.ts';
import { temporaryFolder } from '../support/run-cli.ts';

afterEach(() => vi.restoreAllMocks());

async function patched(...args: readonly string[]) {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const code = await patchCommand(args);
  vi.restoreAllMocks();
  return { code, ...JSON.parse(printed.join('')) };
}

const IDS = '3,0,7,10,7,1,4,9';
const REMOVALS = ['0:4', '1:4', '2:3,5:6'];

test.each(
  ['Qwen3', 'Gemma', 'Gemma 2', 'Gemma 3', 'Pythia', 'Mixtral'].flatMap((name) =>
    (['all', 'last', 'everywhere'] as const).map((mode) => ({ name, mode })),
  ),
)(
  '$name, mode $mode: a prefix, an inner part and several are removed within bound',
  async (task) => {
    const { name, mode } = task;
    const model = writeRandomCheckpoint(temporaryFolder(), name);
    const layers = name === 'Gemma 3' ? 3 : 2;
    for (const remove of REMOVALS) {
      const prompt = ['--model', model, '--query-ids', IDS, '--remove', remove, '--mode', mode];
      const found = await patched(...prompt, '--json');
      expect([found.code, found.ok, found.mode], remove).toEqual([0, true, mode]);
      expect(found.layers, remove).toHaveLength(layers);
      expect(found.maxLogitDifference, remove).toBeLessThanOrEqual(found.logitBound);
      expect(found.logitBound, remove).toBeLessThan(1e-9);
      expect(found.maxLogitDifferenceWithoutPatch, remove).toBeGreaterThan(1e6 * found.logitBound);
      for (const { sites } of found.layers) {
        for (const { bound } of sites) expect(bound).toBeLessThan(1e-9);
      }
    }
  },
);
