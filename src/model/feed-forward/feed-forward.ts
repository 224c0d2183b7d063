/**
 * What follows the mixing layer of a block: linear sites with something between them.
 *
 *   z → input sites → anything → s₁, s₂ … → output sites → y = Σ_k (W_k·s_k + b_k)
 *
 * A feed-forward network is written once, over two things it is given: an evaluator, and what a linear
 * site does. Plain evaluation, a patched run, the search for a patch and its error bound are the same
 * text with another `linear`.
 *
 * @module
 */
import type { Evaluator } from '../../autograd/index.ts';
import type { ParameterShapes, Parameters } from '../parameters.ts';
import type { Site } from '../sites.ts';

/** What a feed-forward network computes with. */
export interface FeedForwardTools<V> {
  readonly on: Evaluator<V>;
  readonly p: Parameters<V>;
  /** The output of a site at the rows s. */
  linear(site: Site, s: V): V;
}

export interface FeedForward {
  /** 'mlp', 'deep-mlp', 'gated' or 'experts'. */
  readonly kind: string;
  /** Entries of z. */
  readonly width: number;
  /** Entries of y. */
  readonly outputWidth: number;
  readonly shapes: ParameterShapes;
  /** The sites that read z, in the order of their evaluation. */
  readonly inputs: readonly Site[];
  /** The sites whose outputs are added up to y. */
  readonly outputs: readonly Site[];
  /** y for each row of z. Calls `linear` once for each site, inputs and outputs in their order. */
  forward<V>(tools: FeedForwardTools<V>, z: V): V;
  /** What one run chose, from what passed its sites; default: every input site matters. */
  choice?(passed: (site: Site) => Passed): Choice;
}

/** What passed a site in one run. */
export interface Passed {
  readonly input: Float64Array;
  readonly output: Float64Array;
}

/** Which input sites matter in a run, and how clearly they were chosen. */
export interface Choice {
  readonly sites: readonly Site[];
  /** The site that chooses by its output. */
  readonly router: Site;
  /** A run whose router output differs by less than half of it in every entry chooses the same. */
  readonly margin: number;
}
