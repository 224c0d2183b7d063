/**
 * npm run accuracy: the largest error of every special function over ten million random arguments
 * a range, as rows of a markdown table.
 *
 *     npm run accuracy -- --quick            1e5 arguments a range, a few seconds
 *     npm run accuracy -- --only exp,log     some functions
 *     npm run accuracy -- --count 1e6 --seed 2 --json
 *
 * Errors are measured against double-double values (scripts/accuracy/reference.ts). Ctrl-C prints what
 * has been measured so far and ends with 75.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { Random } from '../src/linalg/random.ts';
import * as special from '../src/linalg/special/index.ts';
import { BOUNDS, derivativeFor } from '../test/support/special-bounds.ts';
import { LOW } from './accuracy/pairs.ts';
import { RANGES } from './accuracy/ranges.ts';
import { REFERENCES } from './accuracy/reference.ts';

/** The largest errors so far and where they are. */
export interface Measured {
  ulp: number;
  ulpAt: number;
  units: number;
  unitsAt: number;
}

/** One line of the table. */
interface Row {
  readonly function: string;
  readonly low: number;
  readonly high: number;
  readonly arguments: number;
  /** Largest |y^ − y| in units in the last place of y. */
  readonly ulp: number;
  readonly ulpAt: number;
  /** Largest |y^ − y| in units of u·(|y| + |x·y′|), u = 2⁻⁵³; null where ulp is the measure. */
  readonly units: number | null;
  readonly unitsAt: number | null;
  readonly bound: string;
  readonly holds: boolean;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const names = values.only === '' ? Object.keys(RANGES) : values.only.split(',');
const count = Number(values.count ?? (values.quick ? 1e5 : 1e7));
const seed = Number(values.seed);
if (values.help) usage(0);
if (names.some((name) => !(name in RANGES)) || !(count >= 1) || !Number.isSafeInteger(seed)) {
  usage(2);
}

const CHUNK = 20_000;
const rows: Row[] = [];
let interrupted = false;
process.on('SIGINT', () => {
  interrupted = true;
});

async function main(): Promise<void> {
  const plan = names.flatMap((name) => RANGES[name].map((range) => ({ name, ...range })));
  if (!values.json) {
    process.stdout.write('| function | range | largest error | at | bound |\n');
    process.stdout.write('| --- | --- | --- | --- | --- |\n');
  }
  const start = performance.now();
  for (const [index, { name, low, high, tiny }] of plan.entries()) {
    const row = await measure(name, low, high, tiny === true, (share) => {
      const done = (index + share) / plan.length;
      const left = ((performance.now() - start) / 1000) * (1 / done - 1);
      progress(`${name} ${low} … ${high}: ${(100 * done).toFixed(1)}%, ${left.toFixed(0)} s left`);
    });
    if (interrupted) break;
    progress('');
    rows.push(row);
    if (!values.json) process.stdout.write(`${line(row)}\n`);
  }
  progress('');
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, count, interrupted, rows })}\n`);
  process.exitCode = interrupted ? 75 : rows.every(({ holds }) => holds) ? 0 : 1;
}

/** The largest errors over `count` arguments, in chunks, between which a signal is heard. */
async function measure(
  name: string,
  low: number,
  high: number,
  tiny: boolean,
  report: (share: number) => void,
): Promise<Row> {
  const f = (special as unknown as Record<string, (x: number) => number>)[name];
  const random = new Random(
    seed,
    Object.keys(RANGES).indexOf(name),
    Math.round(high * 16) & 0xffff,
  );
  const draw = tiny
    ? () => random.between(low, high) * 2 ** -random.integer(60)
    : () => random.between(low, high);
  const worst: Measured = { ulp: 0, ulpAt: Number.NaN, units: 0, unitsAt: Number.NaN };
  for (let done = 0; done < count && !interrupted; done += CHUNK) {
    compare(f, REFERENCES[name], derivativeFor(name), draw, Math.min(CHUNK, count - done), worst);
    if (done % (10 * CHUNK) === 0) {
      report(done / count + 1e-9);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { ulp: allowed, units: allowedUnits } = BOUNDS[name];
  const composite = allowedUnits !== undefined;
  return {
    function: name,
    low,
    high,
    arguments: count,
    ulp: worst.ulp,
    ulpAt: worst.ulpAt,
    units: composite ? worst.units : null,
    unitsAt: composite ? worst.unitsAt : null,
    bound: composite ? `${allowedUnits}u(\\|y\\|+\\|xy′\\|)` : `${allowed} ulp`,
    holds: composite ? worst.units <= allowedUnits : worst.ulp <= (allowed ?? 0),
  };
}

const DOUBLE = new Float64Array(1);
const WORDS = new Int32Array(DOUBLE.buffer);
const UPPER = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const ULPS = Float64Array.from({ length: 2048 }, (_, field) => 2 ** Math.max(field - 1075, -1074));

/** Compares f with its reference at n drawn arguments; every comparison is refused by NaN. */
function compare(
  f: (x: number) => number,
  reference: (x: number) => number,
  slope: ((x: number) => number) | undefined,
  draw: () => number,
  n: number,
  worst: Measured,
): void {
  for (let i = 0; i < n; i++) {
    const x = draw();
    const y = f(x);
    const high = reference(x);
    const error = Math.abs(y - high - LOW[0]);
    DOUBLE[0] = high;
    const ulps = error / ULPS[(WORDS[UPPER] >> 20) & 0x7ff];
    if (!(ulps <= worst.ulp)) {
      worst.ulp = Number.isNaN(ulps) ? Infinity : ulps;
      worst.ulpAt = x;
    }
    if (slope === undefined) continue;
    const room = 2 ** -53 * (Math.abs(high) + Math.abs(x * slope(x)));
    const units = (error - 2 * Math.abs(x) * 2 ** -1074) / room;
    if (!(units <= worst.units)) {
      worst.units = Number.isNaN(units) ? Infinity : units;
      worst.unitsAt = x;
    }
  }
}

function line(row: Row): string {
  const ulp = `${row.ulp.toPrecision(4)} ulp`;
  const error =
    row.units === null ? ulp : `${row.units.toPrecision(3)}u(\\|y\\|+\\|xy′\\|); ${ulp}`;
  const at = row.units === null ? row.ulpAt : row.unitsAt;
  const mark = row.holds ? '' : ' **exceeded**';
  return `| ${row.function} | ${row.low} … ${row.high} | ${error} | ${at} | ${row.bound}${mark} |`;
}

/** One line on stderr, overwritten; nothing when stderr is not a terminal. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function usage(code: 0 | 2): never {
  const text = [
    'npm run accuracy -- --quick',
    'npm run accuracy -- --only exp,log --count 1e6 --seed 2 --json',
    '',
    `functions: ${Object.keys(RANGES).join(', ')}`,
    '',
  ].join('\n');
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

await main();
