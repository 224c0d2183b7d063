/**
 * Patches of deep networks: the error does not grow with depth where each is computed from the state reached.
 *
 * Protocol: a random Pre-LN network, in-context linear regression, the context removed and the query patched
 * (mode last); the mean distance of its residual stream from that of the full network, by depth. Source:
 * arXiv:2507.16003v3, deep verification (10 blocks, 100 tasks, about 1e-6). Sizes, depths up to 80 blocks and
 * precomputed patches are our own.
 *
 * @module
 */
import { FLOAT32, powerOfTwo } from '../../linalg/index.ts';
import type { ExperimentContext, Values } from '../experiment.ts';
import { type Check, type FigureResult, shapeCheck, theoremCheck } from '../figure-result.ts';
import { DOUBLE_BITS } from '../precision.ts';
import { type Summary, summarise } from '../statistics.ts';
import type { Panel, Series } from '../svg/plot.ts';
import { depthWorkers } from './service.ts';
import type { DEPTH_SETTINGS, DepthValues } from './settings.ts';
import { type DepthTrial, depthPrompts } from './trial.ts';

/** Depths that are drawn, as far as the network goes. */
const DEPTHS = [1, 2, 5, 10, 20, 40, 80];

const CURVES = ['unpatched', 'precomputed', 'sequential'] as const;

type Curve = (typeof CURVES)[number];

const NAMES: Readonly<Record<Curve, string>> = {
  unpatched: 'no patches',
  precomputed: 'patches computed beforehand',
  sequential: 'patches from the state reached',
};

/** All trials in one arithmetic, block by block. */
type Measured = Readonly<Record<Curve, Summary>> & { readonly bound: number[] };

/** Returns null if `onProgress` stopped it. */
export async function depthFigure({
  seed,
  values,
  judged,
  workers: count,
  onProgress,
}: ExperimentContext<typeof DEPTH_SETTINGS>): Promise<FigureResult | null> {
  const prompts = depthPrompts(values, seed);
  const tasks = [DOUBLE_BITS, FLOAT32.precision].flatMap((bits) =>
    prompts.map((prompt) => ({ bits, prompt })),
  );
  const trials: DepthTrial[] = [];
  const workers = depthWorkers(count, values, seed);
  try {
    for await (const trial of workers.each('trial', tasks)) {
      trials.push(trial);
      if (!(await onProgress('depth', trials.length, tasks.length))) return null;
    }
  } finally {
    await workers.close();
  }
  const float64 = measured(trials.slice(0, prompts.length));
  const float32 = measured(trials.slice(prompts.length));
  const overBound = trials.reduce((worst, trial) => Math.max(worst, trial.overBound), 0);
  // The bound is linear in the unit roundoff but for terms of second order: 2⁻²⁴ for 2⁻⁵³.
  const scale = powerOfTwo(DOUBLE_BITS - FLOAT32.precision);
  const bound32 = float64.bound.map((each) => each * scale);
  const depths = depthsOf(values);
  const panels = [
    panelOf('float32', depths, float32, bound32, 'bound of the latter in float64, times 2²⁹'),
    panelOf('float64', depths, float64, float64.bound, 'bound of the latter, block by block'),
  ];
  return {
    id: 'depth',
    title: 'One patch a block, at any depth',
    xName: 'blocks',
    parameters: { seed, ...values },
    series: panels.flatMap(({ title, series }) =>
      series.map((each) => ({ ...each, name: `${title}: ${each.name}` })),
    ),
    checks: checksOf(values, float64, float32, { overBound, bound32, judged }),
    caption: captionOf(values, float64, float32),
    panels,
  };
}

const depthsOf = ({ blocks }: Values<typeof DEPTH_SETTINGS>): number[] => [
  ...new Set([...DEPTHS.filter((depth) => depth < blocks), blocks]),
];

function measured(trials: readonly DepthTrial[]): Measured {
  const of = (curve: keyof DepthTrial & Curve): Summary => summarise(trials.map((t) => t[curve]));
  return {
    unpatched: of('unpatched'),
    precomputed: of('precomputed'),
    sequential: of('sequential'),
    bound: summarise(trials.map(({ bound }) => bound)).median,
  };
}

function panelOf(
  title: string,
  depths: readonly number[],
  found: Measured,
  bound: readonly number[],
  boundName: string,
): Panel {
  const at = (curve: readonly number[]): number[] => depths.map((depth) => curve[depth - 1]);
  const curves: Series[] = CURVES.map((curve) => ({
    name: NAMES[curve],
    x: depths,
    y: at(found[curve].median),
    low: at(found[curve].lower),
    high: at(found[curve].upper),
    band: 'quartiles',
    dashed: false,
  }));
  const line: Series = { name: boundName, x: depths, y: at(bound), marker: false, dashed: true };
  return {
    title: `In ${title}`,
    x: { label: 'depth', unit: 'blocks', scale: 'log' },
    y: { label: 'distance from the full network', unit: '2-norm', scale: 'log' },
    series: [...curves, line],
  };
}

/**
 * The limits have a margin to what seeds 1 to 5 gave (100 prompts for the first, 20 for the others):
 *
 *   float64, 10 blocks       1.9e-15 to 2.3e-15        float32, 10 and 80 blocks   1.1e-6 to 1.2e-6, 1.4e-6 to 1.7e-6
 *   no patches, 10 blocks    21 to 25                  computed beforehand         8.8e-6 to 1.1e-5, 4.9e-5 to 6.6e-5
 */
function checksOf(
  { blocks }: DepthValues,
  float64: Measured,
  float32: Measured,
  {
    overBound,
    bound32,
    judged,
  }: { overBound: number; bound32: readonly number[]; judged: boolean },
): Check[] {
  const shallow = Math.min(10, blocks);
  const mean = (found: Measured, curve: Curve, depth: number): number =>
    found[curve].mean[depth - 1];
  const check = (name: string, value: number, relation: '<=' | '>=', limit: number): Check =>
    shapeCheck(name, value, relation, limit, judged);
  const sequential = (depth: number): number => mean(float32, 'sequential', depth);
  const precomputed = (depth: number): number => mean(float32, 'precomputed', depth);
  const scaled = float32.sequential.mean.reduce(
    (worst, each, l) => Math.max(worst, each / bound32[l]),
    0,
  );
  return [
    theoremCheck(
      'float64: |patched − full| after a block over the bound of that block, all blocks and prompts',
      overBound,
      '<=',
      1,
    ),
    check(
      `float64, ${shallow} blocks: mean distance`,
      mean(float64, 'sequential', shallow),
      '<=',
      4e-15,
    ),
    check(`float32, ${shallow} blocks: mean distance`, sequential(shallow), '<=', 2e-6),
    check(`float32, ${blocks} blocks: mean distance`, sequential(blocks), '<=', 3e-6),
    check(
      `float32, ${shallow} blocks: with patches computed beforehand`,
      precomputed(shallow),
      '>=',
      5e-6,
    ),
    check(
      `float32, ${blocks} blocks: with patches computed beforehand`,
      precomputed(blocks),
      '>=',
      2e-5,
    ),
    check(
      `${shallow} blocks without patches: mean distance`,
      mean(float64, 'unpatched', shallow),
      '>=',
      10,
    ),
    check(
      `float32: mean distance after ${blocks} blocks over after 1`,
      sequential(blocks) / sequential(1),
      '<=',
      3,
    ),
    check('float32: largest mean distance over the bound times 2²⁹', scaled, '<=', 1),
  ];
}

function captionOf({ blocks, tasks }: DepthValues, float64: Measured, float32: Measured): string[] {
  const shallow = Math.min(10, blocks);
  const mean = (found: Measured, curve: Curve, depth: number): string =>
    found[curve].mean[depth - 1].toExponential(1).replace('-', '−');
  return [
    `Without its context the query ends ${float64.unpatched.mean[shallow - 1].toPrecision(2)} away from ` +
      `where it should be after ${shallow} blocks, on average over ${tasks} prompts; with one patch a block ` +
      `it ends ${mean(float32, 'sequential', shallow)} away in float32 and ` +
      `${mean(float64, 'sequential', shallow)} in float64.`,
    `Each patch that is computed from the state which the patched run has reached takes up the errors of the ` +
      `blocks before it, so ${blocks} blocks leave ${mean(float32, 'sequential', blocks)} in float32; patches ` +
      `computed beforehand from the full run let them add up, to ${mean(float32, 'precomputed', shallow)} ` +
      `after ${shallow} blocks and ${mean(float32, 'precomputed', blocks)} after ${blocks}.`,
    'The networks are random and not trained, the shallower ones are the first blocks of the deepest, and ' +
      'float32 is simulated: every product and every sum of a linear map is rounded to it, but attention, ' +
      'norms and activations are rounded once, and patches are computed in float64 and then rounded.',
  ];
}
