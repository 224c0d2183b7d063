/**
 * A stack of causal Pre-LN layers whose last token is read.
 *
 *   r = x + Attn(LN1(x)),  x ← r + MLP(LN2(r)),  layer by layer
 *
 * The last layer computes only what is read: its queries, attention output and perceptron at the last
 * token of each sequence, keys and values at all of them.
 *
 * @module
 */
import { add, attention, type Evaluator, lastRows, layerNorm } from '../autograd/index.ts';
import { DomainError } from '../linalg/index.ts';
import { ACTIVATIONS, type ActivationName } from './activations.ts';
import { mlp } from './feed-forward/mlp.ts';
import { softmaxAttention } from './layers/softmax-attention.ts';
import {
  constantShape,
  type ParameterShapes,
  type Parameters,
  part,
  prefixed,
} from './parameters.ts';
import { linearSite, type Site } from './sites.ts';

export interface StackOptions {
  readonly layers: number;
  /** Entries of a token, in and out. */
  readonly width: number;
  readonly heads: number;
  /** Hidden entries of each perceptron. */
  readonly hidden: number;
  readonly activation: ActivationName;
  /** ε inside the norms. Default: 1e-5. */
  readonly epsilon?: number;
}

export interface Stack {
  readonly options: Required<StackOptions>;
  /** `layer0.norm1.g`, `layer0.attention.Wq`, `layer0.norm2.g`, `layer0.mlp.W1` and so on. */
  readonly shapes: ParameterShapes;
  /**
   * The output at the last token of `batch` sequences of equal length.
   *
   * Shapes: `sequences` is (batch·T)×width, T ≥ 1; the value is batch×width.
   */
  forward<V>(on: Evaluator<V>, parameters: Parameters<V>, sequences: V, batch: number): V;
}

/**
 * Attention and perceptron have biases, norms a gain and a shift; positions are not encoded.
 *
 * @throws DomainError if a size is not a positive integer, width is no multiple of heads, the
 * activation is unknown, or epsilon is not positive and finite.
 */
export function preLnStack(options: StackOptions): Stack {
  const { layers, width, heads, hidden, activation, epsilon = 1e-5 } = options;
  for (const [what, size] of Object.entries({ layers, hidden })) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new DomainError(`preLnStack: ${what} must be a positive integer, got ${size}`);
    }
  }
  if (!Object.hasOwn(ACTIVATIONS, activation)) {
    const known = Object.keys(ACTIVATIONS).join(', ');
    throw new DomainError(`preLnStack: activation must be one of ${known}, got ${activation}`);
  }
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw new DomainError(`preLnStack: epsilon must be positive and finite, got ${epsilon}`);
  }
  const norm = { g: constantShape(1, width, 1), b: constantShape(1, width, 0) };
  const mixer = softmaxAttention({ tokenWidth: width, width, heads, biases: true });
  const perceptron = mlp({ width, hidden, outputWidth: width, activation });
  const layerShapes: ParameterShapes = {
    ...prefixed('norm1', norm),
    ...prefixed('attention', mixer.shapes),
    ...prefixed('norm2', norm),
    ...prefixed('mlp', perceptron.shapes),
  };
  const names = Array.from({ length: layers }, (_, i) => `layer${i}`);

  /** One layer at all tokens, or at the last of each sequence. */
  function layer<V>(on: Evaluator<V>, p: Parameters<V>, x: V, batch: number, last: boolean): V {
    const asking = (rows: V): V =>
      last ? on.apply(lastRows(on.read(x).rows / batch), rows) : rows;
    const normalised = (which: string, rows: V): V =>
      on.apply(layerNorm({ epsilon }), rows, p[`${which}.g`], p[`${which}.b`]);
    const project = (letter: string, rows: V): V =>
      linearSite(on, p, { weight: `attention.W${letter}`, bias: `attention.b${letter}` }, rows);
    const tokens = normalised('norm1', x);
    const mixed = on.apply(
      attention({ batch, heads, causal: !last, queryRow: last }), // the last token sees all anyway
      project('q', asking(tokens)),
      project('k', tokens),
      project('v', tokens),
    );
    const r = on.apply(add, asking(x), project('o', mixed));
    const own = part(p, 'mlp');
    const linear = (site: Site, s: V): V => linearSite(on, own, site, s);
    const y = perceptron.forward({ on, p: own, linear }, normalised('norm2', r));
    return on.apply(add, r, y);
  }

  return {
    options: { layers, width, heads, hidden, activation, epsilon },
    shapes: Object.assign({}, ...names.map((name) => prefixed(name, layerShapes))),
    forward: (on, parameters, sequences, batch) =>
      names.reduce(
        (x, name, i) => layer(on, part(parameters, name), x, batch, i === layers - 1),
        sequences,
      ),
  };
}
