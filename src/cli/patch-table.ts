/**
 * What `deltaw patch` found, as tables for a terminal.
 *
 * @module
 */
import { paint } from './paint.ts';
import type { Distribution, PatchResult } from './patch-result.ts';

/** The result: layers, then the three answers, then how far apart they are. */
export function patchTable(result: PatchResult): string {
  const { tokens, mode, variant, model, ok, parameters, files } = result;
  const begin = tokens.begin > 0 ? `, ${tokens.begin} to begin with` : '';
  const parts = [
    `${paint('bold', model)}: ${tokens.removed} tokens removed of ${result.ids.length} ` +
      `(${tokens.context} context, ${tokens.query} query${begin}), mode ${mode}, variant ${variant}`,
    layerTable(result),
    `numbers in the patch: ${parameters}`,
    answers(result),
    `KL(with context ‖ without)  ${short(result.klWithout)} nats\n` +
      `KL(with context ‖ patched)  ${short(result.klPatched)} nats`,
    `largest logit difference    ${short(result.maxLogitDifference)}, bound ${short(result.logitBound)}: ` +
      `${ok ? paint('green', 'within its bound') : paint('red', 'BEYOND ITS BOUND')} (the patch in float64)\n` +
      `without the patch           ${short(result.maxLogitDifferenceWithoutPatch)}`,
    ...(files.length > 0 ? [files.map((file) => `wrote ${file}`).join('\n')] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

const short = (x: number): string => (x === 0 ? '0' : x.toExponential(2));

function layerTable({ layers }: PatchResult): string {
  const head = ['layer', 'site', '‖ΔW‖/‖W‖', '‖base‖', '‖context‖', 'bound', '‖Δb‖'];
  const rows = layers.flatMap(({ index, sites, biasNorm, gains }) => {
    const shift = biasNorm === null ? '–' : short(biasNorm);
    const own = [
      ...sites.map(({ name, relativeNorm, baseNorm, contextualNorm, bound }) => [
        ...[name, short(relativeNorm), short(baseNorm), short(contextualNorm), short(bound)],
      ]),
      ...gains.map(({ name, relativeNorm }) => [name, short(relativeNorm), '', '', '']),
    ];
    const all = own.length > 0 ? own : [['biases', '–', '', '', '']];
    return all.map((cells, k) => [k === 0 ? `${index}` : '', ...cells, k === 0 ? shift : '']);
  });
  return columns([head, ...rows], 2);
}

function answers({ withContext, without, patched }: PatchResult): string {
  const cell = ({ tokens }: Distribution, k: number): string => {
    const token = tokens[k];
    if (token === undefined) return '';
    const share = token.probability.toFixed(4);
    return token.text === null ? `${share} ${token.id}` : `${share} ${JSON.stringify(token.text)}`;
  };
  const head = ['', 'with context', 'without', 'patched'];
  const rows = withContext.tokens.map((_, k) => [
    ...[`${k + 1}`, cell(withContext, k), cell(without, k), cell(patched, k)],
  ]);
  return columns([head, ...rows], 4);
}

/** Rows as lines; the first `left` cells of a row stand left, the others right. */
function columns(rows: readonly (readonly string[])[], left: number): string {
  const widths = rows[0].map((_, k) => Math.max(...rows.map((row) => [...row[k]].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, k) => {
        const room = ' '.repeat(widths[k] - [...text].length);
        return k < left ? text + room : room + text;
      })
      .join('  ')
      .trimEnd();
  const [head, ...rest] = rows.map(line);
  return [paint('bold', head), ...rest].join('\n');
}
