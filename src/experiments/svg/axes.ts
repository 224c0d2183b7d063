/**
 * From the values of a panel to its two axes: intervals, positions in pixels, and the drawing of frame, grid and ticks.
 *
 * A logarithmic y axis has no place for zero. Where a series holds exact zeros the axis is broken: below the
 * logarithmic part lies a strip that means exactly 0 and nothing else.
 *
 * @module
 */

import { exp, log } from '../../linalg/index.ts';
import type { Axis, Panel } from './plot.ts';
import { linearScale, logScale, type Scale, type Tick } from './scale.ts';
import { coordinate, escapeMarkup, textElement, textWidth, wrapText } from './text.ts';
import { SIZE } from './theme.ts';

/** Height of the plot area, of the strip for zeros, and of the gap above the strip. */
export const PLOT_HEIGHT = 270;
const STRIP_HEIGHT = 24;
const STRIP_GAP = 9;
const LINE_HEIGHT = 1.25;

/** The plot area in figure coordinates (y grows downwards) with its two maps from values to pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Height of the part above the strip; equal to `height` where there is none. */
  readonly scaled: number;
  readonly hasStrip: boolean;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly xScale: Scale;
  readonly yScale: Scale;
  x(value: number): number;
  y(value: number): number;
}

const log10 = (x: number): number => log(x) / Math.LN10;

/** Moves an end of a logarithmic axis outwards to the next power of ten where that is less than a quarter decade off. */
function toDecade(end: number, outwards: -1 | 1): number {
  const exponent = log10(end);
  const power = Number(`1e${outwards < 0 ? Math.floor(exponent) : Math.ceil(exponent)}`);
  return power > 0 && Math.abs(log10(power) - exponent) < 0.25 ? power : end;
}

/** The scale that holds all values, with a margin on both sides. Zeros are ignored on a logarithmic axis. */
function scaleFor(values: readonly number[], axis: Axis, margin: number): Scale {
  if (axis.scale === 'log') {
    const positive = values.filter((value) => value > 0);
    // Nothing but zeros: any decade will do.
    const low = positive.reduce((a, b) => Math.min(a, b), positive[0] ?? 0.1);
    const high = positive.reduce((a, b) => Math.max(a, b), positive[0] ?? 1);
    const factor = low === high ? 4 : exp(margin * log(high / low));
    return logScale(
      toDecade(Math.max(low / factor, Number.MIN_VALUE), -1),
      toDecade(Math.min(high * factor, Number.MAX_VALUE), 1),
    );
  }
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  // Zero belongs to the picture when it is near: heights are then comparable by eye.
  const low = least > 0 && least < 0.3 * most ? 0 : least;
  const high = most < 0 && most > 0.3 * least ? 0 : most;
  const pad = low === high ? Math.abs(low) / 10 || 1 : margin * (high - low);
  return linearScale(low - pad, high + pad);
}

function valuesOf(panel: Panel, axis: 'x' | 'y'): number[] {
  const lines = (panel.lines ?? []).filter((line) => line.axis === axis).map((line) => line.at);
  const points = panel.series.flatMap((s) =>
    axis === 'x' ? s.x : [...s.y, ...(s.low ?? []), ...(s.high ?? [])],
  );
  return [...points, ...lines];
}

/** Width of a tick's label with its superscript. */
function tickWidth(tick: Tick): number {
  const exponent = tick.exponent === null ? '' : String(tick.exponent);
  return textWidth(tick.label, SIZE.tick) + textWidth(exponent, SIZE.exponent);
}

/** 'label (unit)' on one line, or the unit below the label. */
function axisTitle(axis: Axis, width: number): string[] {
  const unit = axis.unit === undefined ? [] : [`(${axis.unit})`];
  const whole = [axis.label, ...unit].join(' ');
  const parts = textWidth(whole, SIZE.label) <= width ? [whole] : [axis.label, ...unit];
  return parts.flatMap((part) => wrapText(part, SIZE.label, width));
}

function yTitleLines(panel: Panel): string[] {
  return axisTitle(panel.y, PLOT_HEIGHT);
}

/** Places the plot area in a panel of the given width: as much to the left as the y labels need. */
export function layOut(panel: Panel, width: number, top: number): Area {
  const yValues = valuesOf(panel, 'y');
  const hasStrip = panel.y.scale === 'log' && yValues.includes(0);
  const scaled = hasStrip ? PLOT_HEIGHT - STRIP_HEIGHT - STRIP_GAP : PLOT_HEIGHT;
  const yScale = scaleFor(yValues, panel.y, 0.05);
  const yTicks = yScale.ticks((ticks) =>
    apart(
      ticks,
      (tick) => yScale.place(tick.value) * scaled,
      () => 1.6 * SIZE.tick,
    ),
  );
  const titleWidth = yTitleLines(panel).length * LINE_HEIGHT * SIZE.label;
  const left = Math.ceil(titleWidth + 16 + Math.max(10, ...yTicks.map(tickWidth)));
  const plotWidth = width - left - 18;
  const xScale = scaleFor(valuesOf(panel, 'x'), panel.x, 0.025);
  const xTicks = xScale.ticks((ticks) =>
    apart(
      ticks,
      (tick) => xScale.place(tick.value) * plotWidth,
      (tick) => tickWidth(tick) + 8,
    ),
  );
  return {
    left,
    top,
    width: plotWidth,
    height: PLOT_HEIGHT,
    scaled,
    hasStrip,
    xTicks,
    yTicks,
    xScale,
    yScale,
    x: (value) => left + plotWidth * xScale.place(value),
    y: (value) =>
      hasStrip && value === 0
        ? top + PLOT_HEIGHT - STRIP_HEIGHT / 2
        : top + scaled * (1 - yScale.place(value)),
  };
}

function apart(
  ticks: readonly Tick[],
  at: (tick: Tick) => number,
  extent: (tick: Tick) => number,
): boolean {
  return ticks.every((tick, i) => {
    const next = ticks[i + 1];
    return !next || Math.abs(at(next) - at(tick)) >= (extent(tick) + extent(next)) / 2;
  });
}

/** A tick's label as a text element; the superscript is a raised, smaller span. */
function tickLabel(tick: Tick, x: number, y: number, anchor: string, prefix: string): string {
  const exponent =
    tick.exponent === null
      ? ''
      : `<tspan class="${prefix}-exponent" dy="-5">${String(tick.exponent).replace('-', '\u2212')}</tspan>`;
  return (
    `<text class="${prefix}-tick" x="${coordinate(x)}" y="${coordinate(y)}" text-anchor="${anchor}">` +
    `${escapeMarkup(tick.label)}${exponent}</text>`
  );
}

/** The light grid at labelled ticks and the strip for zeros: everything that lies under the curves. */
export function drawGrid(area: Area, prefix: string): string {
  const { left, top, width, height, scaled } = area;
  const vertical = area.xTicks.map((t) => `M${coordinate(area.x(t.value))} ${top}v${height}`);
  const horizontal = area.yTicks.map((t) => `M${left} ${coordinate(area.y(t.value))}h${width}`);
  const grid = `<path class="${prefix}-grid" d="${[...vertical, ...horizontal].join('')}"/>`;
  if (!area.hasStrip) return grid;
  // The gap is painted over, so that the grid stops above it and the axis is seen to be broken.
  return `${grid}<rect class="${prefix}-paper" x="${left}" y="${top + scaled}" width="${width}" height="${STRIP_GAP}"/><rect class="${prefix}-strip" x="${left}" y="${top + height - STRIP_HEIGHT}" width="${width}" height="${STRIP_HEIGHT}"/>`;
}

/** The two axes with ticks, labels and titles. */
export function drawAxes(panel: Panel, area: Area, prefix: string): string {
  const { left, top, width, height, scaled } = area;
  const bottom = top + height;
  const marks = [`M${left} ${top}v${scaled}`, `M${left} ${bottom}h${width}`];
  for (const value of area.xScale.minor) marks.push(`M${coordinate(area.x(value))} ${bottom}v3`);
  for (const value of area.yScale.minor) marks.push(`M${left} ${coordinate(area.y(value))}h-3`);
  for (const tick of area.xTicks) marks.push(`M${coordinate(area.x(tick.value))} ${bottom}v6`);
  for (const tick of area.yTicks) marks.push(`M${left} ${coordinate(area.y(tick.value))}h-6`);
  const labels = [
    ...area.xTicks.map((t) => tickLabel(t, area.x(t.value), bottom + 21, 'middle', prefix)),
    ...area.yTicks.map((t) => tickLabel(t, left - 9, area.y(t.value) + 5, 'end', prefix)),
  ];
  if (area.hasStrip) {
    const cut = top + scaled;
    marks.push(
      `M${left} ${cut + STRIP_GAP}v${STRIP_HEIGHT}`,
      `M${left} ${coordinate(area.y(0))}h-6`,
    );
    marks.push(`M${left - 5} ${cut + 3}l10 -5`, `M${left - 5} ${cut + STRIP_GAP + 2}l10 -5`);
    const zero: Tick = { value: 0, label: '0', exponent: null };
    labels.push(tickLabel(zero, left - 9, area.y(0) + 5, 'end', prefix));
  }
  return `<path class="${prefix}-axis" d="${marks.join('')}"/>${labels.join('')}${drawTitles(panel, area, prefix)}`;
}

function drawTitles(panel: Panel, area: Area, prefix: string): string {
  const lineHeight = LINE_HEIGHT * SIZE.label;
  const middle = area.top + area.height / 2;
  const xAt = { x: area.left + area.width / 2, y: area.top + area.height + 43, lineHeight };
  const attributes = `class="${prefix}-label" text-anchor="middle"`;
  const y = textElement(yTitleLines(panel), { x: 0, y: 0, lineHeight }, attributes);
  return (
    textElement(xTitleLines(panel, area), xAt, attributes) +
    `<g transform="translate(${SIZE.label} ${coordinate(middle)}) rotate(-90)">${y}</g>`
  );
}

function xTitleLines(panel: Panel, area: Area): string[] {
  return axisTitle(panel.x, area.width + 16);
}

/** Where the axes end and the legend may begin. */
export function belowAxes(panel: Panel, area: Area): number {
  const lines = xTitleLines(panel, area).length;
  return area.top + area.height + 43 + (lines - 1) * LINE_HEIGHT * SIZE.label + 8;
}
