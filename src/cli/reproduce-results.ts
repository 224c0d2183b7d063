/**
 * What `deltaw reproduce` leaves: pictures, a report, numbers, and lines for a terminal.
 *
 * @module
 */
import { join } from 'node:path';
import type { Experiment } from '../experiments/experiment.ts';
import type { FigureResult } from '../experiments/figure-result.ts';
import { renderReport } from '../experiments/report.ts';
import { drawFigure } from '../experiments/svg/figure.ts';
import { TOY_DEFAULTS, type ToySettings } from '../experiments/toy-settings.ts';
import { writeTogether } from '../io/index.ts';
import { toFlag } from './options.ts';
import { paint } from './paint.ts';
import { TOY_SETTINGS } from './reproduce-flags.ts';

/** A figure as `--json` and results.json have it. */
export function toJson({ id, title, parameters, series, checks }: FigureResult): object {
  return { id, title, parameters, series, checks };
}

/** Whether no check fails. */
export const isOk = (figures: readonly FigureResult[]): boolean =>
  figures.every(({ checks }) => checks.every(({ ok }) => ok !== false));

/** Writes everything and returns the paths. The same figures give the same bytes. */
export function writeResults(
  folder: string,
  settings: ToySettings,
  experiments: readonly Experiment[],
  figures: readonly FigureResult[],
): string[] {
  const files: Record<string, string> = {};
  const drawn = figures.map((figure) => ({
    ...figure,
    svg: drawFigure({ id: figure.id, title: figure.title, panels: figure.panels }),
  }));
  for (const { id, svg } of drawn) files[`${id}.svg`] = svg;
  files['report.html'] = renderReport({
    title: 'A prompt is a weight update',
    introduction: introduction(settings, experiments),
    figures: drawn,
  });
  const results = { ok: isOk(figures), figures: figures.map(toJson) };
  files['results.json'] = `${JSON.stringify(results, null, 1)}\n`;
  writeTogether(folder, files);
  return Object.keys(files).map((name) => join(folder, name));
}

/** What the report says before the first figure. */
function introduction(settings: ToySettings, experiments: readonly Experiment[]): string[] {
  const { dimension, pairs, width, heads, hidden, batch, steps, learningRate } = settings;
  const changed = TOY_SETTINGS.filter((name) => settings[name] !== TOY_DEFAULTS[name]);
  const toy =
    `The task is linear regression in context: w and all inputs are drawn from N(0, I) in dimension ` +
    `${dimension}, a prompt shows ${pairs} pairs (x; w·x) and asks for w·x at a new x, so that always ` +
    `answering 0 costs ${dimension} on average and the best answer costs 0. The model is one block: ` +
    `softmax attention with ${heads} heads of width ${width / heads} and no biases, then a ReLU ` +
    `perceptron with ${hidden} hidden units; no skip connections, no norms, no positions. It was ` +
    `trained for ${steps} steps of Adam at rate ${learningRate} on ${batch} fresh prompts each.`;
  return [
    'When a transformer block reads a context C and a query x, its output T_W(C, x) equals that of ' +
      'the same block without the context whose first MLP matrix W was changed by ΔW, a matrix of ' +
      'rank one: ΔW = W·(a′ − a)·aᵀ/‖a‖², where a is the attention output for the query alone and a′ ' +
      'the one with the context (A_i with its first i tokens). The statement is that of Dherin et ' +
      'al., arXiv:2507.16003; everything below is computed in double precision.',
    ...(experiments.some(({ usesToy }) => usesToy) ? [toy] : []),
    'A theorem check holds or the theory is wrong; a shape check compares a curve with what is ' +
      'expected of it at the default parameters.',
    ...(changed.length > 0
      ? [
          `This run is not the full protocol: ${changed
            .map((name) => `--${toFlag(name)} ${settings[name]}`)
            .join(', ')}; shapes are not judged.`,
        ]
      : []),
  ];
}

/** The checks as lines for a terminal. */
export function summary(figures: readonly FigureResult[], files: readonly string[]): string {
  const lines: string[] = [];
  for (const { id, title, checks } of figures) {
    lines.push(paint('bold', `${id}  ${title}`));
    for (const { name, value, relation, limit, ok } of checks) {
      const sign = relation === '<=' ? '≤' : '≥';
      const verdict =
        ok === null ? 'not judged' : ok ? paint('green', 'holds') : paint('red', 'FAILS');
      lines.push(`  ${verdict}  ${name}: ${Number(value.toPrecision(4))} ${sign} ${limit}`);
    }
  }
  return `${lines.join('\n')}\n\n${files.map((file) => `wrote ${file}`).join('\n')}\n`;
}
