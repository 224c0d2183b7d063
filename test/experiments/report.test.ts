import { expect, test } from 'vitest';
import { type ReportFigure, renderReport } from '../../src/experiments/report.ts';
import { formatNumber, formatPair } from '../../src/experiments/report-tables.ts';
import { drawFigure } from '../../src/experiments/svg/figure.ts';
import type { Series } from '../../src/experiments/svg/plot.ts';
import { readMarkup } from './svg/well-formed.ts';

const SERIES: Series = { name: 'loss', x: [1, 2, 3], y: [1, 0.5, 4.4408920985e-16] };

function figure(changes: Partial<ReportFigure> = {}): ReportFigure {
  const id = changes.id ?? 'fig1';
  const axis = { label: 'step', scale: 'linear' as const };
  return {
    id,
    title: 'A figure',
    caption: ['One.', 'Two.', 'Three.'],
    svg: drawFigure({
      id,
      title: 'A figure',
      panels: [{ title: 'p', x: axis, y: axis, series: [SERIES] }],
    }),
    checks: [
      { name: 'difference', kind: 'theorem', value: 4e-16, limit: 1e-14, relation: '<=', ok: true },
      { name: 'slope', kind: 'shape', value: 1, limit: 2, relation: '>=', ok: false },
      { name: 'cosine', kind: 'shape', value: 0.2, limit: 0.3, relation: '>=', ok: null },
    ],
    parameters: { seed: 7, layer: 'softmax', quick: false },
    series: [SERIES],
    xName: 'step',
    ...changes,
  };
}

function render(...figures: ReportFigure[]): string {
  return renderReport({ title: 'Report', introduction: ['Hello.'], figures });
}

/** Text of the page without tags. */
const visible = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const cells = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`<${name}[^>]*>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, text]) => text ?? '',
  );

test('the page is well formed and has language, character set, viewport and title', () => {
  const html = render(figure(), figure({ id: 'fig2' }));
  const elements = readMarkup(html, true);
  const meta = elements.filter(({ name }) => name === 'meta').map(({ attributes }) => attributes);
  expect(html.startsWith('<!DOCTYPE html>')).toBe(true);
  expect(elements[0]?.attributes['lang']).toBe('en');
  expect(meta.some((attributes) => attributes['charset'] === 'utf-8')).toBe(true);
  expect(meta.some((attributes) => attributes['name'] === 'viewport')).toBe(true);
  expect(elements.find(({ name }) => name === 'title')?.text).toBe('Report');
});

test('the page loads nothing and runs nothing', () => {
  const elements = readMarkup(render(figure()), true);
  for (const { name, attributes } of elements) {
    expect(name).not.toMatch(/^(script|img|iframe|object)$/);
    for (const [attribute, value] of Object.entries(attributes)) {
      expect(attribute).not.toMatch(/^on/);
      if (attribute === 'href') expect(value).toMatch(/^(#|data:,)/);
    }
    expect(name === 'style' ? attributes : {}).toEqual({});
  }
  expect(render(figure())).not.toMatch(/@import|url\(/);
});

test('ids are unique over all figures and every reference finds its id', () => {
  const elements = readMarkup(render(figure(), figure({ id: 'fig2' })), true);
  const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { attributes } of elements) {
    const target = attributes['aria-labelledby'] ?? attributes['href']?.replace(/^#/, '');
    if (target !== undefined && target !== 'data:,') expect(ids).toContain(target);
  }
});

test('the headline counts the checks that hold', () => {
  const hold = figure().checks.slice(0, 1);
  expect(visible(render(figure()))).toContain('1 of 2 checks fail.');
  expect(visible(render(figure()))).toContain('not judged (changed parameters): 1');
  expect(visible(render(figure({ checks: hold })))).toContain('The one check holds.');
  expect(visible(render(figure({ checks: [...hold, ...hold] })))).toContain('All 2 checks hold.');
  expect(visible(render(figure({ checks: [] })))).toContain('No check was judged.');
});

test('each check shows value, relation, limit and its verdict as word and symbol', () => {
  const text = visible(render(figure()));
  expect(text).toContain('difference theorem 4e-16 ≤ 1e-14 ✓ holds');
  expect(text).toContain('slope shape of a curve 1 ≥ 2 ✗ fails');
  expect(text).toContain('cosine shape of a curve 0.2 ≥ 0.3 ○ not judged (changed parameters)');
});

test('every table has a caption, and every heading a scope', () => {
  const elements = readMarkup(render(figure()), true);
  const tables = elements.filter(({ name }) => name === 'table').length;
  expect(tables).toBe(3);
  expect(elements.filter(({ name }) => name === 'caption')).toHaveLength(tables);
  for (const { name, attributes } of elements) {
    if (name === 'th') expect(['row', 'col']).toContain(attributes['scope']);
  }
});

test('the numbers behind the picture have a row for each x and columns for the ends of bands', () => {
  const band = { ...SERIES, low: [0.5, 0.25, 0], high: [2, 1, 1e-3], band: 'quartiles' };
  const table = cells(render(figure({ series: [band] })), 'table')[2] ?? '';
  expect(cells(table, 'tr').map((row) => [...cells(row, 't[hd]')])).toHaveLength(4);
  expect(visible(table)).toContain('step loss loss (lower quartile) loss (upper quartile)');
  expect(visible(table)).toContain('3 4.44089e-16 0 0.001');
});

test('series with different x stand in tables of their own', () => {
  const other = { name: 'other', x: [1, 3], y: [8, 9] };
  const same = { name: 'same', x: [1, 2, 3], y: [5, 6, 7] };
  const tables = cells(render(figure({ series: [SERIES, other, same] })), 'table').slice(2);
  expect(tables.map(visible).map((text) => text.includes('other'))).toEqual([false, true]);
  expect(visible(tables[0] ?? '')).toContain('step loss same 1 1 5 2 0.5 6');
  expect(visible(tables[1] ?? '')).toContain('step other 1 8 3 9');
});

test('markup in any text is shown as text', () => {
  const evil = '<script>alert(1)</script>"&';
  const [check] = figure().checks;
  const html = renderReport({
    title: evil,
    introduction: [evil],
    figures: [
      figure({
        title: evil,
        caption: [evil],
        checks: check ? [{ ...check, name: evil }] : [],
        parameters: { [evil]: evil },
        series: [{ ...SERIES, name: evil, low: SERIES.y, high: SERIES.y, band: evil }],
        xName: evil,
      }),
    ],
  });
  expect(readMarkup(html, true).map(({ name }) => name)).not.toContain('script');
});

test('numbers are plain where short, scientific where tiny or huge', () => {
  const values = [
    0,
    -0,
    5,
    0.1 + 0.2,
    1 / 3,
    4.440892098500626e-16,
    123456,
    1234567,
    999999.9,
    -2e-4,
  ];
  expect(values.map((value) => formatNumber(value, 4))).toEqual([
    '0',
    '0',
    '5',
    '0.3',
    '0.3333',
    '4.441e-16',
    '123456',
    '1.235e6',
    '1e6',
    '-2e-4',
  ]);
  expect(formatNumber(Number.NaN, 4)).toBe('NaN');
  expect(formatNumber(Number.POSITIVE_INFINITY, 4)).toBe('Infinity');
});

test('a value that rounds to its limit is written in full', () => {
  expect(formatPair(0.39999996, 0.4)).toEqual(['0.39999996', '0.4']);
  expect(formatPair(0.4, 0.4)).toEqual(['0.4', '0.4']);
});

test('equal reports are equal bytes', () => {
  expect(render(figure())).toBe(render(figure()));
});

test('a verdict that contradicts its numbers is refused, and NaN never holds', () => {
  const refuse = (value: number, ok: boolean) =>
    expect(() =>
      render(
        figure({ checks: [{ name: 'c', kind: 'theorem', value, limit: 1, relation: '<=', ok }] }),
      ),
    );
  refuse(2, true).toThrow("renderReport: ok of check 'c' must say whether 2 <= 1, got true");
  refuse(0.5, false).toThrow(RangeError);
  refuse(Number.NaN, true).toThrow(RangeError);
  refuse(Number.NaN, false).not.toThrow();
});

test('a figure that cannot be placed in the page is refused', () => {
  expect(() => render(figure(), figure())).toThrow("an id of its own, got 'fig1' twice");
  expect(() => render(figure({ svg: '<p>' }))).toThrow('must be one SVG element');
  expect(() => render(figure({ svg: '<svg><script></script></svg>' }))).toThrow('without script');
  expect(() => render({ ...figure(), id: 'a b' })).toThrow('got "a b"');
  expect(() => render(figure({ series: [{ ...SERIES, y: [1] }] }))).toThrow('needs 3 values');
});
