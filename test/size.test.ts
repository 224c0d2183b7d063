import { expect, test } from 'vitest';
import { recordedSizes, sizes } from '../scripts/size.ts';

/** Growth that may pass unseen. More is accepted by `npm run size -- --accept`. */
const TOLERATED = 1.05;

const [now, recorded] = [await sizes(), recordedSizes()];

test('no bundle has grown by more than 5% since its size was accepted', () => {
  expect(Object.keys(now)).toEqual(Object.keys(recorded));
  for (const [name, bytes] of Object.entries(now)) {
    expect(bytes, name).toBeLessThanOrEqual(TOLERATED * recorded[name]);
    expect(bytes, `${name} has shrunk: accept it`).toBeGreaterThan(recorded[name] / 1.2);
  }
});

test('what a page needs for products, or for a tape, stays small', () => {
  expect(now['matrix products']).toBeLessThan(7_000);
  expect(now['a tape and five operations']).toBeLessThan(12_000);
});
