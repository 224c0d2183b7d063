/**
 * How a block is wired: what its mixing layer and its perceptron read, and what their outputs are
 * added to. A wiring says nothing of sizes or weights.
 *
 *   x  the tokens            m = A(mixerInput(x))     r = residual(x, m)
 *   z = input(m, r)          y = MLP(z)               out = output(r + y), or output(y) without r
 *
 * @module
 */

export type WiringName = 'plain' | 'v1-skip' | 'residual' | 'pre-ln' | 'post-ln';

/** The two things a wiring does with values, given by whoever evaluates it. */
export interface WiringTools<V> {
  add(x: V, y: V): V;
  norm(name: string, x: V): V;
}

export interface Wiring {
  /** The norms it uses; their parameters are NAME.g and NAME.b. */
  readonly norms: readonly string[];
  mixerInput<V>(tools: WiringTools<V>, x: V): V;
  /** r, or null where the block has no residual connection. */
  residual<V>(tools: WiringTools<V>, x: V, m: V): V | null;
  input<V>(tools: WiringTools<V>, m: V, r: V | null): V;
  output<V>(tools: WiringTools<V>, sum: V): V;
}

const same = <V>(_: WiringTools<V>, x: V): V => x;
const skip = <V>({ add }: WiringTools<V>, x: V, m: V): V => add(x, m);
const mixed = <V>(_: WiringTools<V>, m: V): V => m;
const afterSkip = <V>(_: WiringTools<V>, m: V, r: V | null): V => r ?? m;

/**
 * The wirings, each with its source.
 *
 *   plain      out = MLP(A)                              arXiv:2507.16003v1, Definition 2.1
 *   v1-skip    out = x + A + MLP(A)                      arXiv:2507.16003v1, appendix B
 *   residual   r = x + A, out = r + MLP(r)               arXiv:2512.11255, Theorem 1 without norm
 *   pre-ln     r = x + A(LN1(x)), out = r + MLP(LN2(r))  GPT-2
 *   post-ln    r = LN1(x + A(x)), out = LN2(r + MLP(r))  arXiv:1706.03762
 */
export const WIRINGS: Readonly<Record<WiringName, Wiring>> = {
  plain: { norms: [], mixerInput: same, residual: () => null, input: mixed, output: same },
  'v1-skip': { norms: [], mixerInput: same, residual: skip, input: mixed, output: same },
  residual: { norms: [], mixerInput: same, residual: skip, input: afterSkip, output: same },
  'pre-ln': {
    norms: ['norm1', 'norm2'],
    mixerInput: ({ norm }, x) => norm('norm1', x),
    residual: skip,
    input: ({ norm }, m, r) => norm('norm2', r ?? m),
    output: same,
  },
  'post-ln': {
    norms: ['norm1', 'norm2'],
    mixerInput: same,
    residual: ({ norm, add }, x, m) => norm('norm1', add(x, m)),
    input: afterSkip,
    output: ({ norm }, sum) => norm('norm2', sum),
  },
};
