/**
 * Measured numbers in few characters.
 *
 * @module
 */
import type { RowLine } from '../runner/lines.ts';

const UNITS: readonly (readonly [number, string])[] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [0, 'ns'],
];

/** A time with three digits: `1.23 ms`. */
export function seconds(time: number): string {
  const [unit, name] = UNITS.find(([least]) => time >= least) ?? UNITS[UNITS.length - 1];
  return `${threeDigits(time / (unit || 1e-9))} ${name}`;
}

/** A number with three digits, without an exponent from 0.001 to 1e6. */
export const threeDigits = (x: number): string => {
  if (!(x >= 1e-3 && x < 1e6)) return x === 0 ? '0' : x.toExponential(2);
  return x >= 100 ? x.toFixed(0) : x.toPrecision(3);
};

export const percent = (share = 0): string => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;

export const rateText = (rate: RowLine['rate']): string =>
  rate ? `${threeDigits(rate.value)} ${rate.unit}` : '';

/** `2.1x`: its time over that of ours, also for ours in another variant; nothing for ours itself. */
export const ratioText = ({ ratio, contestant }: RowLine): string =>
  ratio === undefined || (contestant.startsWith('ours') && ratio === 1)
    ? ''
    : `${threeDigits(ratio)}x`;

export const errorText = (error = 0): string => (error === 0 ? '0' : error.toExponential(0));
