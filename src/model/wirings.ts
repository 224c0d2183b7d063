/**
 * How a block is wired: what its mixing layer and its feed-forward network read, and what their outputs
 * are added to. A wiring says nothing of sizes or weights.
 *
 *   x  the tokens                   m = A(mixerInput(x))      r = residual(x, m)
 *   z = input(m, r, x)              y = FF(z)                 sum = r + update(y), or update(y) without r
 *   out = output(sum)
 *
 * @module
 */

/** 'layer': gain and shift. 'rms': gain. 'rms+1': the gain is 1 + w (Gemma). */
export type NormKind = 'layer' | 'rms' | 'rms+1';

/** The things a wiring does with values, given by whoever evaluates it. */
export interface WiringTools<V> {
  add(x: V, y: V): V;
  norm(name: string, x: V): V;
}

/**
 * What y passes before it is added: nothing; a norm with a gain (the sandwich of Gemma, OLMo2); a factor
 * (Granite); or a factor of its own for each entry, a parameter (LayerScale).
 */
export type Update =
  | { readonly kind: 'none' }
  | { readonly kind: 'norm'; readonly norm: string }
  | { readonly kind: 'factor'; readonly factor: number }
  | { readonly kind: 'factors'; readonly name: string };

export interface Wiring {
  /** The norms it uses; their parameters are NAME.g and NAME.b, or NAME.w. */
  readonly norms: Readonly<Record<string, NormKind>>;
  mixerInput<V>(tools: WiringTools<V>, x: V): V;
  /** r, or null where the block has no residual connection. */
  residual<V>(tools: WiringTools<V>, x: V, m: V): V | null;
  input<V>(tools: WiringTools<V>, m: V, r: V | null, x: V): V;
  readonly update: Update;
  /** The norm of the sum, if there is one. */
  readonly output: { readonly norm: string } | null;
}

const same = <V>(_: WiringTools<V>, x: V): V => x;
const skip = <V>({ add }: WiringTools<V>, x: V, m: V): V => add(x, m);
const AS_IT_IS: Update = { kind: 'none' };

/** out = MLP(A): arXiv:2507.16003v1, Definition 2.1. */
export const PLAIN: Wiring = {
  norms: {},
  mixerInput: same,
  residual: () => null,
  input: (_, m) => m,
  update: AS_IT_IS,
  output: null,
};

/** out = x + A + MLP(A): arXiv:2507.16003v1, appendix B. */
export const V1_SKIP: Wiring = { ...PLAIN, residual: skip };

/** r = x + A, out = r + MLP(r): arXiv:2512.11255, Theorem 1 without norm. */
export const RESIDUAL: Wiring = { ...V1_SKIP, input: (_, m, r) => r ?? m };

/** r = x + A(N1(x)), out = r + FF(N2(r)): GPT-2 with layer norms, Llama with RMS norms. */
export function preNorm(kind: NormKind, update: Update = AS_IT_IS): Wiring {
  return {
    norms: { norm1: kind, norm2: kind },
    mixerInput: ({ norm }, x) => norm('norm1', x),
    residual: skip,
    input: ({ norm }, m, r) => norm('norm2', r ?? m),
    update,
    output: null,
  };
}

/** r = LN1(x + A(x)), out = LN2(r + MLP(r)): arXiv:1706.03762. */
export const POST_NORM: Wiring = {
  norms: { norm1: 'layer', norm2: 'layer' },
  mixerInput: same,
  residual: ({ norm, add }, x, m) => norm('norm1', add(x, m)),
  input: (_, m, r) => r ?? m,
  update: AS_IT_IS,
  output: { norm: 'norm2' },
};

/**
 * r = x + N_pa(A(N_in(x))), out = r + N_po(FF(N_pf(r))): Gemma 2 and 3, each part between two norms.
 */
export function sandwich(kind: NormKind): Wiring {
  return {
    norms: { norm1: kind, post1: kind, norm2: kind, post2: kind },
    mixerInput: ({ norm }, x) => norm('norm1', x),
    residual: ({ norm, add }, x, m) => add(x, norm('post1', m)),
    input: ({ norm }, m, r) => norm('norm2', r ?? m),
    update: { kind: 'norm', norm: 'post2' },
    output: null,
  };
}

/** r = x + N1(A(x)), out = r + N2(FF(r)): OLMo2, norms after the parts only. */
export function postPartNorm(kind: NormKind): Wiring {
  return {
    norms: { post1: kind, post2: kind },
    mixerInput: same,
    residual: ({ norm, add }, x, m) => add(x, norm('post1', m)),
    input: (_, m, r) => r ?? m,
    update: { kind: 'norm', norm: 'post2' },
    output: null,
  };
}

/**
 * out = x + A(N1(x)) + FF(N(x)): attention and feed-forward side by side, N = N1 (GPT-J, Falcon, Phi) or
 * a norm of its own (NeoX). The feed-forward input does not see the attention output.
 */
export function parallel(kind: NormKind, ownNorm: boolean): Wiring {
  return {
    norms: ownNorm ? { norm1: kind, norm2: kind } : { norm1: kind },
    mixerInput: ({ norm }, x) => norm('norm1', x),
    residual: skip,
    input: ({ norm }, _m, _r, x) => norm(ownNorm ? 'norm2' : 'norm1', x),
    update: AS_IT_IS,
    output: null,
  };
}

export type WiringName = 'plain' | 'v1-skip' | 'residual' | 'pre-ln' | 'post-ln';

/** The wirings of the paper's blocks, by name. */
export const WIRINGS: Readonly<Record<WiringName, Wiring>> = {
  plain: PLAIN,
  'v1-skip': V1_SKIP,
  residual: RESIDUAL,
  'pre-ln': preNorm('layer'),
  'post-ln': POST_NORM,
};
