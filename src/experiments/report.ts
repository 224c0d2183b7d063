/**
 * The report: one HTML page with verdict, figures, checks and the numbers behind each picture.
 *
 * The page needs nothing but itself: no script, no font, no address is loaded. Every text it is given is escaped; only
 * the figures' SVG is placed as it is. Equal input gives equal bytes.
 *
 * @module
 */

import { REPORT_STYLE } from './report-style.ts';
import { checksTable, numbersTables, parametersTable } from './report-tables.ts';
import type { Series } from './svg/plot.ts';
import { escapeMarkup } from './svg/text.ts';

export interface ReportCheck {
  readonly name: string;
  readonly kind: 'theorem' | 'shape';
  readonly value: number;
  readonly limit: number;
  /** How value is compared with limit. */
  readonly relation: '<=' | '>=';
  /** null: not judged, because the expectation is stated for the default parameters only. */
  readonly ok: boolean | null;
}

export interface ReportFigure {
  readonly id: string;
  readonly title: string;
  /** Three sentences: what is seen. */
  readonly caption: readonly string[];
  /** The figure as `drawFigure` returns it. */
  readonly svg: string;
  readonly checks: readonly ReportCheck[];
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly series: readonly Series[];
  /** Heading of the x column in the table of numbers. */
  readonly xName: string;
}

/**
 * The page as HTML text.
 * @throws RangeError for an id that is no plain name or is used twice, an `svg` that is no SVG element or holds a
 *   script, a verdict that contradicts its own value and limit, and series whose lengths differ
 */
export function renderReport(options: {
  title: string;
  introduction: readonly string[];
  figures: readonly ReportFigure[];
}): string {
  const { title, introduction, figures } = options;
  validate(figures);
  const contents = figures.map(
    ({ id, title: name, checks }) =>
      `<li><a href="#figure-${id}">${escapeMarkup(name)}</a> <span class="count">${escapeMarkup(countText(checks))}</span></li>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeMarkup(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeMarkup(title)}</h1>
${verdict(figures.flatMap((figure) => figure.checks))}
${introduction.map((text) => `<p>${escapeMarkup(text)}</p>`).join('\n')}
${contents.length > 1 ? `<nav aria-label="Figures"><ol>${contents.join('')}</ol></nav>` : ''}
</header>
${figures.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function validate(figures: readonly ReportFigure[]): void {
  const fail = (required: string, got: string): never => {
    throw new RangeError(`renderReport: ${required}, got ${got}`);
  };
  const seen = new Set<string>();
  for (const { id, svg, checks, series } of figures) {
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(id)) {
      fail(
        'the id of a figure is a letter followed by letters, digits, - or _',
        JSON.stringify(id),
      );
    }
    if (seen.has(id)) fail('each figure needs an id of its own', `'${id}' twice`);
    seen.add(id);
    if (!svg.startsWith('<svg') || /<script/i.test(svg)) {
      fail(
        `svg of figure '${id}' must be one SVG element without script`,
        `'${svg.slice(0, 20)}…'`,
      );
    }
    for (const { name, value, relation, limit, ok } of checks) {
      const holds = relation === '<=' ? value <= limit : value >= limit;
      if (ok !== null && ok !== holds) {
        fail(`ok of check '${name}' must say whether ${value} ${relation} ${limit}`, String(ok));
      }
    }
    for (const { name, x, y, low, high } of series) {
      for (const values of [y, low ?? x, high ?? x]) {
        if (values.length !== x.length) {
          fail(`series '${name}' needs ${x.length} values in each column`, String(values.length));
        }
      }
    }
  }
}

interface Count {
  readonly hold: number;
  readonly fail: number;
  readonly unjudged: number;
}

function count(checks: readonly ReportCheck[]): Count {
  const of = (ok: boolean | null) => checks.filter((check) => check.ok === ok).length;
  return { hold: of(true), fail: of(false), unjudged: of(null) };
}

function countText(checks: readonly ReportCheck[]): string {
  const { hold, fail, unjudged } = count(checks);
  const judged = hold + fail;
  const main = judged === 0 ? 'no check judged' : `${hold} of ${judged} checks hold`;
  return unjudged === 0 ? main : `${main}, ${unjudged} not judged`;
}

/** The headline: how many checks hold. */
function verdict(checks: readonly ReportCheck[]): string {
  const { hold, fail, unjudged } = count(checks);
  const judged = hold + fail;
  const theorems = checks.filter(({ kind, ok }) => kind === 'theorem' && ok !== null);
  let text = 'No check was judged.';
  if (judged > 0)
    text = fail === 0 ? `All ${judged} checks hold.` : `${fail} of ${judged} checks fail.`;
  if (judged === 1) text = fail === 0 ? 'The one check holds.' : 'The one check fails.';
  const shapes = checks.filter(({ kind, ok }) => kind === 'shape' && ok !== null);
  const detail: string[] = [];
  if (theorems.length > 0) {
    detail.push(`of the theorems: ${count(theorems).hold} of ${theorems.length} hold`);
  }
  if (shapes.length > 0) {
    detail.push(`of the shapes of curves: ${count(shapes).hold} of ${shapes.length} hold`);
  }
  if (unjudged > 0) detail.push(`not judged (changed parameters): ${unjudged}`);
  const state = judged === 0 ? 'none' : fail === 0 ? 'holds' : 'fails';
  const symbol = { none: '○', holds: '✓', fails: '✗' }[state];
  return `<p class="verdict ${state}"><strong><span aria-hidden="true">${symbol}</span> ${text}</strong> <span>${sentence(detail)}</span></p>`;
}

function sentence(parts: readonly string[]): string {
  const text = parts.join('; ');
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function section(figure: ReportFigure, index: number): string {
  const { id, title, caption, svg, checks, parameters, series, xName } = figure;
  // Text in a figure stays readable on a screen 400 pixels wide: there a single panel shrinks to two thirds, of a pair
  // one panel fills the screen and the other is scrolled to.
  const natural = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1] ?? 0);
  return `<section id="figure-${id}" aria-labelledby="heading-${id}">
<h2 id="heading-${id}">Figure ${index + 1}. ${escapeMarkup(title)}</h2>
<figure>
<div class="scroll plot" tabindex="0" role="group" aria-labelledby="heading-${id}"><div class="size" style="min-width:${Math.round((natural > 700 ? 0.78 : 2 / 3) * natural)}px">
${svg.trim()}
</div></div>
<figcaption>${escapeMarkup(caption.join(' '))}</figcaption>
</figure>
${checks.length > 0 ? checksTable(checks, title) : ''}
<details class="parameters"><summary>Parameters</summary>${parametersTable(parameters, title)}</details>
<details class="numbers"><summary>Numbers behind the picture</summary>${numbersTables(series, xName, title)}</details>
</section>`;
}
