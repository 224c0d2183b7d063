/**
 * Reading JSON of a known form straight from its bytes, one value at a time.
 *
 * JSON.parse keeps the last of two members with one name, and builds whatever it is given, however
 * deep. Here the caller says what must come next: the first byte that differs ends the reading, a
 * name may come once, and nothing is built but what the caller keeps.
 *
 * @module
 */
import { quoted, type Refuse } from './format-error.ts';

/** How deep a value may nest that nobody looks at. */
const DEEPEST = 64;

/**
 * Members an object may have. Short names in a map take 12 times their length in memory while they
 * are read (measured, Node 20.20), so 100 MB of them could use up all there is; the largest
 * checkpoints have some 200 000 tensors.
 */
const MOST_MEMBERS = 2 ** 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)$/;

/**
 * A place in a text of JSON (RFC 8259, UTF-8, no byte order mark). Every method reads one value and
 * throws what `refuse` makes, naming the members on the way to it, if another kind of value is there.
 */
export class JsonScanner {
  readonly #bytes: Uint8Array;
  readonly #refuse: Refuse;
  /** Names of the members that are being read, outermost first. */
  readonly #path: string[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.#bytes = bytes;
    this.#refuse = refuse;
  }

  /** Calls `member` with every name, in order; it must read the value. A name may come once. */
  object(member: (name: string) => void): void {
    const names = new Set<string>();
    this.#list('{', '}', () => {
      const name = this.string();
      if (names.has(name)) throw this.#refuse(`${this.#where()}names must differ`, quoted(name));
      if (names.size === MOST_MEMBERS) {
        throw this.#refuse(`${this.#where()}at most ${MOST_MEMBERS} names are read`, 'more');
      }
      names.add(name);
      if (this.#next() !== COLON) throw this.#wanted('a colon after a name');
      this.#at++;
      this.#path.push(name);
      member(name);
      this.#path.pop();
    });
  }

  /** Calls `element` at every element; it must read it. */
  array(element: () => void): void {
    this.#list('[', ']', element);
  }

  /** A string, without lone surrogates: it has to be one in every language. */
  string(): string {
    if (this.#next() !== QUOTE) throw this.#wanted('a string');
    const start = this.#at + 1;
    let end = start;
    let escapes = false;
    for (; this.#bytes[end] !== QUOTE; end++) {
      if (!(this.#bytes[end] >= 0x20)) throw this.#wanted('a string that ends');
      if (this.#bytes[end] === BACKSLASH) {
        escapes = true;
        end++;
      }
    }
    const text = this.#decode(start, end, escapes);
    this.#at = end + 1;
    return text;
  }

  /** A whole number from 0 to 2^53 − 1, written without sign, point and exponent. */
  size(): number {
    this.#next();
    const text = this.#word();
    const size = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(size)) throw this.#wanted('a whole number from 0 to 2^53 - 1');
    this.#at += text.length;
    return size;
  }

  /** Any value, which is checked and forgotten. */
  skip(depth: number = DEEPEST): void {
    if (depth === 0) throw this.#wanted(`a value nested at most ${DEEPEST} deep`);
    const first = this.#next();
    if (first === QUOTE) this.string();
    else if (first === 0x7b) this.object(() => this.skip(depth - 1));
    else if (first === 0x5b) this.array(() => this.skip(depth - 1));
    else {
      const text = this.#word();
      if (!LITERAL.test(text)) throw this.#wanted('a value');
      this.#at += text.length;
    }
  }

  /** Only white space may follow. */
  end(): void {
    if (this.#next() !== undefined) throw this.#wanted('the end');
  }

  #list(open: '{' | '[', close: '}' | ']', item: () => void): void {
    const last = close.charCodeAt(0);
    if (this.#next() !== open.charCodeAt(0)) {
      throw this.#wanted(open === '{' ? 'an object' : 'an array');
    }
    this.#at++;
    if (this.#next() !== last) {
      item();
      while (this.#next() === COMMA) {
        this.#at++;
        item();
      }
      if (this.#next() !== last) throw this.#wanted(`a comma or ${close}`);
    }
    this.#at++;
  }

  /** The first byte that is not white space. */
  #next(): number | undefined {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)
      at++;
    this.#at = at;
    return bytes[at];
  }

  /** The letters, digits, signs and points that come next, 400 at most: no number is longer. */
  #word(): string {
    let text = '';
    for (let at = this.#at; text.length < 400; at++) {
      const c = String.fromCharCode(this.#bytes[at] ?? 0);
      if (!/[\w.+-]/.test(c)) break;
      text += c;
    }
    return text;
  }

  #decode(start: number, end: number, escapes: boolean): string {
    try {
      const text = UTF8.decode(this.#bytes.subarray(start, end));
      const value: string = escapes ? JSON.parse(`"${text}"`) : text;
      if (!/\p{Surrogate}/u.test(value)) return value;
    } catch {
      // Bytes that are no UTF-8, or an escape that does not exist.
    }
    throw this.#wanted('a string of Unicode characters');
  }

  #wanted(what: string): Error {
    const rest = new TextDecoder().decode(this.#bytes.subarray(this.#at, this.#at + 24));
    const got = rest === '' ? 'the end' : quoted(rest);
    return this.#refuse(`${this.#where()}${what} is required`, `${got} at byte ${this.#at}`);
  }

  #where(): string {
    return this.#path.map((name) => `${quoted(name)}: `).join('');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
