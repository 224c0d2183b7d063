import { expect, test } from 'vitest';
import { drawFigure } from '../../../src/experiments/svg/figure.ts';
import type { Panel, Series } from '../../../src/experiments/svg/plot.ts';
import { readMarkup } from './well-formed.ts';

const X = [1, 2, 3, 4, 5];

function panel(changes: Partial<Panel> = {}): Panel {
  return {
    title: 'Loss',
    x: { label: 'step', scale: 'linear' },
    y: { label: 'loss', unit: 'nats', scale: 'log' },
    series: [{ name: 'with the context', x: X, y: [3, 1, 0.3, 0.1, 0.04] }],
    ...changes,
  };
}

function draw(...panels: Panel[]): string {
  return drawFigure({ id: 'fig1', title: 'A figure', panels });
}

function withSeries(changes: Partial<Series>, scale: 'linear' | 'log' = 'linear'): Panel {
  const series = { name: 'a', x: X, y: [1, 2, 3, 4, 5], ...changes };
  return panel({ y: { label: 'y', scale }, series: [series] });
}

const count = (svg: string, name: string): number =>
  readMarkup(svg).filter(({ attributes }) => attributes['class']?.split(' ').includes(name)).length;

test('a figure is one well-formed SVG document with title, description and role', () => {
  const elements = readMarkup(draw(panel(), panel(), panel()));
  const [root] = elements;
  expect(root?.name).toBe('svg');
  expect(root?.attributes['xmlns']).toBe('http://www.w3.org/2000/svg');
  expect(root?.attributes['viewBox']).toMatch(/^0 0 \d+ \d+$/);
  expect(root?.attributes['role']).toBe('img');
  expect(elements.find(({ name }) => name === 'title')?.text).toBe('A figure');
  expect(elements.find(({ name }) => name === 'desc')?.text).toContain(
    'with the context: 5 points, between 0.04 and 3, last 0.04',
  );
});

test('ids are unique, and every class and id begins with the id of the figure', () => {
  const elements = readMarkup(draw(panel(), panel()));
  const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  const classes = elements.flatMap(({ attributes }) => attributes['class']?.split(' ') ?? []);
  expect(classes.length).toBeGreaterThan(20);
  for (const name of [...ids, ...classes]) expect(name.startsWith('fig1')).toBe(true);
});

test('every class that is used has a rule in the style of the figure', () => {
  const elements = readMarkup(draw(panel({ lines: [{ axis: 'y', at: 1, label: 'one' }] })));
  const style = elements.find(({ name }) => name === 'style')?.text ?? '';
  for (const { attributes } of elements) {
    for (const name of attributes['class']?.split(' ') ?? []) expect(style).toContain(`.${name}{`);
  }
  expect(style).toContain('prefers-color-scheme:dark');
});

test('markup in titles, names, units and labels is shown as text', () => {
  const evil = '<script>alert("1")</script>&';
  const svg = drawFigure({
    id: 'a',
    title: evil,
    panels: [
      panel({
        title: evil,
        y: { label: evil, unit: evil, scale: 'linear' },
        series: [{ name: evil, x: X, y: X, low: X, high: X, band: evil }],
        lines: [{ axis: 'y', at: 2, label: evil }],
      }),
    ],
  });
  expect(readMarkup(svg).map(({ name }) => name)).not.toContain('script');
  expect(svg).toContain('&lt;script&gt;');
});

test('equal figures are equal bytes, and numbers have at most two decimals', () => {
  const one = draw(panel(), withSeries({ y: [1 / 3, 2 / 3, 1, 2, Math.PI] }));
  expect(draw(panel(), withSeries({ y: [1 / 3, 2 / 3, 1, 2, Math.PI] }))).toBe(one);
  for (const { attributes } of readMarkup(one)) {
    for (const value of Object.values(attributes)) expect(value).not.toMatch(/\.\d{3}|\de-?\d|NaN/);
  }
});

test('the curve of a linear panel goes through hand-worked positions', () => {
  const svg = draw(withSeries({ x: [0, 50, 100], y: [0, 2, 4] }));
  const elements = readMarkup(svg);
  const curve = elements.find(({ attributes }) => attributes['class'] === 'fig1-curve fig1-s0');
  const points = [...(curve?.attributes['d'] ?? '').matchAll(/[ML](\S+) (\S+?)(?=[ML]|$)/g)].map(
    ([, x, y]) => [Number(x), Number(y)],
  );
  // The plot area is 270 high and begins 34 below the top; 5% of the range is free above and below: 270/22 pixels.
  expect(points.map(([, y]) => y)).toEqual([291.73, 169, 46.27]);
  const [first = 0, middle = 0, last = 0] = points.map(([x]) => x);
  expect(Math.abs(first + last - 2 * middle)).toBeLessThan(0.02);
});

test('a band is one closed outline through its upper and lower ends, with a legend entry', () => {
  const svg = draw(withSeries({ low: [0, 1, 2, 3, 4], high: [2, 3, 4, 5, 6], band: 'quartiles' }));
  const bands = readMarkup(svg).filter(({ attributes }) =>
    attributes['class']?.startsWith('fig1-band'),
  );
  expect(bands.map(({ name }) => name)).toEqual(['path', 'rect']);
  expect(bands[0]?.attributes['d']).toMatch(/^M\S+ \S+?(L\S+ \S+?){9}Z$/);
  // Forwards along the upper end, then back along the lower one.
  const d = bands[0]?.attributes['d'] ?? '';
  const x = [...d.matchAll(/[ML](\S+) /g)].map(([, value]) => Number(value));
  expect(x).toHaveLength(10);
  expect(x).toEqual([...x].reverse());
  expect(x.slice(0, 5)).toEqual(x.slice(0, 5).sort((a, b) => a - b));
  expect(svg).toContain('>a: quartiles</text>');
});

test('curves differ without colour: line pattern, or marker', () => {
  const series = [0, 1, 2, 3, 4, 5].map((i) => ({
    name: `s${i}`,
    x: X,
    y: X.map((x) => x + 9 * i),
  }));
  const elements = readMarkup(draw(panel({ series })));
  const styles = series.map((_, i) => {
    const classes = elements.filter(({ attributes }) =>
      attributes['class']?.includes(`fig1-s${i}`),
    );
    const markers = elements.filter(({ attributes }) => attributes['class'] === `fig1-f${i}`);
    const shape = markers[0]?.attributes['d']?.replace(/^M\S+ \S+?(?=[a-z])/, '');
    return `${classes[0]?.attributes['stroke-dasharray']} ${shape}`;
  });
  expect(new Set(styles).size).toBe(series.length);
});

test('a solid curve under a coinciding dashed one becomes a ribbon', () => {
  const y = [3, 1, 0.3, 0.1, 0.04];
  const pair = (other: number[]) =>
    draw(
      panel({
        series: [
          { name: 'a', x: X, y },
          { name: 'b', x: X, y: other },
        ],
      }),
    );
  expect(pair(y)).toContain('fig1-s0" stroke-width="5"');
  expect(pair(y.map((v) => 2 * v))).not.toContain('stroke-width="5"');
});

test('exact zeros on a logarithmic axis lie in a strip of their own, labelled 0 and marked', () => {
  const svg = draw(withSeries({ y: [4e-16, 0, 0, 2e-16, 0] }, 'log'));
  expect(count(svg, 'fig1-strip')).toBe(2);
  expect(svg).toContain('text-anchor="end">0</text>');
  expect(svg).toContain('exactly 0');
  // Three zeros and the single point between them, which no line reaches; the first point too.
  expect(readMarkup(svg).filter((e) => e.attributes['class'] === 'fig1-f0')).toHaveLength(5);
  expect(count(svg, 'fig1-drop')).toBe(1);
});

test('without zeros there is no strip, and zeros alone can be drawn', () => {
  expect(count(draw(withSeries({}, 'log')), 'fig1-strip')).toBe(0);
  expect(count(draw(withSeries({ y: [0, 0, 0, 0, 0] }, 'log')), 'fig1-strip')).toBe(2);
  expect(count(draw(withSeries({ y: [0, 0, 0, 0, 0] }, 'linear')), 'fig1-strip')).toBe(0);
});

test('a label that would lie on a curve goes to the legend', () => {
  const label = 'limit';
  const free = draw(panel({ lines: [{ axis: 'y', at: 1e3, label }] }));
  expect(count(free, 'fig1-halo')).toBe(1);
  const x = Array.from({ length: 200 }, (_, i) => i);
  const crowd = { name: 'a', x, y: x.map((i) => i % 2) };
  const full = draw(
    panel({
      y: { label: 'y', scale: 'linear' },
      series: [crowd],
      lines: [{ axis: 'y', at: 0.5, label }],
    }),
  );
  expect(count(full, 'fig1-halo')).toBe(0);
  expect(full).toContain('>limit</text>');
});

test('extreme values are drawn without NaN or Infinity', () => {
  const svg = draw(
    withSeries({ y: [5e-324, 1e-300, 1, 1e300, 1.7e308] }, 'log'),
    withSeries({ x: [7, 7, 7, 7, 7], y: [-3, -3, -3, -3, -3] }),
  );
  readMarkup(svg);
  expect(svg).not.toMatch(/NaN|Infinity/);
});

test('what cannot be drawn is refused, with what is required and what was got', () => {
  const refused = (one: Panel, message: string) => {
    expect(() => draw(one)).toThrow(RangeError);
    expect(() => draw(one)).toThrow(message);
  };
  expect(() => draw()).toThrow('drawFigure: at least one panel is required, got none');
  expect(() => drawFigure({ id: '1 a', title: '', panels: [panel()] })).toThrow('got "1 a"');
  refused(panel({ series: [] }), "drawFigure: panel 'Loss' needs at least one series, got none");
  refused(withSeries({ x: [], y: [] }), 'at least one point, got none');
  refused(withSeries({ y: [1, 2, 3, 4] }), 'as many y as x values, so 5, got 4');
  refused(withSeries({ y: [1, 2, Number.NaN, 4, 5] }), 'must be finite, got NaN at 2');
  refused(withSeries({ x: [1, 2, 3, 4, Number.POSITIVE_INFINITY] }), 'got Infinity at 4');
  refused(withSeries({ low: X }), 'both low and high or neither, got low only');
  refused(withSeries({ low: X, high: [9, 9, 9] }), 'as many high as x values, so 5, got 3');
  refused(withSeries({ low: [2, 2, 2, 2, 9], high: X.map(() => 3) }), 'low ≤ high is required');
  refused(
    withSeries({ y: [1, -1, 1, 1, 1] }, 'log'),
    'positive or exactly 0 on a logarithmic axis',
  );
  refused({ ...panel(), lines: [{ axis: 'y', at: 0, label: 'zero' }] }, "line 'zero' of 'Loss'");
  refused({ ...panel(), lines: [{ axis: 'x', at: Number.NaN, label: 'n' }] }, 'must be finite');
  const zeroX = { ...withSeries({ x: [0, 1, 2, 3, 4] }), x: { label: 'n', scale: 'log' as const } };
  refused(zeroX, 'must be positive on a logarithmic axis, got 0 at 0');
});

test('the reader of markup refuses what is not well formed', () => {
  for (const bad of [
    '<a>',
    '<a></b>',
    '<a></a></a>',
    '<a>&</a>',
    '<a b=c></a>',
    '<a x="1" x="2"/>',
  ]) {
    expect(() => readMarkup(bad), bad).toThrow();
  }
  expect(readMarkup('<a><b c="d"/>e</a>').map(({ name }) => name)).toEqual(['a', 'b']);
});
