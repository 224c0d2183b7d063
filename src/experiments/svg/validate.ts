/**
 * What a figure must satisfy to be drawn. A figure never leaves out a value it was given, so one that has no place
 * on its axis is refused.
 *
 * @module
 */

import type { Axis, Panel, Series } from './plot.ts';

function fail(required: string, got: string): never {
  throw new RangeError(`drawFigure: ${required}, got ${got}`);
}

/**
 * Accepts a figure that can be drawn.
 * @throws RangeError for an id that is no plain name; no panel, no series in a panel or no point in a series; x, y,
 *   low and high of different lengths; low without high; low above high; NaN or ±Infinity; on a logarithmic axis a
 *   negative value, or a zero anywhere but in y, low and high of a series.
 */
export function validateFigure(options: { id: string; panels: readonly Panel[] }): void {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(options.id)) {
    fail('the id is a letter followed by letters, digits, - or _', JSON.stringify(options.id));
  }
  if (options.panels.length === 0) fail('at least one panel is required', 'none');
  for (const panel of options.panels) validatePanel(panel);
}

function validatePanel(panel: Panel): void {
  if (panel.series.length === 0) {
    fail(`panel '${panel.title}' needs at least one series`, 'none');
  }
  for (const series of panel.series) {
    const where = `series '${series.name}' of panel '${panel.title}'`;
    validateLengths(series, where);
    validateValues(series.x, panel.x, false, `x of ${where}`);
    validateValues(series.y, panel.y, true, `y of ${where}`);
    validateValues(series.low ?? [], panel.y, true, `low of ${where}`);
    validateValues(series.high ?? [], panel.y, true, `high of ${where}`);
    series.low?.forEach((low, i) => {
      const high = series.high?.[i] ?? Number.NaN;
      if (!(low <= high)) fail(`low ≤ high is required in ${where}`, `${low} and ${high} at ${i}`);
    });
  }
  for (const line of panel.lines ?? []) {
    validateValues([line.at], panel[line.axis], false, `line '${line.label}' of '${panel.title}'`);
  }
}

function validateLengths(series: Series, where: string): void {
  const count = series.x.length;
  if (count === 0) fail(`${where} needs at least one point`, 'none');
  if ((series.low === undefined) !== (series.high === undefined)) {
    fail(`${where} needs both low and high or neither`, series.low ? 'low only' : 'high only');
  }
  for (const name of ['y', 'low', 'high'] as const) {
    const length = series[name]?.length ?? count;
    if (length !== count) {
      fail(`${where} needs as many ${name} as x values, so ${count}`, String(length));
    }
  }
}

function validateValues(
  values: readonly number[],
  axis: Axis,
  mayBeZero: boolean,
  what: string,
): void {
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) fail(`${what} must be finite`, `${value} at ${i}`);
    if (axis.scale === 'linear' || value > 0 || (mayBeZero && value === 0)) return;
    fail(
      `${what} must be ${mayBeZero ? 'positive or exactly 0' : 'positive'} on a logarithmic axis`,
      `${value} at ${i}`,
    );
  });
}
