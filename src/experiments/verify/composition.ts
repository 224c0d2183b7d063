/**
 * Composition (1.5): a context removed in two parts, the second patch on top of the first.
 *
 * @module
 */
import {
  composePatches,
  contextPatch,
  patchedProductBound,
  preActivationBound,
} from '../../icl/index.ts';
import { addRankOne, matrixVector, norm, Random } from '../../linalg/index.ts';
import { runBlock } from '../../model/index.ts';
import { randomCase } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const ABOUT = {
  theorem: '1.5',
  title: 'removing part by part composes',
  layer: 'softmax',
  block: 'plain',
  variant: 'two parts',
} as const;

/**
 * The bound adds up: stage 1 moves the pre-activation by at most E_z of its own site; stage 2 is
 * Theorem 5 on the matrix that stage 1 left, whose target is stage 1's pre-activation.
 */
export const composition: Verification = {
  ...ABOUT,
  run(trials, seed) {
    const random = new Random(seed, 15);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const { block, parameters, context, query, removed } = randomCase(random);
      const cut = random.integer(removed.length + 1);
      const parts = [removed.slice(0, cut), removed.slice(cut)];
      const contextual = runBlock(block, parameters, context, query);
      const stages = composePatches(block, parameters, context, query, parts);
      const b1 = parameters['mlp.b1'].data;
      const vectors = [contextual.attention, ...stages.map(({ run }) => run.attention)];
      const matrices = [parameters['mlp.W1'], ...stages.map((stage) => stage.parameters['mlp.W1'])];
      const bounds = parts.map((_, k) =>
        preActivationBound(matrices[k], b1, vectors[k + 1], vectors[k]),
      );
      const bound = bounds[0].map((entry, i) => entry + bounds[1][i]);
      const { preActivation } = stages[1].run;
      const off = preActivation.map((entry, i) => Math.abs(entry - contextual.preActivation[i]));
      gatherer.trial({
        observed: Math.max(...off),
        overBound: Math.max(...off.map((entry, i) => (entry === 0 ? 0 : entry / bound[i]))),
      });
      sumOfSeparatePatches();

      /** W + ΔW(Y₁) + ΔW(Y₂), each from the full context: not the composition. */
      function sumOfSeparatePatches(): void {
        if (cut === 0 || cut === removed.length) return;
        const separate = parts.map((part) =>
          contextPatch(block, parameters, context, query, { removed: part }),
        );
        // Where one part has next to no effect of its own there is nothing to get wrong.
        const size = norm(matrixVector(matrices[0], vectors[0]));
        if (separate.some(({ patch }) => norm(patch.weights.W1.p) < size / 100)) return;
        const W = separate.reduce(
          (sum, { patch }) => addRankOne(sum, patch.weights.W1),
          matrices[0],
        );
        const a = vectors[2];
        const z = matrixVector(W, a).map((entry, i) => entry + b1[i]);
        const rounding = patchedProductBound(matrices[0], a, vectors[0]);
        gatherer.control(
          'sum of the separate patches',
          z,
          contextual.preActivation,
          bound.map((entry, i) => entry + rounding[i]),
        );
      }
    }
    return gatherer.row(ABOUT);
  },
};
