/**
 * Options that change what a model computes, refused where the family that is read has no such part.
 *
 * A `config.json` holds dozens of keys that change nothing here: names, versions, dropout, initial values, what a
 * cache does, how a text is generated. To refuse every unknown key would refuse most checkpoints, to ignore
 * every unknown key would sometimes compute another model without a word. So the keys that are known to
 * change a result, in any family of transformers, are listed. One that its family reads is read. Any other must be absent
 * or say "not used"; then, and only then, it is ignored with the rest.
 *
 * @module
 */
import type { ConfigOptions } from './options.ts';

/** Off means: absent, null, false, 0, an empty text, list or record. */
const WHERE_OFF = [
  ...['add_cross_attention', 'is_encoder_decoder', 'use_bidirectional_attention'],
  ...['quantization_config', 'compression_config', 'pruned_heads'],
  ...['attention_bias', 'mlp_bias', 'use_bias', 'qkv_bias', 'use_qkv_bias', 'lm_head_bias'],
  ...['qk_norm', 'use_qk_norm', 'qk_layernorm', 'clip_qkv', 'alibi', 'use_alibi'],
  ...['sliding_window', 'use_sliding_window', 'attention_chunk_size', 'no_rope_layers'],
  ...['attn_logit_softcapping', 'final_logit_softcapping', 'query_pre_attn_scalar', 'logit_scale'],
  ...['rope_scaling', 'rope_local_base_freq', 'rotary_dim', 'rope_interleave'],
  ...['scale_attn_by_inverse_layer_idx', 'apply_residual_connection_post_layernorm'],
  ...['num_local_experts', 'num_experts', 'n_routed_experts', 'num_shared_experts'],
  ...['kv_lora_rank', 'q_lora_rank', 'num_kv_shared_layers', 'hidden_size_per_layer_input'],
] as const;

/** Factors: off is also 1. */
const WHERE_ONE = [
  ...['partial_rotary_factor', 'rotary_pct', 'rotary_emb_fraction'],
  ...['embedding_multiplier', 'attention_multiplier', 'residual_multiplier', 'logits_scaling'],
  ...['scale_emb', 'scale_depth'],
] as const;

const isOff = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

/** @throws FormatError naming an option that was not read and that would change the result. */
export function requireNothingElse(options: ConfigOptions, modelType: string): void {
  const known: ReadonlySet<string> = new Set([...WHERE_OFF, ...WHERE_ONE]);
  const factors: ReadonlySet<string> = new Set(WHERE_ONE);
  for (const [name, value] of options.unread()) {
    if (!known.has(name) || isOff(value) || (factors.has(name) && value === 1)) continue;
    throw options.refused(name, `off, since ${modelType} has no such part here,`);
  }
}
