/**
 * What a `config.json` says: a model, and where its parameters are stored.
 *
 * @module
 */
import type { LanguageModel } from '../../model/index.ts';
import type { Place } from './places.ts';

/** What stands before the names of tensors: of those of the body, and of those that read the logits. */
export interface Prefix {
  readonly body: string;
  readonly head: string;
}

export interface Description {
  /** `gpt2`, `llama` … */
  readonly modelType: string;
  readonly model: LanguageModel;
  /** Where each parameter of the model is stored; tensors without their prefix. */
  readonly places: Readonly<Record<string, Place>>;
  /** Checkpoints were written with one of these; the first that fits is taken. */
  readonly prefixes: readonly Prefix[];
  /** Tensors that hold nothing to be read: masks, tables of angles, parts that see pictures. */
  readonly ignored: readonly RegExp[];
  /** Where the logits are read with the embeddings: a tensor that may hold them once more. */
  readonly copyOfEmbeddings: string | null;
  /** Tokens that the model was made for. */
  readonly context: number | null;
  readonly beginToken: number | null;
  /** Tokens that end a text. */
  readonly endTokens: readonly number[];
}

/** What a family adds to what all have in common. */
export type FamilyDescription = Omit<
  Description,
  'modelType' | 'context' | 'beginToken' | 'endTokens'
>;

/** The body below a name or at the top. */
export const below = (name: string): readonly Prefix[] => [
  { body: `${name}.`, head: '' },
  { body: '', head: '' },
];

/** Tables of angles that older checkpoints hold. */
export const ANGLES: RegExp = /\.rotary_emb\.inv_freq$/;
