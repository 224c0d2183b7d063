/**
 * A figure: panels side by side in one SVG document that stands alone and can also be placed inside a page.
 *
 * It holds its own style, for light and dark screens; printed it is light. Its class names begin with its id, so that
 * several figures can share a page. Equal input gives equal bytes: no date, no random name, two decimals.
 *
 * @module
 */

import { drawPanel, type Panel, titleHeight } from './plot.ts';
import { coordinate, escapeMarkup } from './text.ts';
import { styleElement } from './theme.ts';
import { validateFigure } from './validate.ts';

/** Two panels in a row fill a page at a size that can still be read in print; more go to the next row. */
const PANELS_IN_ROW = 2;
const PANEL_WIDTH = 450;
const SINGLE_WIDTH = 540;
const PAD = 6;

/**
 * The figure as a complete SVG document. Panels stand in rows of two.
 * @param options.id a name for the root element, unique in the page the figure is placed in
 * @param options.title what a screen reader announces
 * @throws RangeError if the figure cannot be drawn as it is, see `validateFigure`
 */
export function drawFigure(options: {
  id: string;
  title: string;
  panels: readonly Panel[];
}): string {
  validateFigure(options);
  const { id, title, panels } = options;
  const panelWidth = panels.length === 1 ? SINGLE_WIDTH : PANEL_WIDTH;
  const width = 2 * PAD + panelWidth * Math.min(panels.length, PANELS_IN_ROW);
  const parts: string[] = [];
  let y = PAD;
  for (let first = 0; first < panels.length; first += PANELS_IN_ROW) {
    const row = panels.slice(first, first + PANELS_IN_ROW);
    const top = Math.max(...row.map((panel) => titleHeight(panel, panelWidth)));
    const drawn = row.map((panel) => drawPanel(panel, id, panelWidth, top));
    drawn.forEach(({ markup }, i) => {
      const x = PAD + i * panelWidth;
      parts.push(`<g transform="translate(${x} ${coordinate(y)})">\n${markup}\n</g>`);
    });
    y += Math.max(...drawn.map((panel) => panel.height)) + PAD;
  }
  const height = Math.ceil(y);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" id="${id}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-name" aria-describedby="${id}-about">`,
    `<title id="${id}-name">${escapeMarkup(title)}</title>`,
    `<desc id="${id}-about">${escapeMarkup(panels.map(describePanel).join(' '))}</desc>`,
    styleElement(id),
    `<rect class="${id}-paper" width="${width}" height="${height}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** The panel in words, for those who cannot see it. */
function describePanel(panel: Panel, index: number): string {
  const axis = ({ label, unit, scale }: Panel['x']) =>
    `${label}${unit === undefined ? '' : ` in ${unit}`} (${scale === 'log' ? 'logarithmic' : 'linear'})`;
  const curves = panel.series.map(({ name, x, y }) => {
    const least = short(y.reduce((a, b) => Math.min(a, b)));
    const most = short(y.reduce((a, b) => Math.max(a, b)));
    return `${name}: ${x.length} points, between ${least} and ${most}, last ${short(y.at(-1) ?? 0)}`;
  });
  const lines = (panel.lines ?? []).map(({ label, at }) => `line '${label}' at ${short(at)}`);
  return `Panel ${index + 1}, ${panel.title}: ${axis(panel.y)} over ${axis(panel.x)}. ${[...curves, ...lines].join('; ')}.`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
