/**
 * A small reader of markup: follows the tags with a stack and refuses what an XML parser would refuse of them.
 *
 * @module
 */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text directly inside the element, with entities as written. */
  text: string;
}

const VOID_HTML = new Set(['meta', 'link', 'br', 'hr']);
const TOKEN =
  /<!DOCTYPE html>|<\/([A-Za-z][\w-]*)>|<([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|[^<]+|</g;

/** All elements in document order. @throws Error for a tag that is not closed, closed twice, or not understood. */
export function readMarkup(markup: string, isHtml = false): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  for (const [token, closing, opening, attributes, selfClosing] of markup.matchAll(TOKEN)) {
    if (closing !== undefined) {
      const top = open.pop();
      if (top?.name !== closing) throw new Error(`</${closing}> closes <${top?.name}>`);
    } else if (opening !== undefined) {
      const element = { name: opening, attributes: readAttributes(attributes ?? ''), text: '' };
      elements.push(element);
      const isVoid = isHtml && VOID_HTML.has(opening);
      if (selfClosing === '' && !isVoid) open.push(element);
    } else if (token === '<') {
      throw new Error('a "<" that opens no tag');
    } else if (token !== '<!DOCTYPE html>') {
      if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(token)) throw new Error(`bare "&" in ${token}`);
      const top = open.at(-1);
      if (top) top.text += token;
      else if (token.trim() !== '') throw new Error(`text outside the root: ${token}`);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is never closed`);
  return elements;
}

function readAttributes(source: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of source.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name in found) throw new Error(`attribute ${name} twice`);
    found[name] = value;
  }
  return found;
}
