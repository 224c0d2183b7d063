/**
 * Colour on a terminal that wants it.
 *
 * @module
 */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** `text` in a style, if standard output is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string): string {
  const wanted = process.stdout.isTTY === true && !process.env.NO_COLOR;
  return wanted ? styleText(style, text) : text;
}
