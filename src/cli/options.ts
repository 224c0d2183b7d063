/**
 * Command lines: flags with types, and errors that name what was wrong.
 *
 * @module
 */
import { parseArgs } from 'node:util';

/** The command line was not understood. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** A flag as it is declared: its kind, and a line for --help. */
export interface Flag {
  readonly kind: 'number' | 'text' | 'switch';
  readonly help: string;
  /** One letter or word that stands for the value in --help. */
  readonly value?: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** What was given: only the flags that were, by their names without dashes. */
export interface Given {
  readonly numbers: Readonly<Record<string, number>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

/** Flags that every command has. */
export const COMMON_FLAGS: Flags = {
  help: { kind: 'switch', help: 'show this help' },
  json: { kind: 'switch', help: 'print one JSON object to standard output' },
  seed: { kind: 'number', value: 'N', help: 'seed of all random draws' },
  out: { kind: 'text', value: 'DIR', help: 'folder for result files (default: out)' },
};

/** @throws UsageError for an unknown flag, one given twice, or a value that is not of its kind. */
export function parseOptions(command: string, args: readonly string[], flags: Flags): Given {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { kind }]) => [
      name,
      { type: kind === 'switch' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${command}: ${message.split(/\n|\. /)[0]}`);
  }
  const seen = new Set<string>();
  for (const token of parsed.tokens ?? []) {
    if (token.kind !== 'option') continue;
    if (seen.has(token.name)) {
      throw new UsageError(`${command}: --${token.name} may be given once, got it twice`);
    }
    seen.add(token.name);
  }
  const numbers: Record<string, number> = {};
  const texts: Record<string, string> = {};
  const switches = new Set<string>();
  for (const [name, value] of Object.entries(parsed.values)) {
    if (flags[name].kind === 'switch') switches.add(name);
    else if (flags[name].kind === 'number') numbers[name] = toNumber(command, name, String(value));
    else if (value === '') throw new UsageError(`${command}: --${name} needs a value, got none`);
    else texts[name] = String(value);
  }
  return { numbers, texts, switches, positionals: parsed.positionals };
}

function toNumber(command: string, name: string, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) {
    throw new UsageError(`${command}: --${name} needs a number, got '${text}'`);
  }
  return value;
}

/** The flags as lines of a help text. */
export function describeFlags(flags: Flags): string {
  const left = Object.entries(flags).map(([name, { value, kind }]) =>
    kind === 'switch' ? `--${name}` : `--${name} ${value ?? 'X'}`,
  );
  const width = Math.max(...left.map((text) => text.length));
  return Object.values(flags)
    .map(({ help }, i) => `  ${left[i].padEnd(width)}  ${help}`)
    .join('\n');
}

/** 'validateEvery' as 'validate-every', and back. */
export const toFlag = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
