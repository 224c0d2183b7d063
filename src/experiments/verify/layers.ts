/**
 * Theorem 1 (1.2) on every contextual layer: it does not ask how a layer mixes its tokens.
 *
 * @module
 */
import { exactErrorOverBound, proveContextPatch, runPatched } from '../../icl/index.ts';
import { norm, Random, subtract } from '../../linalg/index.ts';
import {
  type ContextualLayer,
  contextualBlock,
  convolutionLayer,
  diagonalStateSpaceLayer,
  elmanLayer,
  featureMapAttentionLayer,
  gruLayer,
  initialise,
  linearAttentionLayer,
  lstmLayer,
  meanLayer,
  NO_PATCH,
  selectiveStateSpaceLayer,
  softmaxAttention,
} from '../../model/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

type Size = (most: number) => number;

/** A random layer of each kind on tokens of w entries. */
const LAYERS: Readonly<Record<string, (w: number, size: Size) => ContextualLayer>> = {
  softmax: (w, size) => {
    const heads = size(3);
    return softmaxAttention({
      ...{ tokenWidth: w, width: size(9), heads, headWidth: 2 * size(2), biases: true },
      rope: { style: size(2) === 1 ? 'half' : 'interleaved' },
      alibi: Array.from({ length: heads }, (_, h) => 1 / (h + 2)),
      softCap: 5,
    });
  },
  linear: (w, size) => linearAttentionLayer({ tokenWidth: w, width: 2 * size(4), heads: size(2) }),
  'feature-map': (w, size) =>
    featureMapAttentionLayer({ tokenWidth: w, width: 2 * size(4), heads: size(2) }),
  elman: (w, size) => elmanLayer({ tokenWidth: w, width: size(9) }),
  gru: (w, size) => gruLayer({ tokenWidth: w, width: size(9) }),
  lstm: (w, size) => lstmLayer({ tokenWidth: w, width: size(9) }),
  ssm: (w, size) => diagonalStateSpaceLayer({ tokenWidth: w, states: size(4) }),
  'selective-ssm': (w, size) => selectiveStateSpaceLayer({ tokenWidth: w, states: size(4) }),
  mean: (w, size) => meanLayer({ tokenWidth: w, width: size(9) }),
  convolution: (w, size) => convolutionLayer({ tokenWidth: w, length: 1 + size(5) }),
};

/** One row a layer. */
export const LAYER_PATCHES: readonly Verification[] = Object.entries(LAYERS).map(
  ([layer, make], index) => {
    const about = {
      theorem: '1.2',
      title: 'removing context = adding ΔW, whatever mixes the tokens',
      layer,
      block: 'plain',
      variant: layer === 'softmax' ? 'rotary, ALiBi, soft cap' : null,
    };
    return {
      ...about,
      run(trials, seed) {
        const random = new Random(seed, 13, index);
        const size: Size = (most) => 1 + random.integer(most);
        const gatherer = new RowGatherer();
        for (let trial = 0; trial < trials; trial++) {
          const tokenWidth = size(6);
          const each = make(tokenWidth, size);
          const sizes = { hidden: size(12), outputWidth: size(4) };
          const block = contextualBlock({ layer: each, ...sizes, activation: 'gelu' });
          const parameters = initialise(block.shapes, random);
          const n = size(10);
          const context = normalMatrix(n, tokenWidth, random);
          const query = normalMatrix(1, tokenWidth, random).data;
          const first = random.integer(n);
          const removed = Array.from({ length: n - first }, (_, i) => first + i);
          const options = { removed: trial % 4 === 0 ? ('all' as const) : removed };
          const proof = gatherer.attempt(() =>
            proveContextPatch(block, parameters, context, query, options),
          );
          if (!proof?.preActivation) continue;
          const { base, contextual, output, preActivation } = proof;
          gatherer.trial({
            observed: Math.max(output.observed, preActivation.observed),
            overBound: Math.max(output.overBound, preActivation.overBound),
          });
          const W1 = parameters['mlp.W1'];
          const { W1: update } = proof.patch.weights;
          gatherer.exactError(exactErrorOverBound(W1, base.input, contextual.input, update));
          if (!(norm(subtract(contextual.input, base.input)) >= norm(base.input) / 10)) continue;
          const bound = contextual.preActivation.map(() => preActivation.bound);
          for (const [name, wrong] of [
            ['no patch', NO_PATCH],
            [
              'sign of δ',
              { weights: { W1: { ...update, p: update.p.map((x) => -x) } }, biases: {} },
            ],
          ] as const) {
            const run = runPatched(
              ...([block, parameters, proof.remaining, query, wrong] as const),
              'factored',
              proof.positions,
            );
            gatherer.control(name, run.preActivation, contextual.preActivation, bound);
          }
        }
        return gatherer.row(about);
      },
    };
  },
);
