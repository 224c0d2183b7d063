/**
 * skip_blocks: four wirings in three variants, the cross-position form, and wrong patches.
 *
 * @module
 */
import { blockPatch, runPatched, type Variant } from '../../src/icl/index.ts';
import {
  matrix,
  matrixVector,
  rowOf,
  subtract,
  vectorPseudoinverse,
} from '../../src/linalg/index.ts';
import { type BlockPatch, runBlock, type WiringName } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, toMatrix } from '../support/golden.ts';
import { goldenBlock, rowsAt, runAtAll } from '../support/golden-blocks.ts';

export const tolerance: typeof byDeviation = byDeviation;

const WIRING: Readonly<Record<string, WiringName>> = {
  v1skip: 'v1-skip',
  skip: 'residual',
  postln: 'post-ln',
  preln: 'pre-ln',
};

export function read({ inputs, outputs, residuals }: Golden, agreement: Agreement): void {
  const X = toMatrix(inputs.X);
  const keep: number[] = inputs.keep_query;
  const kept = rowsAt(X, keep);
  for (const [kind, wiring] of Object.entries(WIRING)) {
    const { block, parameters } = goldenBlock(inputs.params, wiring);
    const golden = outputs[kind];
    const full = runAtAll(block, parameters, X);
    const base = runAtAll(block, parameters, kept);
    for (const [runs, expected] of [
      [full, golden.ctx],
      [base, golden.base],
    ] as const) {
      agreement.close(
        `${kind}: A`,
        runs.map((run) => run.attention),
        expected.A,
      );
      agreement.close(
        `${kind}: r`,
        runs.map((run) => run.residual ?? []),
        expected.r,
      );
      agreement.close(
        `${kind}: z`,
        runs.map((run) => run.input),
        expected.z,
      );
      agreement.close(
        `${kind}: out`,
        runs.map((run) => run.output),
        expected.out,
      );
    }
    for (const variant of ['default', 'w1w2', 'w2only'] as Variant[]) {
      base.forEach((run, i) => {
        const name = `${kind} ${variant} ${i}`;
        const target = full[keep[i]];
        const patch = blockPatch(block, parameters, run, target, variant);
        comparePatch(agreement, name, patch, golden.variants[variant][i]);
        const context = matrix(i, X.cols, kept.data.slice(0, i * X.cols));
        const patched = runPatched(block, parameters, context, rowOf(kept, i), patch);
        agreement.close(`${name}: out`, patched.output, golden.ctx.out[keep[i]]);
      });
    }
  }
  crossPosition(inputs, outputs.cross_position, agreement);
  negativeControls(inputs, residuals.f64, agreement);
}

function comparePatch(
  agreement: Agreement,
  name: string,
  { weights, biases }: BlockPatch,
  golden: Golden,
): void {
  const ours = [...Object.keys(weights), ...Object.keys(biases)].sort();
  agreement.same(`${name}: sites`, ours.join(), Object.keys(golden).sort().join());
  for (const [site, { p, v }] of Object.entries(weights)) {
    agreement.close(`${name}: ${site} u`, p, golden[site].u);
    agreement.close(`${name}: ${site} v`, v, golden[site].v);
  }
  for (const [site, shift] of Object.entries(biases)) {
    agreement.close(`${name}: ${site}`, shift, golden[site]);
  }
}

/** One base, the query token alone, for every position of the contextual run. */
function crossPosition(inputs: Golden, golden: Golden, agreement: Agreement): void {
  const { block, parameters } = goldenBlock(inputs.params, 'pre-ln');
  const X = toMatrix(inputs.X);
  const nothing = matrix(0, X.cols);
  const query = rowOf(X, X.rows - 1);
  const base = runBlock(block, parameters, nothing, query);
  agreement.close('cross: z', base.input, golden.base_z);
  agreement.close('cross: r', base.residual ?? [], golden.base_r);
  runAtAll(block, parameters, X).forEach((target, i) => {
    const patch = blockPatch(block, parameters, base, target);
    comparePatch(agreement, `cross ${i}`, patch, golden.patches[i]);
    const patched = runPatched(block, parameters, nothing, query, patch);
    agreement.close(`cross ${i}: out`, patched.output, Array.from(target.output));
  });
}

/** The wrong patches of the file miss by what it says they miss by. */
function negativeControls(inputs: Golden, expected: Golden, agreement: Agreement): void {
  const { block, parameters } = goldenBlock(inputs.params, 'pre-ln');
  const X = toMatrix(inputs.X);
  const kept = rowsAt(X, inputs.keep_query);
  const W1 = parameters['mlp.W1'];
  const base = runAtAll(block, parameters, kept);
  const full = runAtAll(block, parameters, X);
  const last = base.length - 1;
  const run = base[last];
  const target = full[inputs.keep_query[last]];
  const right = blockPatch(block, parameters, run, target);
  const context = matrix(last, X.cols, kept.data.slice(0, last * X.cols));
  /** The largest miss at the last retained position. */
  const missOf = (wrong: BlockPatch): number => {
    const { output } = runPatched(block, parameters, context, rowOf(kept, last), wrong);
    return Math.max(...subtract(output, target.output).map(Math.abs));
  };
  const onW1 = (p: Float64Array, v: Float64Array): BlockPatch => ({
    weights: { W1: { p, v } },
    biases: right.biases,
  });
  const { p, v } = right.weights.W1;
  const moved = matrixVector(W1, subtract(target.attention, run.attention));
  const shift = subtract(target.residual ?? run.input, run.residual ?? run.input);
  const squared = run.input.reduce((sum, entry) => sum + entry * entry, 0);
  const softened = run.input.map((entry) => entry / (squared + 1e-8));
  const controls: Record<string, number> = {
    neg_preln_base_A: missOf(onW1(moved, vectorPseudoinverse(run.attention))),
    neg_preln_resid_diff: missOf(onW1(matrixVector(W1, shift), v)),
    neg_preln_eps1e8: missOf(onW1(p, softened)),
    neg_preln_no_bias: missOf({ weights: right.weights, biases: {} }),
  };
  for (const [name, value] of Object.entries(controls)) {
    agreement.holds(`${name} misses`, value > (name === 'neg_preln_eps1e8' ? 1e-11 : 1e-3));
    // The ε control is a difference of nearly equal numbers: equal to three digits in any rounding.
    agreement.within(name, value, expected[name], (golden) => 1e-3 * golden);
  }
}
