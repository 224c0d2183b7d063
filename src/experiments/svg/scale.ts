/**
 * Linear and logarithmic scales and their ticks.
 *
 * A scale maps its interval [low, high] to [0, 1]. Tick values are decimal numbers m·10^k with m = 1, 2 or 5 and are
 * formed from their decimal digits, so each is the double nearest to what its label says.
 *
 * @module
 */
import { log } from '../../linalg/index.ts';

/** A labelled tick. The label reads `label`, followed by `exponent` as a superscript where there is one. */
export interface Tick {
  readonly value: number;
  readonly label: string;
  readonly exponent: number | null;
}

/** Whether these ticks can be labelled without their labels touching. */
export type Fits = (ticks: readonly Tick[]) => boolean;

export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Position of `value`: 0 at `low`, 1 at `high`. */
  place(value: number): number;
  /** The densest set of ticks that fits; at least the sparsest one where none does. */
  ticks(fits: Fits): Tick[];
  /** Values of unlabelled ticks; they may repeat labelled ones. */
  readonly minor: readonly number[];
}

/** Most ticks tried on a linear axis: more of them crowd a panel of this size without telling more. */
const MOST_TICKS = 8;

/** ⌊log10 |value|⌋, exact, for value ≠ 0. */
function decadeOf(value: number): number {
  return Number(value.toExponential().split('e')[1]);
}

/** The double nearest to digits·10^exponent. */
function decimal(digits: number, exponent: number): number {
  return Number(`${digits}e${exponent}`);
}

/** Digits with a true minus sign. */
function signed(digits: string): string {
  return digits.replace('-', '\u2212');
}

/** Smallest m·10^k at or above `raw` > 0, m of 1, 2, 5. */
function niceStep(raw: number): { m: number; k: number } {
  const k = decadeOf(raw);
  for (const m of [1, 2, 5]) if (decimal(m, k) >= raw) return { m, k };
  return { m: 1, k: k + 1 };
}

/** The multiples of one nice step in [low, high], about `count` of them. */
export function linearTicks(low: number, high: number, count: number): Tick[] {
  const { m, k } = niceStep((high - low) / count);
  const step = decimal(m, k);
  const top = decadeOf(Math.max(Math.abs(low), Math.abs(high)));
  const scientific = top >= 6 || top < -3;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(low / step); i <= Math.floor(high / step); i++) {
    const value = decimal(i * m, k);
    if (i === 0) ticks.push({ value: 0, label: '0', exponent: null });
    else if (scientific) {
      const mantissa = decimal(i * m, k - top).toFixed(Math.min(20, Math.max(0, top - k)));
      ticks.push({ value, label: `${signed(mantissa)}×10`, exponent: top });
    } else {
      ticks.push({ value, label: signed(value.toFixed(Math.max(0, -k))), exponent: null });
    }
  }
  return ticks;
}

/**
 * Ticks mantissa·10^e in [low, high] for e a multiple of `every`. Labels are plain from 0.001 to 10000,
 * otherwise powers of ten.
 */
export function logTicks(
  low: number,
  high: number,
  mantissas: readonly number[],
  every: number,
): Tick[] {
  const found: { digit: number; e: number }[] = [];
  for (let e = decadeOf(low); e <= decadeOf(high); e++) {
    if (e % every !== 0) continue;
    for (const digit of mantissas) {
      const value = decimal(digit, e);
      if (value >= low && value <= high) found.push({ digit, e });
    }
  }
  const plain = found.every(({ e }) => e >= -3 && e <= 4);
  return found.map(({ digit, e }) => {
    const value = decimal(digit, e);
    if (plain) return { value, label: String(value), exponent: null };
    return { value, label: digit === 1 ? '10' : `${digit}×10`, exponent: e };
  });
}

function requireInterval(name: string, low: number, high: number, above: number): void {
  if (low < high && low > above && Number.isFinite(high - low)) return;
  throw new RangeError(
    `${name}: low < high is required, both finite${above === 0 ? ' and positive' : ''}, got ${low} and ${high}`,
  );
}

/** place(v) = (v − low) / (high − low). @throws RangeError unless low < high and the difference is finite. */
export function linearScale(low: number, high: number): Scale {
  requireInterval('linearScale', low, high, Number.NEGATIVE_INFINITY);
  return {
    low,
    high,
    minor: [],
    place: (value) => (value - low) / (high - low),
    ticks: (fits) => firstFitting(linearCandidates(low, high), fits),
  };
}

/** place(v) = log(v / low) / log(high / low). @throws RangeError unless 0 < low < high, both finite. */
export function logScale(low: number, high: number): Scale {
  requireInterval('logScale', low, high, 0);
  const span = log(high) - log(low);
  return {
    low,
    high,
    minor: minorLogTicks(low, high, span),
    place: (value) => (log(value) - log(low)) / span,
    ticks: (fits) => firstFitting(logCandidates(low, high, span), fits),
  };
}

/** 2, 3 … 9 between the decades while they can be told apart, then the decades themselves, then nothing. */
function minorLogTicks(low: number, high: number, span: number): number[] {
  if (span > 40) return [];
  const mantissas = span <= 8 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1];
  return logTicks(low, high, mantissas, 1).map((tick) => tick.value);
}

function linearCandidates(low: number, high: number): Tick[][] {
  const candidates: Tick[][] = [];
  for (let count = MOST_TICKS; count >= 2; count--) candidates.push(linearTicks(low, high, count));
  return candidates.filter((ticks) => ticks.length >= 2);
}

function logCandidates(low: number, high: number, span: number): Tick[][] {
  const decades = [1, 2, 3, 5, 10, 20, 50, 100].map((every) => logTicks(low, high, [1], every));
  const [all = []] = decades;
  const between = logTicks(low, high, [1, 2, 5], 1);
  // Labels at 2 and 5 help where decades are few; above two and a half decades, or beside powers of ten, they are noise.
  const isPlain = between.every((tick) => tick.exponent === null);
  const few = all.length < 3 || (span <= 2.5 && isPlain) ? [between] : [];
  const candidates = [...few, ...decades].filter((ticks) => ticks.length >= 3);
  // Less than a decade or so: round numbers at equal differences, as on a linear axis.
  return candidates.length > 0 ? [...candidates, all] : linearCandidates(low, high);
}

function firstFitting(candidates: readonly Tick[][], fits: Fits): Tick[] {
  return candidates.find((ticks) => fits(ticks)) ?? candidates.at(-1) ?? [];
}
