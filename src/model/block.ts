/**
 * Contextual blocks: a mixing layer and a feed-forward network, wired together.
 *
 * @module
 */
import { add, type Evaluator, lastRows, scale, scaleRows } from '../autograd/index.ts';
import { DomainError, rowMatrix } from '../linalg/index.ts';
import type { ActivationName } from './activations.ts';
import type { ContextualLayer } from './contextual-layer.ts';
import type { FeedForward } from './feed-forward/feed-forward.ts';
import { mlp } from './feed-forward/mlp.ts';
import { gainName, normOf, normShapes } from './norms.ts';
import {
  constantShape,
  type ParameterShapes,
  type Parameters,
  part,
  prefixed,
} from './parameters.ts';
import { type BlockPatch, linearSite, NO_PATCH, type Site } from './sites.ts';
import { type Update, WIRINGS, type Wiring, type WiringName, type WiringTools } from './wirings.ts';

/** What the mixing part of a block gives its feed-forward part, a row a token. */
export interface Mixed<V> {
  /** A(C, x), the output of the mixing layer. */
  readonly attention: V;
  /** r, what the feed-forward output is added to; null where there is no residual connection. */
  readonly residual: V | null;
  /** z, what the input sites read. */
  readonly input: V;
}

/** What passed a linear site. */
export interface SiteValues<V> {
  readonly input: V;
  readonly output: V;
}

/** The values of one evaluation, a row a token. */
export interface BlockValues<V> extends Mixed<V> {
  /** Inputs and outputs of the linear sites, by the names of their weights. */
  readonly sites: Readonly<Record<string, SiteValues<V>>>;
  /** W1·z + b1: the output of the first input site. */
  readonly preActivation: V;
  /** h: the input of the first output site. */
  readonly hidden: V;
  /** y, the output of the feed-forward network. */
  readonly update: V;
  /** r + y (with y as the wiring adds it), or y where there is no residual connection. */
  readonly sum: V;
  readonly output: V;
}

export interface Block {
  readonly name: string;
  readonly wiring: Wiring;
  readonly layer: ContextualLayer;
  readonly feedForward: FeedForward;
  /** ε inside the norms. */
  readonly epsilon: number;
  /**
   * The layer's parameters below `layer.`, the feed-forward network's below `mlp.`, norms below their
   * names.
   */
  readonly shapes: ParameterShapes;
  /**
   * The mixing part at the last token of `batch` sequences, or at each token. `positions` as for
   * the layer.
   */
  mix<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    rows: 'query' | 'each',
    positions?: ArrayLike<number>,
  ): Mixed<V>;
  /**
   * The mixing part at the tokens x, where `attend` gives the layer's output from what the layer reads
   * at them: for a layer that remembers the other tokens.
   */
  mixBy<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    x: V,
    attend: (read: () => V) => V,
  ): Mixed<V>;
  /** The feed-forward part on what `mix` gave, each site with its part of the patch. */
  finish<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    mixed: Mixed<V>,
    patch?: BlockPatch,
  ): BlockValues<V>;
  /** `batch` sequences whose last token is the query: `mix` at the query, then `finish`. */
  forward<V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    sequences: V,
    batch: number,
    patch?: BlockPatch,
    positions?: ArrayLike<number>,
  ): BlockValues<V>;
}

/** The parts of a block. */
export interface BlockParts {
  readonly name: string;
  readonly wiring: Wiring;
  readonly layer: ContextualLayer;
  readonly feedForward: FeedForward;
  /** ε inside the norms. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * The block of these parts; see `wirings.ts` for the formulas.
 *
 * @throws DomainError if their widths do not fit, epsilon is not positive and finite, or the factor of the
 * update is 0 or not finite.
 */
export const blockOf = (parts: BlockParts): Block => assemble('blockOf', parts);

function assemble(
  caller: string,
  { name, wiring, layer, feedForward, epsilon = 1e-5 }: BlockParts,
): Block {
  const adds = wiring !== WIRINGS.plain;
  const { width } = layer;
  if (adds && (layer.tokenWidth !== width || feedForward.outputWidth !== width)) {
    throw new DomainError(
      `${caller}: ${name} adds tokens, layer output and block output, so one width is required, got ` +
        `${layer.tokenWidth}, ${width} and ${feedForward.outputWidth}`,
    );
  }
  if (feedForward.width !== width) {
    throw new DomainError(
      `${caller}: the feed-forward network must read the layer's ${width} entries, got ${feedForward.width}`,
    );
  }
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw new DomainError(`${caller}: epsilon must be positive and finite, got ${epsilon}`);
  }
  const { update } = wiring;
  if (update.kind === 'factor' && !(Number.isFinite(update.factor) && update.factor !== 0)) {
    throw new DomainError(
      `${caller}: the factor of the update must be finite and not 0, got ${update.factor}`,
    );
  }
  const norms = Object.entries(wiring.norms).map(([norm, kind]) =>
    prefixed(norm, normShapes(kind, width)),
  );
  const toolsOf = <V>(on: Evaluator<V>, parameters: Parameters<V>): WiringTools<V> => ({
    add: (x, y) => on.apply(add, x, y),
    norm(which, x) {
      const { op, names } = normOf(wiring.norms[which], epsilon);
      return on.apply(op, x, ...names.map((letter) => parameters[`${which}.${letter}`]));
    },
  });
  const mixBy: Block['mixBy'] = (on, parameters, x, attend) => {
    const tools = toolsOf(on, parameters);
    const attention = attend(() => wiring.mixerInput(tools, x));
    const residual = wiring.residual(tools, x, attention);
    return { attention, residual, input: wiring.input(tools, attention, residual, x) };
  };
  const mix: Block['mix'] = (on, parameters, sequences, batch, rows, positions) => {
    const own = part(parameters, 'layer');
    if (rows === 'each') {
      return mixBy(on, parameters, sequences, (read) =>
        layer.atEach(on, own, read(), batch, positions),
      );
    }
    const x = on.apply(lastRows(on.read(sequences).rows / batch), sequences);
    const all = wiring.mixerInput(toolsOf(on, parameters), sequences);
    return mixBy(on, parameters, x, () => layer.atQuery(on, own, all, batch, positions));
  };
  const finish = <V>(
    on: Evaluator<V>,
    parameters: Parameters<V>,
    mixed: Mixed<V>,
    patch: BlockPatch = NO_PATCH,
  ): BlockValues<V> => {
    const tools = toolsOf(on, addGains(on, wiring, parameters, patch));
    const own = part(parameters, 'mlp');
    const sites: Record<string, SiteValues<V>> = {};
    const linear = (site: Site, s: V): V => {
      const output = linearSite(on, own, site, s, patch);
      sites[site.weight] = { input: s, output };
      return output;
    };
    const y = feedForward.forward({ on, p: own, linear }, mixed.input);
    const added = asAdded(on, tools, update, parameters, y);
    const sum = mixed.residual === null ? added : tools.add(mixed.residual, added);
    return {
      ...mixed,
      sites,
      preActivation: sites[feedForward.inputs[0].weight].output,
      hidden: sites[feedForward.outputs[0].weight].input,
      update: y,
      sum,
      output: wiring.output ? tools.norm(wiring.output.norm, sum) : sum,
    };
  };
  return {
    name,
    wiring,
    layer,
    feedForward,
    epsilon,
    shapes: {
      ...prefixed('layer', layer.shapes),
      ...prefixed('mlp', feedForward.shapes),
      ...Object.assign({}, ...norms),
      ...(update.kind === 'factors' && { [update.name]: constantShape(1, width, 1) }),
    },
    mix,
    mixBy,
    finish,
    forward: (on, parameters, sequences, batch, patch, positions) =>
      finish(on, parameters, mix(on, parameters, sequences, batch, 'query', positions), patch),
  };
}

/** y as the wiring adds it. */
function asAdded<V>(
  on: Evaluator<V>,
  { norm }: WiringTools<V>,
  update: Update,
  parameters: Parameters<V>,
  y: V,
): V {
  switch (update.kind) {
    case 'none':
      return y;
    case 'norm':
      return norm(update.norm, y);
    case 'factor':
      return on.apply(scale(update.factor), y);
    case 'factors':
      return on.apply(scaleRows, y, parameters[update.name]);
  }
}

/** The parameters with the patch's part for the norms added. */
function addGains<V>(
  on: Evaluator<V>,
  { norms }: Wiring,
  parameters: Parameters<V>,
  { gains }: BlockPatch,
): Parameters<V> {
  const changed = Object.entries(gains ?? {}).map(([norm, change]) => {
    const name = `${norm}.${gainName(norms[norm])}`;
    return [name, on.apply(add, parameters[name], on.constant(rowMatrix(change)))];
  });
  return changed.length === 0 ? parameters : { ...parameters, ...Object.fromEntries(changed) };
}

/** A block of the paper's kind: one of `WIRINGS` around a layer and a perceptron. */
export interface BlockOptions {
  readonly wiring?: WiringName;
  readonly layer: ContextualLayer;
  readonly hidden: number;
  /** Default: the layer's width, which a residual connection needs. */
  readonly outputWidth?: number;
  readonly activation?: ActivationName;
  /** ε inside the norms. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * A block of the given wiring; see `wirings.ts` for the formulas. The default is the plain block,
 * T_W(C, x) = W2·g(W1·A(C, x) + b1) + b2.
 *
 * @throws DomainError for an unknown wiring or activation, a size that is not a positive integer, or
 * a residual connection that would add vectors of different lengths.
 */
export function contextualBlock(options: BlockOptions): Block {
  const { wiring: name = 'plain', layer, hidden, activation = 'relu', epsilon } = options;
  const { width } = layer;
  const { outputWidth = width } = options;
  const wiring = Object.hasOwn(WIRINGS, name) ? WIRINGS[name] : undefined;
  if (wiring === undefined) {
    const known = Object.keys(WIRINGS).join(', ');
    throw new DomainError(`contextualBlock: wiring must be one of ${known}, got ${name}`);
  }
  const feedForward = mlp({ width, hidden, outputWidth, activation });
  return assemble('contextualBlock', {
    ...{ name, wiring, layer, feedForward },
    ...(epsilon !== undefined && { epsilon }),
  });
}
