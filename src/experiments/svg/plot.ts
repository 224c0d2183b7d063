/**
 * One panel of a figure: title, axes, grid, bands, curves, reference lines and legend, in this order from back to
 * front where they overlap.
 *
 * @module
 */

import { belowAxes, drawAxes, drawGrid, layOut } from './axes.ts';
import { broaden, drawBand, drawCurve, drawMarkers } from './curves.ts';
import { drawLegend } from './legend.ts';
import { drawLines } from './lines.ts';
import { textElement, wrapText } from './text.ts';
import { looks, SIZE } from './theme.ts';

/** An axis; its title reads 'label (unit)'. */
export interface Axis {
  readonly label: string;
  readonly unit?: string;
  readonly scale: 'linear' | 'log';
}

/** A curve y over x. `low` and `high` bound a band around it; both or neither are given, as long as x. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
  /** What the band is, e.g. 'quartiles'. */
  readonly band?: string;
  /** Markers at the points, or none; chosen so that curves can be told apart where this is not said. */
  readonly marker?: boolean;
  /** Dashed or solid; every second curve is dashed where this is not said. */
  readonly dashed?: boolean;
}

/** A horizontal (`axis` 'y') or vertical (`axis` 'x') line across the panel. */
export interface ReferenceLine {
  readonly axis: 'x' | 'y';
  readonly at: number;
  readonly label: string;
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly lines?: readonly ReferenceLine[];
}

const TITLE_LINE = 1.25 * SIZE.title;

function titleLines(panel: Panel, width: number): string[] {
  return wrapText(panel.title, SIZE.title, width - 16);
}

/** Height that the title of a panel takes at this width, its distance to the plot area included. */
export function titleHeight(panel: Panel, width: number): number {
  return titleLines(panel, width).length * TITLE_LINE + 14;
}

/**
 * Draws one panel in coordinates that begin at (0, 0); `top` is where its plot area begins, which panels side by side
 * share. The panel is trusted to be valid. Returns the markup and the height it takes.
 */
export function drawPanel(
  panel: Panel,
  prefix: string,
  width: number,
  top: number,
): { markup: string; height: number } {
  const area = layOut(panel, width, top);
  const series = broaden(panel.series, looks(panel.series), area);
  const lines = drawLines(panel, area, prefix);
  const each = (draw: typeof drawCurve): string[] =>
    panel.series.flatMap((s, i) => {
      const look = series[i];
      return look === undefined ? [] : [draw(s, look, area, prefix)];
    });
  const legend = drawLegend(
    panel,
    { series, lines: lines.unplaced, hasStrip: area.hasStrip, prefix },
    { left: 12, right: width - 8, top: belowAxes(panel, area) + 6 },
  );
  const title = textElement(
    titleLines(panel, width),
    { x: area.left + area.width / 2, y: SIZE.title + 2, lineHeight: TITLE_LINE },
    `class="${prefix}-title" text-anchor="middle"`,
  );
  const markup = [
    title,
    drawGrid(area, prefix),
    ...each(drawBand),
    lines.lines,
    ...each(drawCurve),
    drawAxes(panel, area, prefix),
    ...each(drawMarkers),
    lines.labels,
    legend.markup,
  ];
  return { markup: markup.join('\n'), height: legend.bottom + 8 };
}
