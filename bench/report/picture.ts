/**
 * The picture of a run: how many times as long as deltaw everybody takes, on a logarithmic axis.
 *
 * A line of the picture is a work, or one variant of it; hollow markers compute in float32. The axis and
 * the colours, for light and dark screens, are those of the figures (`src/experiments/svg`).
 *
 * @module
 */
import { drawMarker } from '../../src/experiments/svg/curves.ts';
import { logScale, type Scale } from '../../src/experiments/svg/scale.ts';
import {
  coordinate,
  escapeMarkup,
  textElement,
  textWidth,
} from '../../src/experiments/svg/text.ts';
import { type Look, type Marker, SIZE, styleElement } from '../../src/experiments/svg/theme.ts';
import type { Line, RowLine, RunLine } from '../runner/lines.ts';

/** Contestants by label, with colour and marker; the ones of a kind have a colour in common. */
const LOOKS: Readonly<Record<string, readonly [number, Marker]>> = {
  'plain JavaScript': [5, 'circle'],
  'ml-matrix': [4, 'square'],
  'tfjs cpu': [1, 'triangle'],
  'tfjs wasm': [1, 'diamond'],
  'jax-js': [3, 'square'],
  NumPy: [0, 'circle'],
  PyTorch: [2, 'triangle'],
};

const ID = 'bench';
const WIDTH = 860;
const LEFT = 250;
const RIGHT = WIDTH - 24;
const TOP = 64;
const STEP = 24;

interface Dot {
  readonly base: string;
  readonly ratio: number;
  readonly single: boolean;
}

/** The picture of the rows that have a ratio, as an SVG document. @throws RangeError if none has. */
export function pictureOf(lines: readonly Line[]): string {
  const groups = groupsOf(lines.filter((line): line is RowLine => line.kind === 'row'));
  const ratios = [...groups.values()].flat().map(({ ratio }) => ratio);
  if (ratios.length === 0)
    throw new RangeError('pictureOf: a row with a ratio is required, got none');
  const scale = logScale(Math.min(0.5, ...ratios) / 1.3, Math.max(2, ...ratios) * 1.3);
  const bottom = TOP + STEP * groups.size;
  const used = Object.keys(LOOKS).filter((base) =>
    [...groups.values()].flat().some((dot) => dot.base === base),
  );
  const legend = legendOf(used, bottom + 66);
  const height = Math.ceil(legend.bottom + 12);
  const title = 'Time of each contestant over that of deltaw';
  const about = [...groups]
    .map(([name, dots]) => `${name}: ${dots.map(inWords).join(', ')}.`)
    .join(' ');
  const body = [
    `<rect class="${ID}-paper" width="${WIDTH}" height="${height}"/>`,
    textElement([title], { x: 12, y: 26, lineHeight: 0 }, `class="${ID}-title"`),
    textElement([captionOf(lines)], { x: 12, y: 46, lineHeight: 0 }, `class="${ID}-legend"`),
    axis(scale, bottom),
    ...[...groups].map(([name, dots], i) => workLine(name, dots, scale, TOP + STEP * (i + 0.5))),
    legend.markup,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" id="${ID}" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="${ID}-name" aria-describedby="${ID}-about">`,
    `<title id="${ID}-name">${title}</title>`,
    `<desc id="${ID}-about">${escapeMarkup(about)}</desc>`,
    styleElement(ID),
    ...body,
    '</svg>\n',
  ].join('\n');
}

/** Dots by work and variant, in the order of the rows. */
function groupsOf(rows: readonly RowLine[]): Map<string, Dot[]> {
  const groups = new Map<string, Dot[]>();
  for (const { work, label, contestant, precision, ratio, failed } of rows) {
    if (ratio === undefined || failed !== undefined || contestant.startsWith('ours')) continue;
    const [base, ...variant] = label.split(', ');
    const name = variant.length === 0 ? work : `${work}: ${variant.join(', ')}`;
    const dots = groups.get(name) ?? [];
    dots.push({ base, ratio, single: precision === 'float32' });
    groups.set(name, dots);
  }
  return groups;
}

const inWords = ({ base, ratio, single }: Dot): string =>
  `${base}${single ? ' in float32' : ''} ${ratio.toPrecision(2)}`;

function captionOf(lines: readonly Line[]): string {
  const runs = lines.filter((line): line is RunLine => line.kind === 'run');
  const nodes = runs.map(({ node }) => node).join(' and ');
  const [{ cpu, date }] = runs;
  return `Medians on ${cpu}, one thread, Node ${nodes}, ${date.slice(0, 10)}. Right of the line deltaw is faster.`;
}

const at = (scale: Scale, ratio: number): number => LEFT + (RIGHT - LEFT) * scale.place(ratio);

/** Grid, ticks, the line at 1, and what the axis means. */
function axis(scale: Scale, bottom: number): string {
  const ticks = scale.ticks((some) => some.length <= 9);
  const vertical = (ratio: number, name: string): string => {
    const x = coordinate(at(scale, ratio));
    return `<path class="${ID}-${name}" d="M${x} ${TOP}V${bottom}"/>`;
  };
  return [
    ...ticks.map(({ value }) => vertical(value, 'grid')),
    vertical(1, 'line'),
    ...ticks.map(({ value }) =>
      textElement(
        [`${value}×`],
        { x: at(scale, value), y: bottom + 20, lineHeight: 0 },
        `class="${ID}-tick" text-anchor="middle"`,
      ),
    ),
    textElement(
      ['time over time of deltaw (logarithmic)'],
      { x: (LEFT + RIGHT) / 2, y: bottom + 42, lineHeight: 0 },
      `class="${ID}-label" text-anchor="middle"`,
    ),
  ].join('\n');
}

function workLine(name: string, dots: readonly Dot[], scale: Scale, y: number): string {
  const label = textElement(
    [name],
    { x: LEFT - 12, y: y + 5, lineHeight: 0 },
    `class="${ID}-tick" text-anchor="end"`,
  );
  const rule = `<path class="${ID}-grid" d="M${LEFT} ${coordinate(y)}H${RIGHT}"/>`;
  const markers = dots.map(({ base, ratio, single }) =>
    drawMarker({ x: at(scale, ratio), y }, lookOf(base, single), ID),
  );
  return [label, rule, ...markers].join('\n');
}

/** `drawMarker` leaves the markers of dashed curves hollow. */
function lookOf(base: string, hollow: boolean): Look {
  const [colour, marker] = LOOKS[base] ?? [5, 'circle'];
  return { colour, marker, dash: hollow ? '1 1' : '', width: 2 };
}

/** Markers with their names, then what filled and hollow mean; as many lines as it takes. */
function legendOf(used: readonly string[], top: number): { markup: string; bottom: number } {
  const items = [
    ...used.map((base) => ({ text: base, looks: [lookOf(base, base.startsWith('tfjs'))] })),
    { text: 'filled: float64, hollow: float32', looks: [] },
  ];
  let [x, y] = [12, top];
  const parts = items.map(({ text, looks }) => {
    const width = 18 * looks.length + textWidth(text, SIZE.legend) + 18;
    if (x + width > RIGHT) [x, y] = [12, y + 22];
    const markers = looks.map((look) => drawMarker({ x: x + 6, y: y - 5 }, look, ID));
    const start = x + 18 * looks.length;
    x += width;
    return [
      ...markers,
      textElement([text], { x: start, y, lineHeight: 0 }, `class="${ID}-legend"`),
    ].join('\n');
  });
  return { markup: parts.join('\n'), bottom: y };
}
