/**
 * Two real checkpoints, held against values of other programs.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eager } from '../../../src/autograd/index.ts';
import { type Checkpoint, loadCheckpoint, loadTokenizer } from '../../../src/io/index.ts';
import { type Matrix, rowOf } from '../../../src/linalg/index.ts';
import { type BlockValues, decode, TextReader } from '../../../src/model/index.ts';
import { MODELS } from '../../support/models.ts';

const folderOf = (name: string): string => join(MODELS ?? '', name);
const golden = (name: string) =>
  JSON.parse(readFileSync(join(folderOf(name), 'golden.json'), 'utf8'));

/** Every block at every token. */
function blocksOf({ model, parameters }: Checkpoint, ids: readonly number[]) {
  const { network } = model.options;
  const positions = ids.map((_, t) => t);
  let x = model.embed(eager, parameters, ids, positions);
  return network.blocks.map((block, l): { own: BlockValues<Matrix>; ln1: Matrix } => {
    const own = network.own(parameters, l);
    let ln1 = x;
    block.mixBy(eager, own, x, (read) => {
      ln1 = read();
      return x;
    });
    const values = block.finish(eager, own, block.mix(eager, own, x, 1, 'each', positions));
    x = values.output;
    return { own: values, ln1 };
  });
}

function logitsOf(checkpoint: Checkpoint, ids: readonly number[]): Matrix {
  const blocks = blocksOf(checkpoint, ids);
  const { output } = blocks[blocks.length - 1].own;
  return checkpoint.model.logits(eager, checkpoint.parameters, output);
}

const apart = (x: ArrayLike<number>, y: readonly number[]): number => {
  expect(x.length).toBe(y.length);
  return Math.max(...y.map((entry, i) => Math.abs(entry - x[i])));
};

const only = (name: string): string[] => (MODELS === undefined ? [] : [name]);

test('a folder without config.json is refused by name', () => {
  expect(() => loadCheckpoint(import.meta.dirname)).toThrow('hugging-face must hold config.json');
});

describe.each(only('stories260K'))('%s', (name) => {
  test('logits are those of the float64 reference at every token, at once and one by one', () => {
    const checkpoint = loadCheckpoint(folderOf(name));
    const { ids, logits } = golden(name);
    const found = logitsOf(checkpoint, ids);
    // 1e-12 is what was asked for; 1.9e-14 was measured.
    expect(apart(found.data, logits.flat())).toBeLessThan(1e-12);
    const reader = new TextReader(checkpoint.model, checkpoint.parameters);
    ids.forEach((id: number, t: number) => {
      expect(Array.from(reader.read([id]))).toEqual(Array.from(rowOf(found, t)));
    });
  });

  test('200 greedy tokens after the first, and their text', async () => {
    const { model, parameters, beginToken, endTokens } = loadCheckpoint(folderOf(name));
    const { greedy_ids: expected, greedy_text: text } = golden(name);
    expect([beginToken, endTokens]).toEqual([1, [2]]);
    const { ids } = decode(model, parameters, [1], 200);
    expect([1, ...ids]).toEqual(expected);
    const tokenizer = await loadTokenizer(folderOf(name));
    expect(tokenizer.decode(expected)).toBe(text);
  });
});

describe.each(only('gpt-nano-sort'))('%s', (name) => {
  test('logits are those of the float64 reference, intermediates those of the author', () => {
    const checkpoint = loadCheckpoint(folderOf(name));
    const { ids, logits_f64: logits, torch_f32: torch } = golden(name);
    let worst = 0;
    const found: Record<string, number[]> = {};
    const keep = (what: string, values: Matrix): void => {
      found[what] = [...(found[what] ?? []), ...values.data];
    };
    ids.forEach((sequence: number[], i: number) => {
      const own = logitsOf(checkpoint, sequence);
      worst = Math.max(worst, apart(own.data, logits[i].flat()));
      const blocks = blocksOf(checkpoint, sequence);
      const [{ own: first, ln1 }] = blocks;
      keep('ln1', ln1);
      keep('attnResid', first.residual ?? first.attention);
      keep('gelu', first.hidden);
      keep('mlpResid', first.output);
      keep('block2', blocks[2].own.output);
      keep('lm_head', own);
    });
    expect(worst).toBeLessThan(1e-12);
    expect(Object.keys(found).sort()).toEqual(Object.keys(torch).sort());
    for (const [what, values] of Object.entries(found)) {
      // The author's run was in float32.
      expect(apart(values, torch[what].data), what).toBeLessThan(3e-6);
    }
  });
});
