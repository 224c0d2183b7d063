/**
 * Theorem 1 (1.2) on prompts of every function class and input shift, baselines beside it: the update
 * does not ask what the prompt is about.
 *
 * @module
 */
import { proveContextPatch } from '../../icl/index.ts';
import { norm, Random, subtract } from '../../linalg/index.ts';
import {
  BASELINES,
  contextualBlock,
  FUNCTION_CLASSES,
  functionPrompts,
  INPUT_SHIFTS,
  initialise,
  predictQuery,
  softmaxAttention,
} from '../../model/index.ts';
import { RowGatherer, type Verification } from './row.ts';

const DIMENSION = 6;

/**
 * The bound is that of the block. Beside it every baseline must give a finite prediction for the
 * query: a prompt that no rule can read would be no test.
 */
export const functionPromptPatches: Verification = {
  theorem: '1.2',
  title: 'removing context = adding ΔW, on every function class',
  layer: 'softmax',
  block: 'plain',
  variant: 'function classes',
  run(trials, seed) {
    const random = new Random(seed, 10);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const layer = softmaxAttention({ tokenWidth: DIMENSION + 1, width: 8, heads: 2 });
      const block = contextualBlock({ layer, hidden: 12, outputWidth: DIMENSION + 1 });
      const parameters = initialise(block.shapes, random);
      const [prompt] = functionPrompts(
        {
          functionClass: FUNCTION_CLASSES[trial % FUNCTION_CLASSES.length],
          shift: INPUT_SHIFTS[Math.floor(trial / FUNCTION_CLASSES.length) % INPUT_SHIFTS.length],
          dimension: DIMENSION,
          // Fewer pairs than inputs, so that an orthogonal query exists.
          pairs: 1 + random.integer(DIMENSION - 1),
        },
        random,
      );
      const { context, query } = prompt;
      const proof = proveContextPatch(block, parameters, context, query);
      const predictions = BASELINES.flatMap((baseline) =>
        Array.from(predictQuery(baseline, prompt)),
      );
      gatherer.trial({
        observed: proof.output.observed,
        overBound: predictions.every(Number.isFinite) ? proof.output.overBound : NaN,
      });
      const { base, contextual } = proof;
      if (norm(subtract(contextual.output, base.output)) < norm(base.output) / 10) continue;
      const bound = base.output.map(() => proof.output.bound);
      gatherer.control('no patch', base.output, contextual.output, bound);
    }
    return gatherer.row(this);
  },
};
