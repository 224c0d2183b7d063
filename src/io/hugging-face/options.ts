/**
 * The options of a `config.json`, read one by one, each checked when it is asked for.
 *
 * Nothing in the file is trusted. Sizes are held against the tensors that are there, so that a file which
 * speaks of a billion layers is refused before anything is made for them.
 *
 * @module
 */
import { quoted, type Refuse } from '../format-error.ts';

/** What no size of a model can exceed. */
export interface Limits {
  /** Of layers and experts: how many tensors there are. */
  readonly tensors: number;
  /** Of widths: the largest size of any tensor. */
  readonly size: number;
}

/** A value as an error shows it; a list or record only by its kind, since it may be of any size and depth. */
function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'a record' : String(value);
}

export class ConfigOptions {
  readonly limits: Limits;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #refuse: Refuse;
  readonly #read = new Set<string>();

  /** @throws FormatError unless `values` is a record. */
  constructor(values: unknown, limits: Limits, refuse: Refuse) {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw refuse('an object of options is required', shown(values));
    }
    this.#values = values as Readonly<Record<string, unknown>>; // an object, as just seen
    this.limits = limits;
    this.#refuse = refuse;
  }

  /** The error that names the option and its value. */
  refused(name: string, required: string): Error {
    return this.#refuse(`option ${name} must be ${required}`, shown(this.#own(name)));
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  /** The value of the first name that is there, which counts as read; null and undefined as they are. */
  value(...names: readonly string[]): { readonly name: string; readonly value: unknown } {
    for (const name of names) this.#read.add(name);
    const name = names.find((each) => this.#own(each) !== undefined) ?? names[0];
    return { name, value: this.#own(name) };
  }

  /** Options that no one asked for, with what they say. */
  unread(): [name: string, value: unknown][] {
    return Object.entries(this.#values).filter(([name]) => !this.#read.has(name));
  }

  /** A record below this one, or null where there is none. */
  record(name: string): ConfigOptions | null {
    const { value } = this.value(name);
    if (value === undefined || value === null) return null;
    const refuse: Refuse = (required, got) => this.#refuse(`${name}: ${required}`, got);
    return new ConfigOptions(value, this.limits, refuse);
  }

  /** A finite number. Absent or null: the fallback, without which it is required. */
  number(names: string | readonly string[], fallback?: number): number {
    const { name, value } = this.value(...[names].flat());
    const found = value ?? fallback;
    if (typeof found !== 'number' || !Number.isFinite(found)) {
      throw this.refused(name, 'a finite number');
    }
    return found;
  }

  /** The same, above 0. */
  positive(names: string | readonly string[], fallback?: number): number {
    const found = this.number(names, fallback);
    if (!(found > 0)) throw this.refused(this.value(...[names].flat()).name, 'positive');
    return found;
  }

  /** A positive number, or null where the file says null. Absent: the fallback. */
  optional(name: string, fallback: number | null): number | null {
    const { value } = this.value(name);
    if (value === null || (value === undefined && fallback === null)) return null;
    return this.positive(name, fallback ?? undefined);
  }

  /** A width: a positive integer, no larger than the largest size of any tensor. */
  size(names: string | readonly string[], fallback?: number): number {
    return this.#integer(names, this.limits.size, 'the largest size of a tensor', fallback);
  }

  /** How many layers or experts: a positive integer, not more than there are tensors. */
  count(names: string | readonly string[], fallback?: number): number {
    return this.#integer(names, this.limits.tensors, 'the number of tensors', fallback);
  }

  #integer(
    names: string | readonly string[],
    most: number,
    what: string,
    fallback: number | undefined,
  ): number {
    const found = this.number(names, fallback);
    if (!(Number.isInteger(found) && found > 0 && found <= most)) {
      const { name } = this.value(...[names].flat());
      throw this.refused(name, `a positive integer of at most ${most}, ${what},`);
    }
    return found;
  }

  /** true or false. Absent or null: the fallback. */
  flag(name: string, fallback: boolean): boolean {
    const { value } = this.value(name);
    const found = value ?? fallback;
    if (typeof found !== 'boolean') throw this.refused(name, 'true or false');
    return found;
  }

  /** One of the names in a table, as what stands there. Absent or null: the fallback. */
  choice<T>(names: string | readonly string[], table: ReadonlyMap<string, T>, fallback: string): T {
    const { name, value } = this.value(...[names].flat());
    const found = value ?? fallback;
    const chosen = typeof found === 'string' ? table.get(found) : undefined;
    if (chosen === undefined) throw this.refused(name, `one of ${[...table.keys()].join(', ')}`);
    return chosen;
  }

  /** Token ids: a number, a list of them, or none. */
  ids(name: string): readonly number[] {
    const { value } = this.value(name);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value ?? []].flat();
    const isId = (id: unknown): id is number => Number.isInteger(id) && Number(id) >= 0;
    // A negative id is how some files say that there is none.
    if (!list.every((id) => Number.isInteger(id))) throw this.refused(name, 'token ids');
    return list.filter(isId);
  }
}
