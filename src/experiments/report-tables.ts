/**
 * The tables of the report: checks, parameters, and the numbers behind a picture.
 *
 * @module
 */

import type { ReportCheck } from './report.ts';
import type { Series } from './svg/plot.ts';
import { escapeMarkup } from './svg/text.ts';

/**
 * A number with `digits` significant digits, trailing zeros removed; scientific below 0.001 and from a million on.
 * Integers below a million are written in full.
 */
export function formatNumber(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size < 1e6 && Number.isInteger(value)) return String(value);
  const text =
    size < 1e-3 || size >= 1e6 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  // 9.9999e5 rounds to 1.000e+6 in toPrecision: the exponent is kept, only the mantissa is trimmed.
  const [mantissa = text, exponent] = text.split('e');
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return exponent === undefined ? trimmed : `${trimmed}e${exponent.replace('+', '')}`;
}

/** Two numbers to be compared by a reader: in full where four digits would make different numbers look equal. */
export function formatPair(a: number, b: number): [string, string] {
  const short: [string, string] = [formatNumber(a, 4), formatNumber(b, 4)];
  return short[0] === short[1] && a !== b ? [String(a), String(b)] : short;
}

/** Symbol, word and class of a verdict, so that none is told by colour alone. */
function verdictCell(ok: boolean | null): string {
  if (ok === null) {
    return '<td class="none"><span aria-hidden="true">○</span> not judged (changed parameters)</td>';
  }
  return ok
    ? '<td class="holds"><span aria-hidden="true">✓</span> holds</td>'
    : '<td class="fails"><span aria-hidden="true">✗</span> fails</td>';
}

export function checksTable(checks: readonly ReportCheck[], title: string): string {
  const rows = checks.map(({ name, kind, value, limit, relation, ok }) => {
    const [left, right] = formatPair(value, limit);
    const sign = relation === '<=' ? '≤' : '≥';
    return (
      `<tr><th scope="row">${escapeMarkup(name)} <small>${kind === 'theorem' ? 'theorem' : 'shape of a curve'}</small></th>` +
      `<td class="number">${left}</td><td class="relation">${sign}</td><td class="number">${right}</td>${verdictCell(ok)}</tr>`
    );
  });
  const head = headRow(['Check', '>Value', 'Relation', '>Limit', 'Verdict']);
  return table(`Checks: ${title}`, head, rows);
}

export function parametersTable(
  parameters: Readonly<Record<string, string | number | boolean>>,
  title: string,
): string {
  const rows = Object.entries(parameters).map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeMarkup(name)}</th><td>${escapeMarkup(String(value))}</td></tr>`,
  );
  if (rows.length === 0) return '<p>None.</p>';
  return table(`Parameters: ${title}`, headRow(['Parameter', 'Value']), rows);
}

interface Column {
  readonly name: string;
  readonly values: readonly number[];
}

/** 'quartiles' has the ends 'lower quartile' and 'upper quartile'; other bands 'lower end of …'. */
function bandColumn(series: Series, end: 'lower' | 'upper'): string {
  const band = series.band ?? 'band';
  const plural = /^\w+s$/.test(band);
  return `${series.name} (${plural ? `${end} ${band.slice(0, -1)}` : `${end} end of ${band}`})`;
}

function columnsOf(series: Series): Column[] {
  const columns: Column[] = [{ name: series.name, values: series.y }];
  if (series.low) columns.push({ name: bandColumn(series, 'lower'), values: series.low });
  if (series.high) columns.push({ name: bandColumn(series, 'upper'), values: series.high });
  return columns;
}

/** One table for each set of series with the same x values, in their order; numbers with six digits. */
export function numbersTables(series: readonly Series[], xName: string, title: string): string {
  const groups: { x: readonly number[]; columns: Column[] }[] = [];
  for (const one of series) {
    const group = groups.find(
      ({ x }) => x.length === one.x.length && x.every((value, i) => value === one.x[i]),
    );
    if (group) group.columns.push(...columnsOf(one));
    else groups.push({ x: one.x, columns: columnsOf(one) });
  }
  if (groups.length === 0) return '<p>None.</p>';
  const tables = groups.map(({ x, columns }, i) => {
    const rows = x.map((value, row) => {
      const cells = columns.map(
        ({ values }) => `<td class="number">${formatNumber(values[row] ?? Number.NaN, 6)}</td>`,
      );
      return `<tr><th scope="row" class="number">${formatNumber(value, 6)}</th>${cells.join('')}</tr>`;
    });
    const part = groups.length === 1 ? '' : ` (table ${i + 1} of ${groups.length})`;
    const head = headRow([xName, ...columns.map(({ name }) => name)].map((name) => `>${name}`));
    return table(`Numbers: ${title}${part}`, head, rows);
  });
  return tables.join('\n');
}

/** Column headings; one that begins with '>' stands over numbers and is set to the right. */
function headRow(names: readonly string[]): string {
  const cells = names.map((name) =>
    name.startsWith('>')
      ? `<th scope="col" class="number">${escapeMarkup(name.slice(1))}</th>`
      : `<th scope="col">${escapeMarkup(name)}</th>`,
  );
  return `<tr>${cells.join('')}</tr>`;
}

/** A table that scrolls by itself where it is wider than the page. */
function table(caption: string, head: string, rows: readonly string[]): string {
  const name = escapeMarkup(caption);
  return `<div class="scroll" tabindex="0" role="group" aria-label="${name}"><table><caption>${name}</caption><thead>${head}</thead><tbody>
${rows.join('\n')}
</tbody></table></div>`;
}
