/**
 * The gated perceptron of Llama and its relatives (SwiGLU, GeGLU …; arXiv:2002.05202).
 *
 * @module
 */
import { multiply } from '../../autograd/index.ts';
import { ACTIVATIONS, type ActivationName, requireActivation } from '../activations.ts';
import { requireSizes } from '../contextual-layer.ts';
import { biasShape, type ParameterShapes, weightShape } from '../parameters.ts';
import type { Site } from '../sites.ts';
import type { FeedForward, FeedForwardTools } from './feed-forward.ts';

export interface GatedOptions {
  /** Entries of the input and of the output. */
  readonly width: number;
  readonly hidden: number;
  /** Default: silu. */
  readonly activation?: ActivationName;
  /** Default: false. */
  readonly biases?: boolean;
}

/** The sites of a gated perceptron. */
export interface GatedSites {
  readonly gate: Site;
  readonly up: Site;
  readonly down: Site;
}

/** The three sites of a gated perceptron whose parameters stand below `prefix`. */
export const gatedSites = (prefix = ''): GatedSites => {
  const site = (letter: string): Site => ({
    weight: `${prefix}W${letter}`,
    bias: `${prefix}b${letter}`,
  });
  return { gate: site('g'), up: site('u'), down: site('d') };
};

/** The shapes of its parameters. */
export function gatedShapes(width: number, hidden: number, biases: boolean): ParameterShapes {
  return {
    Wg: weightShape(hidden, width),
    Wu: weightShape(hidden, width),
    Wd: weightShape(width, hidden),
    ...(biases && {
      bg: biasShape(hidden, width),
      bu: biasShape(hidden, width),
      bd: biasShape(width, hidden),
    }),
  };
}

/** The hidden vectors g(Wg·z)∘(Wu·z). */
export function gatedHidden<V>(
  { on, linear }: FeedForwardTools<V>,
  { gate, up }: Pick<GatedSites, 'gate' | 'up'>,
  activation: ActivationName,
  z: V,
): V {
  const opened = on.apply(ACTIVATIONS[activation].op, linear(gate, z));
  return on.apply(multiply, opened, linear(up, z));
}

/**
 * y = Wd·(g(Wg·z + bg)∘(Wu·z + bu)) + bd for each row z.
 *
 * Parameters: Wg and Wu hidden×width, Wd width×hidden; bg, bu, bd with `biases`.
 *
 * @throws DomainError if a size is not a positive integer or the activation is unknown.
 */
export function gatedMlp(options: GatedOptions): FeedForward {
  const { width, hidden, activation = 'silu', biases = false } = options;
  requireSizes('gatedMlp', { width, hidden });
  requireActivation('gatedMlp', activation);
  const sites = gatedSites();
  return {
    kind: 'gated',
    width,
    outputWidth: width,
    shapes: gatedShapes(width, hidden, biases),
    inputs: [sites.gate, sites.up],
    outputs: [sites.down],
    forward: (tools, z) => tools.linear(sites.down, gatedHidden(tools, sites, activation, z)),
  };
}
