/**
 * Patches of modern blocks at several tokens of a sequence (6.2–6.5, 2.6): any part of the sequence removed,
 * every retained token contextual again.
 *
 * @module
 */

import { eager } from '../../autograd/index.ts';
import {
  type Application,
  blockBounds,
  blockPatch,
  type NetworkPatch,
  networkPatch,
  residual,
  type Variant,
  withPatch,
} from '../../icl/index.ts';
import { type Matrix, matrix, norm, Random, subtract } from '../../linalg/index.ts';
import {
  asRun,
  type Block,
  type BlockPatch,
  type BlockRun,
  blockOf,
  falconBlock,
  gatedMlp,
  gemmaBlock,
  gptjBlock,
  initialise,
  llamaBlock,
  mapParameters,
  mixtralBlock,
  NO_PATCH,
  neoxBlock,
  network,
  olmo2Block,
  type Parameters,
  prefixed,
  preNorm,
  softmaxAttention,
} from '../../model/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

interface Architecture {
  readonly theorem: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  make(width: number, hidden: number, random: Random): Block;
}

const grouped = (width: number, hidden: number, random: Random) => {
  const kvHeads = 1 + random.integer(2);
  return { width, hidden, heads: 2 * kvHeads, kvHeads, headWidth: 2 * (1 + random.integer(2)) };
};

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  llama: {
    theorem: '6.2',
    title: 'gate, up and down: three rank-one patches, no bias',
    variants: ['default', 'w2only', 'bias', 'joint'],
    make: (width, hidden, random) =>
      llamaBlock({ ...grouped(width, hidden, random), qkvBiases: true, window: 6 }),
  },
  gemma: {
    theorem: '6.3',
    title: 'a norm between network and sum',
    variants: ['default', 'w2only', 'component-wise', 'secular'],
    make: (width, hidden, random) =>
      gemmaBlock({ ...grouped(width, hidden, random), qkNorm: { epsilon: 1e-6, offset: 1 } }),
  },
  'parallel-gptj': {
    theorem: '6.4',
    title: 'side by side: the patch of the first map is 0',
    variants: ['default', 'w2only'],
    make: (width, hidden, random) => gptjBlock(grouped(width, hidden, random)),
  },
  'parallel-neox': {
    theorem: '6.4',
    title: 'side by side, each behind its own norm',
    variants: ['default', 'w2only'],
    make: (width, hidden, random) => neoxBlock({ ...grouped(width, hidden, random), rotated: 2 }),
  },
  moe: {
    theorem: '6.5',
    title: 'router and selected experts',
    variants: ['default', 'w2only'],
    make: (width, hidden, random) =>
      mixtralBlock({ ...grouped(width, hidden, random), experts: 4, selected: 2 }),
  },
  'residual multiplier': {
    theorem: '2.6',
    title: 'a factor before the sum',
    variants: ['default', 'w2only'],
    make: (width, hidden, random) =>
      blockOf({
        name: 'residual multiplier',
        wiring: preNorm('rms', { kind: 'factor', factor: 0.22 }),
        layer: softmaxAttention({ tokenWidth: width, ...grouped(width, hidden, random) }),
        feedForward: gatedMlp({ width, hidden }),
      }),
  },
  'layer scale': {
    theorem: '2.6',
    title: 'a factor for each entry before the sum',
    variants: ['default', 'w2only'],
    make: (width, hidden, random) =>
      blockOf({
        name: 'layer scale',
        wiring: preNorm('layer', { kind: 'factors', name: 'scale' }),
        layer: softmaxAttention({ tokenWidth: width, ...grouped(width, hidden, random) }),
        feedForward: gatedMlp({ width, hidden, activation: 'gelu', biases: true }),
      }),
  },
  falcon: {
    theorem: '6.4',
    title: 'side by side, without biases: all of the difference in W2',
    variants: ['default', 'w2only'],
    make: (width, hidden, random) => falconBlock({ ...grouped(width, hidden, random), kvHeads: 1 }),
  },
  olmo2: {
    theorem: '6.3',
    title: 'norms after the parts only',
    variants: ['default', 'secular'],
    make: (width, hidden, random) => olmo2Block(grouped(width, hidden, random)),
  },
};

/** The closed list of names of blocks; others have none, and are shown by their variant. */
const LISTED = ['llama', 'gemma', 'parallel-gptj', 'parallel-neox', 'moe'];

/** A row for each architecture and variant, and one with the default patch added into the matrices. */
export const ARCHITECTURE_PATCHES: readonly Verification[] = Object.entries(ARCHITECTURES).flatMap(
  ([name, architecture], index) => {
    const forms = [
      ...architecture.variants.map((variant) => [variant, 'factored'] as const),
      ['default', 'dense'] as const,
    ];
    return forms.map(([variant, application], v) => {
      const listed = LISTED.includes(name);
      const shown = [listed ? '' : name, variant, application === 'dense' ? 'dense' : ''];
      const about = {
        theorem: architecture.theorem,
        title: architecture.title,
        layer: 'softmax',
        block: listed ? name : null,
        variant: shown.filter(Boolean).join(', '),
      };
      return {
        ...about,
        run: (trials: number, seed: number) => {
          const gatherer = new RowGatherer();
          const random = new Random(seed, 14, index, v);
          for (let trial = 0; trial < trials; trial++) {
            attempt(gatherer, random, architecture, variant, application);
          }
          return gatherer.row(about);
        },
      };
    });
  },
);

/** One random block, sequence and set of retained tokens. */
function attempt(
  gatherer: RowGatherer,
  random: Random,
  { make }: Architecture,
  variant: Variant,
  application: Application,
): void {
  const width = 4 + random.integer(5);
  const block = make(width, 3 + random.integer(10), random);
  const parameters = spread(initialise(block.shapes, random), random);
  const X = normalMatrix(3 + random.integer(5), width, random);
  const keep = Array.from({ length: X.rows }, (_, t) => t).filter(
    (t) => t === X.rows - 1 || (t > 0 && random.integer(2) === 1),
  );
  const whole = prefixed('blocks.0', parameters);
  const found = gatherer.attempt(() => networkPatch(network([block]), whole, X, keep, { variant }));
  if (!found) return;
  keep.forEach((t, i) => {
    const runs = { base: found.actual[0][i], contextual: found.contextual[0][t] };
    const patch = found.patches[0][i] ?? NO_PATCH;
    const { output: bound } = blockBounds(block, parameters, runs, variant, application, patch);
    if (!bound.every(Number.isFinite)) {
      gatherer.unbounded(); // a router's margin below its error, or a hidden vector all error
      return;
    }
    const { output } =
      application === 'factored'
        ? found.patched[0][i]
        : finished(block, withPatch(block, parameters, patch), found.actual[0][i]);
    gatherer.trial(residual(output, runs.contextual.output, bound));
    controls(gatherer, block, parameters, found, i, runs, variant, bound);
  });
}

/** Wrong patches, where removing the rest matters. */
function controls(
  gatherer: RowGatherer,
  block: Block,
  parameters: Parameters,
  { patches }: NetworkPatch,
  i: number,
  { base, contextual }: { base: BlockRun; contextual: BlockRun },
  variant: Variant,
  bound: Float64Array,
): void {
  const moved = norm(subtract(contextual.output, base.output));
  if (!(moved >= norm(base.output) / 10)) return;
  const patch = patches[0][i] ?? NO_PATCH;
  const check = (name: string, wrong: BlockPatch): void => {
    const { output } = finished(block, parameters, base, wrong);
    gatherer.control(name, output, contextual.output, bound);
  };
  check('no patch', NO_PATCH);
  if (variant !== 'default') return;
  const { Wr: _, ...withoutRouter } = patch.weights;
  const routed = (run: BlockRun): string =>
    run.sites['Wr']
      ? Object.keys(run.sites)
          .filter((name) => weighs(run, name))
          .join()
      : '';
  if (patch.weights['Wr'] && routed(base) !== routed(contextual)) {
    check('router forgotten', { ...patch, weights: withoutRouter });
  }
  if (block.wiring.update.kind === 'norm') {
    const asIfNone = { ...block, wiring: { ...block.wiring, update: { kind: 'none' as const } } };
    check('the norm overlooked', blockPatch(asIfNone, parameters, base, contextual));
  }
  if (block.wiring.update.kind === 'factor') {
    const asIfNone = { ...block, wiring: { ...block.wiring, update: { kind: 'none' as const } } };
    check('the factor overlooked', blockPatch(asIfNone, parameters, base, contextual));
  }
}

/** The feed-forward part again, on what the mixing part gave in some run. */
function finished(
  block: Block,
  parameters: Parameters,
  { attention, residual: r, input }: BlockRun,
  patch: BlockPatch = NO_PATCH,
): BlockRun {
  const mixed = { attention: asRow(attention), residual: r && asRow(r), input: asRow(input) };
  return asRun(block.finish(eager, parameters, mixed, patch));
}

const weighs = (run: BlockRun, name: string): boolean =>
  name.endsWith('.Wd') && run.sites[name].input.some((entry) => entry !== 0);

const asRow = (x: Float64Array): Matrix => matrix(1, x.length, x);

/** Twice the usual first values and a little more: attention is then far from uniform, gains from 1. */
const spread = (parameters: Parameters, random: Random): Parameters =>
  mapParameters(parameters, ({ rows, cols, data }) =>
    matrix(
      rows,
      cols,
      data.map((entry) => 2 * entry + 0.1 * random.normal()),
    ),
  );
