/**
 * gemma_block, parallel_blocks, moe_block: one block of a family at the retained tokens of a sequence.
 *
 * @module
 */
import { eager, routing, topKRouting } from '../../src/autograd/index.ts';
import {
  blockBounds,
  type NetworkPatch,
  networkPatch,
  residual,
  sphereClosest,
  type Variant,
} from '../../src/icl/index.ts';
import { maxAbs, norm, rowMatrix, subtract } from '../../src/linalg/index.ts';
import { network, prefixed } from '../../src/model/index.ts';
import { type Agreement, byDeviation, type Golden, toMatrix, toVector } from '../support/golden.ts';
import { DESCRIBED, type Described } from '../support/golden-models.ts';
import { comparePatch } from './patch-agreement.ts';

export const tolerance: typeof byDeviation = byDeviation;

export function read(
  { case: name, inputs, outputs, residuals }: Golden,
  agreement: Agreement,
): void {
  if (name === 'gemma_block') readGemma(inputs, outputs, agreement);
  else if (name === 'moe_block') readExperts(inputs, outputs, residuals, agreement);
  else readParallel(inputs, outputs, residuals, agreement);
}

/** The patches of one block, which must make its output contextual within the bound. */
function patchesOf(
  { block, parameters }: Described,
  { X, keep }: Golden,
  variant: Variant,
  agreement: Agreement,
): NetworkPatch {
  const own = prefixed('blocks.0', parameters);
  const found = networkPatch(network([block]), own, toMatrix(X), keep, { variant });
  keep.forEach((t: number, i: number) => {
    const runs = { base: found.actual[0][i], contextual: found.contextual[0][t] };
    const { output } = blockBounds(block, parameters, runs, variant);
    const { overBound } = residual(found.patched[0][i].output, runs.contextual.output, output);
    agreement.holds(`${block.name} ${variant} ${i}: ${overBound} of its bound`, overBound <= 1);
  });
  return found;
}

function readGemma(inputs: Golden, outputs: Golden, agreement: Agreement): void {
  const described = DESCRIBED['gemma'](inputs.params);
  for (const [key, variant] of [
    ['componentwise', 'component-wise'],
    ['scalar', 'scalar'],
    ['scalar', 'default'],
    ['secular', 'secular'],
  ] as const) {
    const found = patchesOf(described, inputs, variant, agreement);
    for (const part of ['r', 'z', 'out'] as const) {
      const name = { r: 'residual', z: 'input', out: 'output' } as const;
      const values = (runs: NetworkPatch['base']) => runs[0].map((run) => run[name[part]]);
      agreement.close(`ctx.${part}`, values(found.contextual), outputs.ctx[part]);
      agreement.close(`base.${part}`, values(found.base), outputs.base[part]);
    }
    found.patches[0].forEach((patch, i) => {
      if (!patch) return;
      comparePatch(`${variant} ${i}`, patch, outputs[key][i], agreement);
      const [gain, Wd] = [patch.gains?.['post2'], patch.weights['Wd']];
      agreement.close(
        `${key} ${i}: ‖Δw‖`,
        norm(gain ?? toVector([])),
        outputs[`${key}_dscale_norm`][i],
      );
      const size = Wd ? norm(Wd.p) * norm(Wd.v) : 0;
      agreement.close(`${key} ${i}: ‖ΔWd‖`, size, outputs[`${key}_dWd_frob`][i]);
    });
  }
  for (const name of ['secular_hard', 'secular_interior']) {
    const { goal, scale, rho0 } = inputs[name];
    const { point, mu, kind } = sphereClosest(toVector(goal), toVector(scale), rho0);
    agreement.close(`${name}: y`, point, outputs[name].y);
    agreement.close(`${name}: mu`, mu, outputs[name].mu);
    agreement.same(`${name}: case`, kind, outputs[name].case);
  }
}

/** How far the block twice in a row, patched at every retained token, is from contextual. */
function stackedTwice({ block, parameters }: Described, { X, keep }: Golden): number {
  const both = { ...prefixed('blocks.0', parameters), ...prefixed('blocks.1', parameters) };
  const found = networkPatch(network([block, block]), both, toMatrix(X), keep);
  const off = found.patched[1].map(({ output }, i) =>
    maxAbs(subtract(output, found.contextual[1][keep[i]].output)),
  );
  return Math.max(...off);
}

function readParallel(
  inputs: Golden,
  outputs: Golden,
  residuals: Golden,
  agreement: Agreement,
): void {
  for (const family of ['gptj', 'neox']) {
    for (const variant of ['default', 'w2only'] as const) {
      const described = DESCRIBED[family](inputs[family]);
      const found = patchesOf(described, inputs, variant, agreement);
      const outputOf = (runs: NetworkPatch['base']) => runs[0].map(({ output }) => output);
      agreement.close(`${family}: ctx_out`, outputOf(found.contextual), outputs[family].ctx_out);
      agreement.close(`${family}: base_out`, outputOf(found.base), outputs[family].base_out);
      const twice = stackedTwice(described, inputs);
      agreement.close(`${family}_stack2`, twice, residuals.mp50[`${family}_stack2`]);
      const moved = found.actual[0].map(({ input }, i) =>
        maxAbs(subtract(found.contextual[0][inputs.keep[i]].input, input)),
      );
      agreement.same(
        `${family}_first_layer_input_change`,
        Math.max(...moved),
        residuals.mp50[`${family}_first_layer_input_change`],
      );
      found.patches[0].forEach((patch, i) => {
        if (patch)
          comparePatch(`${family} ${variant} ${i}`, patch, outputs[family][variant][i], agreement);
      });
    }
  }
}

function readExperts(
  inputs: Golden,
  outputs: Golden,
  residuals: Golden,
  agreement: Agreement,
): void {
  const described = DESCRIBED['moe'](inputs.params);
  const found = patchesOf(described, inputs, 'default', agreement);
  const [contextual] = found.contextual;
  agreement.close(
    'ctx_out',
    contextual.map(({ output }) => output),
    outputs.ctx_out,
  );
  agreement.close(
    'base_out',
    found.base[0].map(({ output }) => output),
    outputs.base_out,
  );
  agreement.close(
    'ctx_logits',
    contextual.map(({ sites }) => sites['Wr'].output),
    outputs.ctx_logits,
  );
  found.patches[0].forEach((patch, i) => {
    if (patch) comparePatch(`experts ${i}`, patch, outputs.patches[i], agreement);
  });
  readRouting(found, inputs.params.top_k, outputs, agreement);
  // The same patches, with that of the router left out.
  const unpatched = found.actual[0].map((run, i) => {
    const { Wr: _, ...weights } = found.patches[0][i]?.weights ?? {};
    const mixed = {
      attention: rowMatrix(run.attention),
      residual: run.residual && rowMatrix(run.residual),
      input: rowMatrix(run.input),
    };
    const { block, parameters } = described;
    const { output } = block.finish(eager, parameters, mixed, { weights, biases: {} });
    return maxAbs(subtract(output.data, contextual[inputs.keep[i]].output));
  });
  agreement.close(
    'neg_router_unpatched',
    Math.max(...unpatched),
    residuals.mp50.neg_router_unpatched,
  );
}

/** Selected experts, the largest logit first, their weights, and how near another one came. */
function readRouting(
  { contextual, base }: NetworkPatch,
  selected: number,
  outputs: Golden,
  agreement: Agreement,
): void {
  const routes = (runs: NetworkPatch['base']) =>
    runs[0].map(({ sites }) => {
      const logits = rowMatrix(sites['Wr'].output);
      const { data } = eager.apply(topKRouting(selected), logits);
      const chosen = Array.from(data.keys()).filter((e) => data[e] > 0);
      chosen.sort((e, f) => data[f] - data[e]);
      const [{ margin }] = routing(logits, selected);
      return { chosen, weights: chosen.map((e) => data[e]), margin };
    });
  const [ctx, without] = [routes(contextual), routes(base)];
  const chosenOf = (all: typeof ctx): string => JSON.stringify(all.map(({ chosen }) => chosen));
  agreement.same('ctx_sel', chosenOf(ctx), JSON.stringify(outputs.ctx_sel));
  agreement.same('base_sel', chosenOf(without), JSON.stringify(outputs.base_sel));
  agreement.close(
    'ctx_prob',
    ctx.map(({ weights }) => weights),
    outputs.ctx_prob,
  );
  agreement.close(
    'router_margin',
    ctx.map(({ margin }) => margin),
    outputs.router_margin,
  );
}
