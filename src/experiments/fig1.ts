/**
 * Figure 1: the loss with the context and with the weight update in its place.
 *
 * Protocol: train the toy; at every checkpoint evaluate fixed validation prompts twice, as T_W(C, x)
 * and as T_{W+ΔW}(x) without the context. Source: arXiv:2507.16003v1, section 4.2 and figure 1.
 *
 * @module
 */
import { type FigureResult, shapeCheck, theoremCheck } from './figure-result.ts';
import { median } from './statistics.ts';
import type { Series } from './svg/plot.ts';
import { type Checkpoint, drawPrompts, type OnProgress, type ToyRun } from './toy-run.ts';
import type { ToyWorkers } from './toy-service.ts';
import { isDefault, STREAM, type ToySettings } from './toy-settings.ts';

/** `radii` are those of the certificates of the validation prompts after the last step. */
export function figure1(
  settings: ToySettings,
  checkpoints: readonly Checkpoint[],
  radii: readonly number[],
): FigureResult {
  const judged = isDefault(settings);
  const step = checkpoints.map((checkpoint) => checkpoint.step);
  const curve = (name: string, pick: (checkpoint: Checkpoint) => number): Series => ({
    name,
    x: step,
    y: checkpoints.map(pick),
  });
  const trained = checkpoints.filter((checkpoint) => checkpoint.step > 0);
  // The two that coincide come first: the solid one is drawn broad under the dashed one.
  const losses: Series[] = [
    curve('validation, with the context', ({ contextLoss }) => contextLoss),
    curve('validation, context replaced by ΔW', ({ patchedLoss }) => patchedLoss),
    {
      name: `training, mean of ${settings.validateEvery} steps`,
      x: trained.map((checkpoint) => checkpoint.step),
      y: trained.map((checkpoint) => checkpoint.trainLoss),
    },
  ];
  const differences: Series[] = [
    curve('largest difference of an output', ({ difference }) => difference),
    curve('its a-priori rounding bound', ({ bound }) => bound),
  ];
  const difference = checkpoints.reduce((max, c) => Math.max(max, c.difference), 0);
  const overBound = checkpoints.reduce((max, c) => Math.max(max, c.overBound), 0);
  const last = median(checkpoints.slice(-5).map(({ contextLoss }) => contextLoss));
  const certified = radii.reduce((max, R) => Math.max(max, R), 0);
  const prompts = settings.validationPrompts;
  return {
    id: 'fig1',
    title: 'The prompt as a context, and as a weight update',
    xName: 'step',
    parameters: { ...settings },
    series: [...losses, ...differences],
    checks: [
      theoremCheck(
        '|T_W(C,x) − T_{W+ΔW}(x)| over its a-priori bound, all checkpoints',
        overBound,
        '<=',
        1,
      ),
      shapeCheck('the largest such difference', difference, '<=', 1e-14, judged),
      shapeCheck(
        'certified in exact arithmetic, from the attention outputs on: the largest R',
        certified,
        '<=',
        1e-12,
        judged,
      ),
      shapeCheck('validation loss before training', checkpoints[0].contextLoss, '>=', 1.2, judged),
      shapeCheck('validation loss, median of the last five', last, '<=', 0.15, judged),
    ],
    caption: [
      `Left: from the first to the last step the validation loss goes from ` +
        `${format(checkpoints[0].contextLoss)} to ${format(last)} (median of the last five points), ` +
        `and the curve with the context lies on the curve for which each prompt's ` +
        `${settings.pairs} examples were taken away and ΔW was added to the weights instead.`,
      `Right: over all ${prompts} prompts the two outputs differ by at most ` +
        `${difference.toExponential(1)}, which is ${(100 * overBound).toPrecision(2)}% of what the ` +
        'a-priori rounding bound allows where they come closest to it; after the last step enclosures ' +
        `prove that from the stored attention outputs on, in exact arithmetic, they differ by at most ${certified.toExponential(1)}.`,
      'The context and the weight update are the same function of the query, before training as ' +
        'well as after it; training only makes that function a good predictor.',
    ],
    panels: [
      {
        title: 'Loss while training',
        x: { label: 'training step', scale: 'linear' },
        y: { label: 'mean squared error', unit: 'squared label units', scale: 'log' },
        series: losses,
      },
      {
        title: 'Difference of the two outputs',
        x: { label: 'training step', scale: 'linear' },
        y: { label: 'largest |difference|', unit: 'label units', scale: 'log' },
        series: differences,
        lines: [{ axis: 'y', at: 1e-14, label: 'limit of the check' }],
      },
    ],
  };
}

/** R of each validation prompt's certificate after the last step; null if `onProgress` stopped it. */
export async function certifyPrompts(
  { settings, training: { parameters } }: ToyRun,
  onProgress: OnProgress,
  workers: ToyWorkers,
): Promise<number[] | null> {
  const prompts = drawPrompts(settings, STREAM.validation, settings.validationPrompts);
  const radii: number[] = [];
  for await (const R of workers.each(
    'certificate',
    prompts.map((prompt) => ({ parameters, prompt })),
  )) {
    radii.push(R);
    if (!(await onProgress('certificates', radii.length, prompts.length))) return null;
  }
  return radii;
}

const format = (x: number): string => x.toPrecision(3);
