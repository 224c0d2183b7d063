/**
 * What every public function that takes vectors owes its caller: numbers that are not finite and bases of 0
 * are refused by their own errors, and arguments stay as they were.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DegenerateBase, NonFiniteError, Random } from '../../src/linalg/index.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { hostile, runs, seeds } from './arbitraries.ts';
import { type Call, ENTRY_POINTS } from './entry-points.ts';

/** What the call throws, or undefined; its arguments must keep their bits either way. */
function thrownBy({ reads, call }: Call): unknown {
  const before = reads.map((x) => x.slice());
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  reads.forEach((x, k) => {
    assertSameBits(x, before[k], `argument ${k}`);
  });
  return thrown;
}

/** Every array of a result that belongs to a patch: factors, and what stands below such a name. */
function patchArrays(result: unknown, within = false): Float64Array[] {
  if (result instanceof Float64Array) return within ? [result] : [];
  if (typeof result !== 'object' || result === null) return [];
  return Object.entries(result).flatMap(([name, value]) =>
    patchArrays(value, within || PATCH_PARTS.includes(name)),
  );
}
const PATCH_PARTS = ['p', 'v', 'weight', 'weights', 'bias', 'biases', 'gain', 'gains'];

const names = Object.keys(ENTRY_POINTS);
const divided = names.filter((name) => ENTRY_POINTS[name](new Random(1)).bases.length > 0);

test('arguments that fit are accepted, and left as they were', () => {
  fc.assert(
    fc.property(fc.constantFrom(...names), seeds, (name, seed) => {
      expect(thrownBy(ENTRY_POINTS[name](new Random(seed, 139)))).toBeUndefined();
    }),
    runs(1371),
  );
});

test('one NaN or infinity anywhere in the arguments is refused as such, and nothing is changed', () => {
  const spoilers = fc.constantFrom(NaN, Infinity, -Infinity);
  fc.assert(
    fc.property(fc.constantFrom(...names), seeds, spoilers, (name, seed, spoiler) => {
      const random = new Random(seed, 140);
      const each = ENTRY_POINTS[name](random);
      const k = random.integer(each.reads.length);
      const at = random.integer(each.reads[k].length);
      each.reads[k][at] = spoiler;
      expect(thrownBy(each), `argument ${k}, entry ${at}`).toBeInstanceOf(NonFiniteError);
    }),
    { ...runs(1372), numRuns: 3000 },
  );
});

test('a base of zeros of either sign is refused as degenerate, and nothing is changed', () => {
  fc.assert(
    fc.property(fc.constantFrom(...divided), seeds, (name, seed) => {
      const random = new Random(seed, 141);
      const each = ENTRY_POINTS[name](random);
      const base = each.bases[random.integer(each.bases.length)];
      base.forEach((_, j) => {
        base[j] = random.integer(2) === 0 ? 0 : -0;
      });
      expect(thrownBy(each)).toBeInstanceOf(DegenerateBase);
    }),
    runs(1373),
  );
});

test('finite numbers of any size make a finite patch or an error, never a patch with a NaN or an infinity', () => {
  const draws = fc.array(hostile, { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(fc.constantFrom(...names), seeds, draws, (name, seed, drawn) => {
      const random = new Random(seed, 142);
      const { reads, call } = ENTRY_POINTS[name](random);
      const all = random.integer(2) === 0; // or one argument alone
      const one = random.integer(reads.length);
      reads.forEach((x, k) => {
        if (all ? random.integer(2) > 0 : k !== one) return;
        for (let j = 0; j < x.length; j++)
          if (random.integer(2) === 0) x[j] = drawn[random.integer(7)];
      });
      let result: unknown;
      try {
        result = call();
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError); // all of deltaw's own are
        return;
      }
      for (const x of patchArrays(result)) expect(x.every(Number.isFinite)).toBe(true);
    }),
    { ...runs(1374), numRuns: 4000 },
  );
});
