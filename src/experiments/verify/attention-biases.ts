/**
 * A context as attention biases (4.4): the same bits at every later token of a stack; and for rotary layers
 * re-based, the same up to the rounding of the angles.
 *
 * @module
 */
import { eager, tanh } from '../../autograd/index.ts';
import {
  type AttentionBias,
  contextBiases,
  type FeatureLayer,
  readTokens,
  rebaseBiases,
  rebasedBound,
  residual,
} from '../../icl/index.ts';
import { type Matrix, matrix, multiplyNT, Random } from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const sum = (x: Matrix, y: Matrix): Matrix =>
  matrix(
    x.rows,
    x.cols,
    x.data.map((entry, i) => entry + y.data[i]),
  );

const joined = (x: Matrix, y: Matrix): Matrix =>
  matrix(x.rows + y.rows, x.cols, Float64Array.of(...x.data, ...y.data));

const lastRows = ({ cols, data }: Matrix, count: number): Float64Array =>
  data.slice(data.length - count * cols);

/** The parameters of a layer of that width. */
const projections = (
  width: number,
  random: Random,
): Readonly<Record<'Wq' | 'Wk' | 'Wv', Matrix>> => ({
  Wq: normalMatrix(width, width, random),
  Wk: normalMatrix(width, width, random),
  Wv: normalMatrix(width, width, random),
});

const ABOUT = { theorem: '4.4', layer: 'feature-map', block: null } as const;

/** Layers r + tanh(M·r), r = x + attention. Nothing is allowed for rounding: sums go on in their order. */
const stacks: Verification = {
  ...ABOUT,
  title: 'a context is a bias of linear attention',
  variant: 'same bits',
  run(trials, seed) {
    const random = new Random(seed, 44);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const heads = 1 + random.integer(3);
      const width = heads * (1 + random.integer(3));
      const layers = Array.from({ length: 2 + random.integer(3) }, (): FeatureLayer => {
        const M = normalMatrix(width, width, random);
        const after = (x: Matrix, attention: Matrix): Matrix => {
          const r = sum(x, attention);
          return sum(r, eager.apply(tanh, multiplyNT(r, M)));
        };
        return { parameters: projections(width, random), heads, after };
      });
      const context = normalMatrix(1 + random.integer(6), width, random);
      const later = normalMatrix(1 + random.integer(6), width, random);
      const whole = lastRows(readTokens(layers, joined(context, later)).outputs, later.rows);
      const nothing = new Float64Array(whole.length);
      const run = (used: readonly AttentionBias[]): Float64Array =>
        readTokens(layers, later, { biases: used }).outputs.data;
      const biases = contextBiases(layers, context);
      gatherer.trial(residual(run(biases), whole, nothing));
      const empty = ({ rows, cols }: Matrix): Matrix => matrix(rows, cols);
      const wrong: Readonly<Record<string, readonly AttentionBias[]>> = {
        // Forgotten altogether, it can let a divisor vanish some layers on.
        'b_D 0.1% off': biases.map(({ S, n }) => ({
          S,
          n: matrix(
            n.rows,
            n.cols,
            n.data.map((x) => 1.001 * x),
          ),
        })),
        'b_KV forgotten': biases.map(({ S, n }) => ({ S: empty(S), n })),
        'the first layer’s biases in every layer': biases.map(() => biases[0]),
      };
      for (const [name, used] of Object.entries(wrong)) {
        gatherer.control(name, run(used), whole, nothing);
      }
    }
    return gatherer.row(this);
  },
};

/** One rotary layer, the later tokens counted from 0; the bound is that of `rebasedBound`. */
const rotary: Verification = {
  ...ABOUT,
  title: 'rotary biases, re-based',
  variant: 'rotary',
  run(trials, seed) {
    const random = new Random(seed, 45);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < trials; trial++) {
      const width = 2 * (1 + random.integer(3));
      const parameters = projections(width, random);
      const layer: FeatureLayer = {
        parameters,
        rope: { style: random.integer(2) === 1 ? 'half' : 'interleaved', base: 100 },
        after: (_, attention) => attention,
      };
      const n = 1 + random.integer(8);
      const context = normalMatrix(n, width, random);
      const later = normalMatrix(1 + random.integer(6), width, random);
      const all = joined(context, later);
      const whole = lastRows(readTokens([layer], all).outputs, later.rows);
      const biases = contextBiases([layer], context);
      const run = (used: readonly AttentionBias[]): Float64Array =>
        readTokens([layer], later, { biases: used }).outputs.data;
      const bound = rebasedBound(layer, context, later).data;
      gatherer.trial(residual(run(rebaseBiases([layer], biases, -n)), whole, bound));
      gatherer.control('positions not re-based', run(biases), whole, bound);
      gatherer.control('turned by +n', run(rebaseBiases([layer], biases, n)), whole, bound);
    }
    return gatherer.row(this);
  },
};

export const ATTENTION_BIASES: readonly Verification[] = [stacks, rotary];
