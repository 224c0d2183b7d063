/**
 * The public functions that take vectors, each with arguments that it accepts.
 *
 * @module
 */
import {
  attentionMarginals,
  attentionMemory,
  blockPatch,
  changingBase,
  composePatches,
  contextPatch,
  exactErrorOverBound,
  exactIdentityResidual,
  implicitDescent,
  leastSquaresDescent,
  linearAttentionPatch,
  marginalNorms,
  networkPatch,
  patchBehindRelu,
  patchBias,
  patchJointly,
  patchThroughNorm,
  patchToTarget,
  patchWeight,
  patchWeightedBy,
  patchWeightOrBias,
  prefixVectors,
  proveContextPatch,
  runNetwork,
  sphereClosest,
  staticNetworkPatch,
  staticPatch,
  suffixVectors,
  unseenPart,
} from '../../src/icl/index.ts';
import { identity, type Matrix, multiplyNT, type Random } from '../../src/linalg/index.ts';
import {
  type BlockRun,
  contextualBlock,
  gpt2Block,
  linearAttentionLayer,
  llamaBlock,
  network,
  type Parameters,
  part,
  runBlock,
  softmaxAttention,
} from '../../src/model/index.ts';
import { normalMatrix } from '../support/cases.ts';
import { drawParameters } from './arbitraries.ts';

/** One call of a public function. */
export interface Call {
  /** All numbers that it reads, of which none may be NaN or infinite. */
  readonly reads: readonly Float64Array[];
  /** Vectors, each of which leaves it without a base when it is 0. */
  readonly bases: readonly Float64Array[];
  call(): unknown;
}

const dataOf = (parameters: Parameters): Float64Array[] =>
  Object.values(parameters).map(({ data }) => data);

const attention = { tokenWidth: 5, width: 5, heads: 1 };

/** W (3×5) and vectors of five normal draws. */
function site(random: Random) {
  const vector = (): Float64Array => normalMatrix(1, 5, random).data;
  return { W: normalMatrix(3, 5, random), a: vector(), target: vector(), vector };
}

/** A plain block, three tokens and a query. */
function prompt(random: Random) {
  const layer = softmaxAttention(attention);
  const block = contextualBlock({ wiring: 'plain', layer, hidden: 3, outputWidth: 2 });
  const parameters = drawParameters(block.shapes, random);
  const context = normalMatrix(3, 5, random);
  const query = normalMatrix(1, 5, random).data;
  const reads = [...dataOf(parameters), context.data, query];
  // Without Wo the layer returns 0 whatever it reads.
  return { block, parameters, context, query, reads, bases: [parameters['layer.Wo'].data] };
}

/** Two blocks and four tokens. */
function stack(random: Random) {
  const sizes = { width: 4, heads: 1, hidden: 5 };
  const net = network([gpt2Block(sizes), llamaBlock(sizes)]);
  const parameters = drawParameters(net.shapes, random);
  const tokens = normalMatrix(4, 4, random);
  // Without gain and shift the norm before the second network gives 0.
  const bases = [parameters['blocks.1.norm2.g'].data];
  return { net, parameters, tokens, reads: [...dataOf(parameters), tokens.data], bases };
}

/** A block with a residual connection in both runs, and what of the runs the default patch reads. */
function runsOf(random: Random) {
  const block = gpt2Block({ width: 4, heads: 1, hidden: 5 });
  const parameters = drawParameters(block.shapes, random);
  const query = normalMatrix(1, 4, random).data;
  const [rest, full] = [1, 3].map((n) => normalMatrix(n, 4, random));
  const [base, contextual] = [rest, full].map(
    (context: Matrix): BlockRun => structuredClone(runBlock(block, parameters, context, query)),
  );
  const [r, rFull] = [base.residual, contextual.residual];
  if (!r || !rFull) throw new Error('a residual connection is required');
  return { block, parameters, base, contextual, residuals: [r, rFull] };
}

/** By name, with arguments drawn anew at each call. */
export const ENTRY_POINTS: Readonly<Record<string, (random: Random) => Call>> = {
  patchWeight(random) {
    const { W, a, target } = site(random);
    return { reads: [W.data, a, target], bases: [a], call: () => patchWeight(W, a, target) };
  },
  patchToTarget(random) {
    const { a, target } = site(random);
    return { reads: [a, target], bases: [a], call: () => patchToTarget(target, a) };
  },
  patchBias(random) {
    const { W, a, target } = site(random);
    return { reads: [W.data, a, target], bases: [], call: () => patchBias(W, a, target) };
  },
  patchJointly(random) {
    const { W, a, target } = site(random);
    return { reads: [W.data, a, target], bases: [], call: () => patchJointly(W, a, target, 0.5) };
  },
  patchWeightOrBias(random) {
    const { W, a, target } = site(random);
    return { reads: [W.data, a, target], bases: [], call: () => patchWeightOrBias(W, a, target) };
  },
  patchBehindRelu(random) {
    const { W, a, target } = site(random);
    const bias = normalMatrix(1, 3, random).data;
    const call = () => patchBehindRelu(W, bias, a, target);
    return { reads: [W.data, bias, a, target], bases: [a], call };
  },
  patchWeightedBy(random) {
    const { W, a, target } = site(random);
    const R = normalMatrix(5, 5, random);
    const S = multiplyNT(R, R);
    identity(5).data.forEach((one, at) => {
      S.data[at] += one;
    });
    const call = () => patchWeightedBy(S, W, a, target);
    return { reads: [S.data, W.data, a, target], bases: [a], call };
  },
  patchThroughNorm(random) {
    const { a, target, vector } = site(random);
    const s = vector();
    const method = (['scalar', 'component-wise', 'secular'] as const)[random.integer(3)];
    const call = () => patchThroughNorm(method, target, a, s, 1e-5);
    return { reads: [target, a, s], bases: [], call };
  },
  sphereClosest(random) {
    const { a, target } = site(random);
    return { reads: [a, target], bases: [a, target], call: () => sphereClosest(a, target, 1) };
  },
  unseenPart(random) {
    const { W, a } = site(random);
    return { reads: [W.data, a], bases: [a], call: () => unseenPart(W, a) };
  },
  exactErrorOverBound(random) {
    const { W, a, target } = site(random);
    const { p, v } = patchWeight(W, a, target);
    const call = () => exactErrorOverBound(W, a, target, { p, v });
    return { reads: [W.data, a, target, p, v], bases: [], call };
  },
  exactIdentityResidual(random) {
    const { W, a, target } = site(random);
    const call = () => exactIdentityResidual(W, a, target);
    return { reads: [W.data, a, target], bases: [a], call };
  },
  implicitDescent(random) {
    const { W, a, target, vector } = site(random);
    const prefixes = [a, target, vector()];
    const call = () => implicitDescent(W, prefixes);
    return { reads: [W.data, ...prefixes], bases: [a], call };
  },
  marginalNorms(random) {
    const { W, a, target, vector } = site(random);
    const prefixes = [a, target, vector()];
    const call = () => marginalNorms(W, prefixes);
    return { reads: [W.data, ...prefixes], bases: [a], call };
  },
  changingBase(random) {
    const { W, a, target, vector } = site(random);
    const suffixes = [target, vector(), a];
    const call = () => changingBase(W, suffixes);
    return { reads: [W.data, ...suffixes], bases: [a], call };
  },
  leastSquaresDescent(random) {
    const { W, a, vector } = site(random);
    const inputs = [a, vector()];
    const targets = inputs.map(() => normalMatrix(1, 3, random).data);
    const call = () => leastSquaresDescent(W, inputs, targets);
    return { reads: [W.data, ...inputs, ...targets], bases: inputs, call };
  },
  attentionMemory(random) {
    const layer = linearAttentionLayer(attention);
    const parameters = drawParameters(layer.shapes, random);
    const tokens = normalMatrix(3, 5, random);
    const reads = [parameters['Wk'].data, parameters['Wv'].data, tokens.data];
    return { reads, bases: [], call: () => attentionMemory(parameters, tokens) };
  },
  linearAttentionPatch(random) {
    const layer = linearAttentionLayer({ ...attention, outputProjection: true });
    const parameters = drawParameters(layer.shapes, random);
    const { W, a: query } = site(random);
    const context = normalMatrix(3, 5, random);
    return {
      reads: [...dataOf(parameters), W.data, context.data, query],
      bases: [query, parameters['Wo'].data],
      call: () => linearAttentionPatch(parameters, W, context, query, { removed: [0, 2] }),
    };
  },
  attentionMarginals(random) {
    const parameters = drawParameters(softmaxAttention(attention).shapes, random);
    const { a: query } = site(random);
    const context = normalMatrix(3, 5, random);
    const call = () => attentionMarginals(attention, parameters, context, query);
    return { reads: [...dataOf(parameters), context.data, query], bases: [], call };
  },
  prefixVectors(random) {
    const layer = softmaxAttention(attention);
    const parameters = drawParameters(layer.shapes, random);
    const [context, { a: query }] = [normalMatrix(3, 5, random), site(random)];
    const call = () => prefixVectors(layer, parameters, context, query);
    return { reads: [...dataOf(parameters), context.data, query], bases: [], call };
  },
  suffixVectors(random) {
    const layer = softmaxAttention(attention);
    const parameters = drawParameters(layer.shapes, random);
    const [context, { a: query }] = [normalMatrix(3, 5, random), site(random)];
    const call = () => suffixVectors(layer, parameters, context, query);
    return { reads: [...dataOf(parameters), context.data, query], bases: [], call };
  },
  blockPatch(random) {
    const { block, parameters, base, contextual, residuals } = runsOf(random);
    const reads = [parameters['mlp.W1'].data, base.input, contextual.sites['W1'].input];
    const call = () => blockPatch(block, parameters, base, contextual);
    return { reads: [...reads, ...residuals], bases: [base.input], call };
  },
  'blockPatch, w2only'(random) {
    const { block, parameters, base, contextual } = runsOf(random);
    const { input } = base.sites['W2'];
    const call = () => blockPatch(block, parameters, base, contextual, 'w2only');
    return { reads: [base.sum, contextual.sum, input], bases: [input], call };
  },
  staticPatch(random) {
    const { block, parameters, base, contextual, residuals } = runsOf(random);
    const own = dataOf(part(parameters, 'mlp'));
    const reads = [...own, base.input, contextual.input, ...residuals];
    const call = () => staticPatch(block, parameters, [base], [contextual]);
    return { reads, bases: [base.input], call };
  },
  contextPatch(random) {
    const { block, parameters, context, query, reads, bases } = prompt(random);
    const removed = { removed: [0, 2] };
    return { reads, bases, call: () => contextPatch(block, parameters, context, query, removed) };
  },
  proveContextPatch(random) {
    const { block, parameters, context, query, reads, bases } = prompt(random);
    return { reads, bases, call: () => proveContextPatch(block, parameters, context, query) };
  },
  composePatches(random) {
    const { block, parameters, context, query, reads, bases } = prompt(random);
    const call = () => composePatches(block, parameters, context, query, [[1], [0, 2]]);
    return { reads, bases, call };
  },
  networkPatch(random) {
    const { net, parameters, tokens, reads, bases } = stack(random);
    const mode = (['all', 'last', 'everywhere'] as const)[random.integer(3)];
    return { reads, bases, call: () => networkPatch(net, parameters, tokens, [1, 3], { mode }) };
  },
  runNetwork(random) {
    const { net, parameters, tokens, reads } = stack(random);
    return { reads, bases: [], call: () => runNetwork(net, parameters, tokens, [0, 1, 2, 3]) };
  },
  staticNetworkPatch(random) {
    const { net, parameters, tokens, reads, bases } = stack(random);
    return { reads, bases, call: () => staticNetworkPatch(net, parameters, tokens, [1, 3]) };
  },
};
