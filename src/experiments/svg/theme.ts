/**
 * Colours, line patterns, markers and text sizes of the figures.
 *
 * A curve is known by three things at once, colour, line pattern and marker, so that none of them is needed alone.
 * Colours follow Okabe and Ito (jfly.uni-koeln.de/color, 2008), darkened on white and lightened on black until each
 * has a contrast of at least 3 to 1 with its paper. Every coloured declaration is written twice, as a plain value and
 * as a variable: programs that know no CSS variables draw the light figure.
 *
 * @module
 */

/** Font sizes in user units; one unit is one CSS pixel when a figure is shown at its natural size. */
export const SIZE = { title: 16, label: 15, tick: 14, legend: 14, exponent: 11 } as const;

const LIGHT: Readonly<Record<string, string>> = {
  paper: '#ffffff',
  ink: '#1c1c1c',
  axis: '#555555',
  grid: '#e3e3e3',
  strip: '#efece4',
  c0: '#0072b2',
  c1: '#c64f00',
  c2: '#007d5a',
  c3: '#a8478a',
  c4: '#8a6500',
  c5: '#444444',
};

const DARK: Readonly<Record<string, string>> = {
  paper: '#15171a',
  ink: '#ececec',
  axis: '#a8a8a8',
  grid: '#34373c',
  strip: '#2a2822',
  c0: '#56b4e9',
  c1: '#f58f3c',
  c2: '#2fc99b',
  c3: '#e39bc8',
  c4: '#f0e442',
  c5: '#d0d0d0',
};

const COLOURS = 6;
/** Width of a solid curve that lies under a dashed one. */
export const RIBBON = 5;
const DASHES = ['7 5', '2.5 3', '13 4 2.5 4'];

/** How the i-th series of a panel is drawn. */
export interface Look {
  readonly colour: number;
  /** '' for a solid line. */
  readonly dash: string;
  readonly width: number;
  readonly marker: Marker | null;
}

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond';
const MARKERS: readonly Marker[] = ['circle', 'square', 'triangle', 'diamond'];

/**
 * Looks of the series of one panel. Unless told otherwise, series 0, 2, 4 … are solid, series 1, 3, 5 … dashed; from
 * the second solid line on, markers are added.
 */
export function looks(
  series: readonly { readonly marker?: boolean; readonly dashed?: boolean }[],
): Look[] {
  let solid = 0;
  return series.map(({ marker, dashed }, i) => {
    const isDashed = dashed ?? i % 2 === 1;
    if (!isDashed) solid++;
    const hasMarker = marker ?? (!isDashed && solid > 1);
    return {
      colour: i % COLOURS,
      dash: isDashed ? (DASHES[(i >> 1) % DASHES.length] ?? '') : '',
      width: isDashed ? 1.8 : 2.4,
      marker: hasMarker ? (MARKERS[(i + (i >> 2)) % MARKERS.length] ?? 'circle') : null,
    };
  });
}

/** The style element of a figure; every class begins with the figure's id. */
export function styleElement(id: string): string {
  const rules = [
    `#${id}{${variables(LIGHT)};background:#ffffff;background:var(--paper)}`,
    `@media screen and (prefers-color-scheme:dark){#${id}{${variables(DARK)}}}`,
    `#${id} text{font-family:Arial,Helvetica,"Liberation Sans",sans-serif;${fill('ink')}}`,
    `.${id}-paper{${fill('paper')}}`,
    `.${id}-title{font-size:${SIZE.title}px;font-weight:bold}`,
    `.${id}-label{font-size:${SIZE.label}px}`,
    `.${id}-tick{font-size:${SIZE.tick}px}`,
    `.${id}-exponent{font-size:${SIZE.exponent}px}`,
    `.${id}-legend{font-size:${SIZE.legend}px}`,
    `.${id}-halo{font-size:${SIZE.legend}px;${stroke('paper')};stroke-width:4px;stroke-linejoin:round;paint-order:stroke}`,
    `.${id}-grid{fill:none;${stroke('grid')};stroke-width:1px}`,
    `.${id}-axis{fill:none;${stroke('axis')};stroke-width:1.2px}`,
    `.${id}-line{fill:none;${stroke('ink')};stroke-width:1.3px}`,
    `.${id}-strip{${fill('strip')};${stroke('axis')};stroke-width:.6px}`,
    `.${id}-curve{fill:none;stroke-linejoin:round}`,
    `.${id}-rim{${stroke('paper')}}`,
    `.${id}-drop{fill:none;stroke-width:1px;stroke-dasharray:1 3}`,
    `.${id}-hollow{${fill('paper')};stroke-width:1.8px}`,
    `.${id}-band{fill-opacity:.2;stroke-opacity:.6;stroke-width:.8px}`,
  ];
  for (let i = 0; i < COLOURS; i++) {
    rules.push(`.${id}-s${i}{${stroke(`c${i}`)}}`, `.${id}-f${i}{${fill(`c${i}`)}}`);
  }
  return `<style>${rules.join('\n')}</style>`;
}

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

const fill = (name: string): string => `fill:${LIGHT[name]};fill:var(--${name})`;
const stroke = (name: string): string => `stroke:${LIGHT[name]};stroke:var(--${name})`;
