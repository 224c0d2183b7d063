/**
 * preln_stack3, llama_stack2: language models; every mode and variant of patches, and generation.
 *
 * @module
 */
import { eager } from '../../src/autograd/index.ts';
import {
  generatePatched,
  type NetworkPatch,
  networkPatch,
  outputsOf,
  runNetwork,
  type Variant,
} from '../../src/icl/index.ts';
import { type Matrix, maxAbs, rowOf, subtract } from '../../src/linalg/index.ts';
import { generate } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, rowsOf } from '../support/golden.ts';
import { describedModel } from '../support/golden-models.ts';
import { comparePatch } from './patch-agreement.ts';

export const tolerance: typeof byDeviation = byDeviation;

const VARIANTS: Readonly<Record<string, Variant>> = {
  default: 'default',
  w1w2: 'w1w2',
  w2only: 'w2only',
  downonly: 'w2only',
};

export function read({ inputs, outputs, residuals }: Golden, agreement: Agreement): void {
  const { model, parameters } = describedModel(inputs.model);
  const { network } = model.options;
  const { ids, keep, keep2 } = inputs;
  const positions = ids.map((_: number, t: number) => t);
  const X = model.embed(eager, parameters, ids, positions);
  const logitsOf = (runs: NetworkPatch['base']): Matrix =>
    model.logits(eager, parameters, outputsOf(runs[runs.length - 1]));
  const patchesOf = (kept: number[], mode: NetworkPatch['mode'], variant: Variant): NetworkPatch =>
    networkPatch(network, parameters, X, kept, { mode, variant });

  const { contextual, base } = patchesOf(keep, 'all', 'default');
  const streams = contextual.map((runs) => runs.map(({ output }) => output));
  agreement.close('ctx_out', streams, outputs.ctx_out);
  const [full, without] = [logitsOf(contextual), logitsOf(base)];
  agreement.close('ctx_logits', rowsOf(full), outputs.ctx_logits);
  agreement.close('base_logits', rowsOf(without), outputs.base_logits);

  const keys = Object.keys(outputs).filter((key) => key.startsWith('patch_'));
  for (const key of keys) {
    const [, mode, name] = key.split('_') as [string, NetworkPatch['mode'], string];
    const found = patchesOf(keep, mode, VARIANTS[name]);
    found.patches.forEach((layer, l) => {
      layer.forEach((patch, i) => {
        const expected = mode === 'everywhere' ? outputs[key][l] : outputs[key][l][i];
        if (expected === null) agreement.same(`${key} ${l} ${i}`, patch, null);
        else if (patch === null) agreement.holds(`${key} ${l} ${i} is there`, false);
        else comparePatch(`${key} ${l} ${i}`, patch, expected, agreement);
      });
    });
    const patched = logitsOf(found.patched);
    const rows = mode === 'all' ? keep.map((_: number, i: number) => i) : [keep.length - 1];
    for (const i of rows) {
      agreement.close(`${key}: logits ${i}`, rowOf(patched, i), outputs.ctx_logits[keep[i]]);
    }
    // The patches as values, applied to a fresh run, do the same.
    const again = runNetwork(network, parameters, rowsAt(X, keep), keep, found.patches);
    agreement.close(`${key}: applied again`, rowsOf(logitsOf(again)), rowsOf(patched));
  }

  const interior = patchesOf(keep2, 'all', 'default');
  const firstRemoved = ids.findIndex((_: number, t: number) => !keep2.includes(t));
  interior.patches.forEach((layer, l) => {
    layer.forEach((patch, i) => {
      if (keep2[i] >= firstRemoved || !patch) return;
      const entries = Object.values(patch.weights).flatMap(({ p }) => Array.from(p));
      const all = [...entries, ...Object.values(patch.biases).flatMap((b) => Array.from(b))];
      agreement.holds(
        `keep2 ${l} ${i}: +0 in every bit`,
        all.every((x) => Object.is(x, 0)),
      );
    });
  });
  const expected = keep2.map((t: number) => outputs.ctx_logits[t]);
  agreement.close('keep2: logits', rowsOf(logitsOf(interior.patched)), expected);

  const misused = patchesOf(keep, 'last', 'default');
  const everywhere = misused.patches.map((layer) => keep.map(() => layer[keep.length - 1]));
  const wrong = logitsOf(runNetwork(network, parameters, rowsAt(X, keep), keep, everywhere));
  const off = (logits: Matrix): number =>
    rowOf(logits, keep.length - 1).reduce((most, x, j) => {
      return Math.max(most, Math.abs(x - outputs.ctx_logits[ids.length - 1][j]));
    }, 0);
  agreement.close(
    'neg_mode_last_used_everywhere',
    off(wrong),
    residuals.mp50.neg_mode_last_used_everywhere,
  );
  agreement.close('neg_unpatched_logits', off(without), residuals.mp50.neg_unpatched_logits);

  const rebased = residuals.mp50.rope_rebase_prefix;
  if (rebased !== undefined) {
    // Without a prefix: positions from 0 on instead of those that the tokens had.
    const suffix = positions.slice(2);
    const [there, here] = [suffix, suffix.map((_: number, i: number) => i)].map((at) =>
      logitsOf(runNetwork(network, parameters, rowsAt(X, suffix), at)),
    );
    const off = maxAbs(subtract(here.data, there.data));
    agreement.close('rope_rebase_prefix', off, rebased);
  }

  const count = outputs.generated.length;
  const decoded = generate(model, parameters, ids, count);
  agreement.close('generated', decoded.ids, outputs.generated);
  const patched = generatePatched(model, parameters, ids, keep, count);
  agreement.close('generated_patched', patched.ids, outputs.generated_patched);
  decoded.logits.forEach((logits, k) => {
    agreement.close(`generation ${k}`, patched.logits[k], Array.from(logits));
  });
}

const rowsAt = (X: Matrix, rows: readonly number[]): Matrix => ({
  rows: rows.length,
  cols: X.cols,
  data: Float64Array.from(rows.flatMap((t) => Array.from(rowOf(X, t)))),
});
