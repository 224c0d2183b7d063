/**
 * Text in markup: escaping, number output, and an upper estimate of how wide a text is drawn.
 *
 * No font can be measured without a browser, so layout works with estimated widths that are at least those of
 * DejaVu Sans, the widest of the common sans-serif faces: what is kept apart here stays apart in Arial too.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text that is safe in the content and in quoted attributes of HTML and XML; control characters become U+FFFD. */
export function escapeMarkup(text: string): string {
  let clean = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const allowed = code >= 32 ? code !== 127 : code === 9 || code === 10 || code === 13;
    const isLoneSurrogate = code >= 0xd800 && code <= 0xdfff;
    clean += allowed && !isLoneSurrogate ? (ENTITIES[char] ?? char) : '\ufffd';
  }
  return clean;
}

/** A coordinate with at most two decimals; a hundredth of a pixel cannot be seen, and equal input gives equal bytes. */
export function coordinate(value: number): string {
  const text = value.toFixed(2).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

/** Widths in units of the font size, rounded up from DejaVu Sans. */
const WIDE = /[MWmw@%—…]/;
const NARROW = /[iljftrI.,:;|!'`()[\]{} /\\-]/;
const CAPITAL = /[A-Z0-9#&_+=<>×−ΔΣ]/;

/** Estimated width of `text` at font size `size`, in the same unit as `size`; valid for Latin and Greek text. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const char of text) {
    if (WIDE.test(char)) width += 1;
    else if (NARROW.test(char)) width += 0.42;
    else if (CAPITAL.test(char)) width += char >= '0' && char <= '9' ? 0.64 : 0.76;
    else width += char.charCodeAt(0) > 0x2e7f ? 1 : 0.62;
  }
  return width * size;
}

/** Splits a text at spaces into lines no wider than `width`; a single word that is wider is cut. */
export function wrapText(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textWidth(longer, size) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const char of word) {
      if (line !== '' && textWidth(line + char, size) > width) {
        lines.push(line);
        line = '';
      }
      line += char;
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

/** A `<text>` element; `lines` stand below each other, the first with its baseline at y. */
export function textElement(
  lines: readonly string[],
  at: { x: number; y: number; lineHeight: number },
  attributes: string,
): string {
  const x = coordinate(at.x);
  if (lines.length === 1) {
    return `<text x="${x}" y="${coordinate(at.y)}" ${attributes}>${escapeMarkup(lines[0] ?? '')}</text>`;
  }
  const spans = lines.map(
    (line, i) =>
      `<tspan x="${x}" y="${coordinate(at.y + i * at.lineHeight)}">${escapeMarkup(line)}</tspan>`,
  );
  return `<text ${attributes}>${spans.join('')}</text>`;
}
