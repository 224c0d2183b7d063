/**
 * Work (g): prompts proved a second, on the toy transformer before training.
 *
 * @module
 */
import { TOY_DEFAULTS, toyBlock } from '../../src/experiments/toy-settings.ts';
import { type PatchProof, proveContextPatch } from '../../src/icl/index.ts';
import { Random } from '../../src/linalg/index.ts';
import { initialise, linearPrompt } from '../../src/model/index.ts';
import type { Judge, Program, Work } from '../runner/contract.ts';

/** Prompts that are proved in turn, so that no run is the repetition of the one before. */
const PROMPTS = 64;

async function proofs(): Promise<Program> {
  const block = toyBlock(TOY_DEFAULTS);
  const parameters = initialise(block.shapes, new Random(TOY_DEFAULTS.seed, 1));
  const random = new Random(TOY_DEFAULTS.seed, 3);
  const prompts = Array.from({ length: PROMPTS }, () => linearPrompt(TOY_DEFAULTS, random));
  let next = 0;
  const prove = (): PatchProof => {
    const { context, query } = prompts[next];
    next = (next + 1) % PROMPTS;
    return proveContextPatch(block, parameters, context, query);
  };
  return {
    run: prove,
    result: () => Array.from({ length: PROMPTS }, () => prove().output.overBound),
  };
}

/** The largest residual over its proved bound: the proof fails above 1. */
const largest: Judge = (overBounds) =>
  overBounds.length === PROMPTS ? overBounds.reduce((a, b) => Math.max(a, b), 0) : Infinity;

export const proofWorks: readonly Work[] = [
  {
    name: 'proof of a prompt',
    family: 'proofs',
    about: 'ΔW of a prompt of the toy, both runs, and the bound on their difference',
    rate: { unit: 'prompts/s', amount: 1 },
    entries: [{ contestant: 'ours', program: proofs }],
    judge: async () => largest,
    tolerance: { float64: 1, float32: 1 },
    when: 'always',
  },
];
