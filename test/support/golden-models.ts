/**
 * Blocks and language models as golden files describe them.
 *
 * @module
 */
import type { Matrix } from '../../src/linalg/index.ts';
import {
  type Block,
  gemmaBlock,
  gpt2Block,
  gptjBlock,
  type LanguageModel,
  languageModel,
  llamaBlock,
  mixtralBlock,
  type NormKind,
  neoxBlock,
  network,
  type Parameters,
  prefixed,
} from '../../src/model/index.ts';
import { type Golden, toMatrix, toRow } from './golden.ts';

/** Names of activations in the files. */
const ACTIVATION: Readonly<Record<string, string>> = { gelu_tanh: 'geluTanh' };
export const activationOf = (name: string): never => (ACTIVATION[name] ?? name) as never;

const value = (x: number[] | number[][]): Matrix =>
  typeof x[0] === 'number' ? toRow(x as number[]) : toMatrix(x as number[][]);

/** The arrays of `source` under new names. */
const renamed = (source: Golden, names: Readonly<Record<string, string>>): Record<string, Matrix> =>
  Object.fromEntries(
    Object.entries(names)
      .filter(([, from]) => source[from] !== undefined)
      .map(([to, from]) => [to, value(source[from])]),
  );

const same = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, name]));

const attentionOf = ({ attn }: Golden): Parameters =>
  prefixed('layer', renamed(attn, same('Wq', 'Wk', 'Wv', 'Wo', 'bq', 'bk', 'bv', 'bo')));

/** Sizes of a block whose network's first map is W. */
const sizesOf = ({ attn, eps }: Golden, W: number[][]) => ({
  width: W[0].length,
  heads: attn.heads,
  kvHeads: attn.kv_heads ?? attn.heads,
  headWidth: attn.Wq.length / attn.heads,
  hidden: W.length,
  epsilon: eps,
});

const LAYER_NORMS = {
  'norm1.g': 'ln1_g',
  'norm1.b': 'ln1_b',
  'norm2.g': 'ln2_g',
  'norm2.b': 'ln2_b',
};
const MLP = same('W1', 'b1', 'W2', 'b2');
const GATED = same('Wg', 'Wu', 'Wd');

export interface Described {
  readonly block: Block;
  readonly parameters: Parameters;
}

/** A block of one of the families. */
export const DESCRIBED: Readonly<Record<string, (p: Golden) => Described>> = {
  preln: (p) => ({
    block: gpt2Block({ ...sizesOf(p, p.W1), activation: activationOf(p.act) }),
    parameters: {
      ...attentionOf(p),
      ...renamed(p, LAYER_NORMS),
      ...prefixed('mlp', renamed(p, MLP)),
    },
  }),
  llama: (p) => ({
    block: llamaBlock({ ...sizesOf(p, p.Wg), ropeBase: p.attn.rope_base }),
    parameters: {
      ...attentionOf(p),
      ...renamed(p, { 'norm1.g': 'rms1', 'norm2.g': 'rms2' }),
      ...prefixed('mlp', renamed(p, GATED)),
    },
  }),
  gemma: (p) => ({
    block: gemmaBlock({ ...sizesOf(p, p.Wg), ropeBase: p.attn.rope_base }),
    parameters: {
      ...attentionOf(p),
      ...renamed(p, {
        'norm1.w': 'pre_attn',
        'post1.w': 'post_attn',
        'norm2.w': 'pre_ff',
        'post2.w': 'post_ff',
      }),
      ...prefixed('mlp', renamed(p, GATED)),
    },
  }),
  gptj: (p) => ({
    block: gptjBlock(sizesOf(p, p.W1)),
    parameters: {
      ...attentionOf(p),
      ...renamed(p, { 'norm1.g': 'ln1_g', 'norm1.b': 'ln1_b' }),
      ...prefixed('mlp', renamed(p, MLP)),
    },
  }),
  neox: (p) => ({
    block: neoxBlock({ ...sizesOf(p, p.W1), rotated: 0 }),
    parameters: {
      ...attentionOf(p),
      ...renamed(p, LAYER_NORMS),
      ...prefixed('mlp', renamed(p, MLP)),
    },
  }),
  moe: (p) => ({
    block: mixtralBlock({
      ...sizesOf(p, p.experts[0].Wg),
      ropeBase: p.attn.rope_base,
      experts: p.experts.length,
      selected: p.top_k,
    }),
    parameters: {
      ...attentionOf(p),
      ...renamed(p, { 'norm1.g': 'rms1', 'norm2.g': 'rms2' }),
      'mlp.Wr': toMatrix(p.Wr),
      ...Object.assign(
        {},
        ...p.experts.map((expert: Golden, e: number) =>
          prefixed(`mlp.experts.${e}`, renamed(expert, GATED)),
        ),
      ),
    },
  }),
};

/** A language model of the files. */
export function describedModel(model: Golden): { model: LanguageModel; parameters: Parameters } {
  const layers: Described[] = model.layers.map(DESCRIBED[model.kind]);
  const stack = network(layers.map(({ block }) => block));
  const finalNorm: NormKind = model.final === 'ln' ? 'layer' : 'rms';
  return {
    model: languageModel({
      network: stack,
      vocabulary: model.E.length,
      ...(model.Pos && { learnedPositions: model.Pos.length }),
      finalNorm,
      epsilon: model.eps,
    }),
    parameters: {
      E: toMatrix(model.E),
      U: toMatrix(model.U),
      ...(model.Pos && { P: toMatrix(model.Pos) }),
      ...renamed(model, { 'final.g': 'lnf_g', 'final.b': 'lnf_b' }),
      ...renamed(model, { 'final.g': model.final === 'ln' ? 'lnf_g' : 'rmsf' }),
      ...Object.assign(
        {},
        ...layers.map(({ parameters }, l) => prefixed(`blocks.${l}`, parameters)),
      ),
    },
  };
}
