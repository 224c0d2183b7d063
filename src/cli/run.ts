/**
 * What the command `deltaw` does: finds the subcommand, and turns every error into a line and an exit code.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { EXIT } from './exit-codes.ts';
import { UsageError } from './options.ts';

const HELP = `Examples:
  deltaw reproduce all      train the toy transformer and draw the paper's figures
  deltaw verify             check every theorem on random blocks
  deltaw patch --context "Call me Ishmael. " --query "Some years"
  deltaw verify --help      what a command takes

Usage: deltaw COMMAND [options]

  reproduce   the figures of the paper, checked, drawn and explained
  verify      theorems against their rounding bounds and negative controls
  patch       the weight patch of a checkpoint that stands for a part of the prompt
  generate    the prompt continued with, without and patched, side by side
  thought     one change of a checkpoint's weights for many queries, and how much of the context it keeps

Options of every command: --help, --json and --seed N; --out DIR where files are written.
Exit codes: 0 done and holds, 1 a check failed, 2 usage, 3 bad input or file, 75 interrupted and
resumable.`;

type Command = (args: readonly string[]) => Promise<number>;

/** Loaded when asked for: each stands on a good part of the package. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  reproduce: async () => (await import('./reproduce.ts')).reproduceCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  patch: async () => (await import('./patch.ts')).patchCommand,
  generate: async () => (await import('./generate.ts')).generateCommand,
  thought: async () => (await import('./thought.ts')).thoughtCommand,
};

async function dispatch([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version') {
    const about = new URL('../../package.json', import.meta.url);
    process.stdout.write(`${JSON.parse(readFileSync(about, 'utf8')).version}\n`);
    return EXIT.ok;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${HELP}\n`);
    return EXIT.ok;
  }
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    const known = Object.keys(COMMANDS)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
    const got = name === undefined ? 'none' : `'${name}'`;
    throw new UsageError(`deltaw: a command is required, ${known}, got ${got}`);
  }
  return (await load())(args);
}

/** Runs one command line, without the name of the program; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isUsage = error instanceof UsageError;
    process.stderr.write(`${message}\n${isUsage ? "'deltaw --help' shows what there is.\n" : ''}`);
    return isUsage ? EXIT.usage : EXIT.badInput;
  }
}
