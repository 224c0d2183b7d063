/**
 * The random language models of the figure of generation, and how their blocks are patched.
 *
 * @module
 */
import type { Variant } from '../../icl/index.ts';
import { Random } from '../../linalg/index.ts';
import {
  gemmaBlock,
  type LanguageModel,
  languageModel,
  llamaBlock,
  network,
  type Parameters,
} from '../../model/index.ts';
import { normalParameters } from '../precision.ts';
import type { GenerationValues } from './settings.ts';

export type Family = 'Llama' | 'Gemma';

export const FAMILIES: readonly Family[] = ['Llama', 'Gemma'];

/** What a variant is called in the figure. */
export interface NamedVariant {
  readonly variant: Variant;
  readonly name: string;
}

/** Llama: gate, up and down, or down alone. Gemma: how the gain of the last norm takes its part. */
export const VARIANTS_OF: Readonly<Record<Family, readonly NamedVariant[]>> = {
  Llama: [
    { variant: 'default', name: 'gate, up and down' },
    { variant: 'w2only', name: 'down alone' },
  ],
  Gemma: [
    { variant: 'component-wise', name: 'component-wise gain' },
    { variant: 'scalar', name: 'scalar gain' },
    { variant: 'secular', name: 'secular gain' },
  ],
};

/** Random streams of the seed. */
const STREAM = { parameters: 1170, prompts: 1171 } as const;

export interface RandomModel {
  readonly model: LanguageModel;
  readonly parameters: Parameters;
}

/**
 * A stack of this family: entries N(0, 1/fan-in), gains of norms about 1; Gemma multiplies its embeddings by
 * √width. Both read their logits with a matrix of their own: Gemma's embeddings, which it reads them with,
 * would make a model that is not trained answer much the same with and without context (measured with seed 1:
 * 81% of tokens).
 */
export function randomModel(family: Family, values: GenerationValues, seed: number): RandomModel {
  const { width, heads, kvHeads, hidden, vocabulary } = values;
  const sizes = { width, heads, kvHeads, hidden };
  const block = family === 'Llama' ? llamaBlock(sizes) : gemmaBlock(sizes);
  const model = languageModel({
    network: network(Array.from({ length: values.blocks }, () => block)),
    vocabulary,
    epsilon: 1e-6,
    ...(family === 'Llama'
      ? { finalNorm: 'rms' as const }
      : { finalNorm: 'rms+1' as const, embeddingFactor: Math.sqrt(width) }),
  });
  const random = new Random(seed, STREAM.parameters, FAMILIES.indexOf(family));
  return { model, parameters: normalParameters(model.shapes, random, values.gainSpread) };
}

/** Prompts of tokens drawn uniformly. */
export function randomPrompts(values: GenerationValues, seed: number): number[][] {
  const random = new Random(seed, STREAM.prompts);
  return Array.from({ length: values.prompts }, () =>
    Array.from({ length: values.promptLength }, () => random.integer(values.vocabulary)),
  );
}
