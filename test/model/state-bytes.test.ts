/**
 * States as bytes: what goes in comes out, and what is not a state is refused as such.
 *
 * @module
 */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StateError } from '../../src/linalg/index.ts';
import { decodeState, encodeState, type State } from '../../src/model/state-bytes.ts';
import { assertSameBits } from '../support/same-bits.ts';

const HOSTILE = [0, -0, 5e-324, -5e-324, 1e308, -1e308, 1 / 3, Infinity, -Infinity, NaN];
const state: State = {
  kind: 'test',
  settings: { seed: 7, rate: 1 / 3, name: 'ΔW "quoted"', on: true, tiny: 5e-324 },
  arrays: { 'a.b': Float64Array.from(HOSTILE), empty: new Float64Array(0), Σ: Float64Array.of(1) },
};

function expectSameState(actual: State, expected: State): void {
  expect(actual.kind).toBe(expected.kind);
  expect(actual.settings).toEqual(expected.settings);
  expect(Object.keys(actual.arrays)).toEqual(Object.keys(expected.arrays));
  for (const [name, array] of Object.entries(expected.arrays)) {
    expect(actual.arrays[name]).toBeInstanceOf(Float64Array);
    assertSameBits(actual.arrays[name], array, name);
  }
}

/** A file as another program would write it: the documented layout, with Node's CRC-32. */
function written(header: string | Uint8Array, numbers: readonly number[], size?: number): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(size ?? text.length);
  const body = Buffer.alloc(8 * numbers.length);
  numbers.forEach((x, i) => {
    body.writeDoubleLE(x, 8 * i);
  });
  const bytes = Buffer.concat([Buffer.from('deltaw\0\x01'), length, text, body]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(bytes));
  return Buffer.concat([bytes, sum]);
}

/** Fails unless decoding throws a StateError with this message. */
function expectRefused(bytes: Uint8Array, message: RegExp, label: string): void {
  let thrown: unknown = 'nothing';
  try {
    decodeState(bytes);
  } catch (error) {
    thrown = error;
  }
  if (thrown instanceof StateError && message.test(thrown.message)) return;
  expect.fail(`${label}: threw ${thrown}`);
}

describe('round trip', () => {
  test('every double keeps its bits, names their order, settings their values', () => {
    expectSameState(decodeState(encodeState(state)), state);
    const bare = { kind: '', settings: {}, arrays: {} };
    expectSameState(decodeState(encodeState(bare)), bare);
  });

  test('holds for any arrays and settings', () => {
    const name = fc.string().filter((text) => text !== '__proto__');
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
    const any = fc.record({
      kind: fc.string(),
      settings: fc.dictionary(name, fc.oneof(fc.string(), fc.boolean(), number)),
      arrays: fc.dictionary(name, fc.float64Array({ maxLength: 7 })),
    });
    fc.assert(
      fc.property(any, (value) => {
        const bytes = encodeState(value);
        expect(decodeState(bytes)).toEqual(value);
        expect(encodeState(decodeState(bytes))).toEqual(bytes);
      }),
      { seed: 97, numRuns: 200 },
    );
  });

  test('the same state gives the same bytes, and a copy of the arrays', () => {
    const bytes = encodeState(state);
    expect(encodeState(state)).toEqual(bytes);
    const { arrays } = decodeState(bytes);
    bytes.fill(0);
    assertSameBits(arrays['a.b'], HOSTILE, 'after the bytes are gone');
  });

  test('bytes within a larger buffer, at any offset, are read as if alone', () => {
    const bytes = encodeState(state);
    for (const offset of [0, 1, 3, 7, 8]) {
      const larger = new Uint8Array(bytes.length + 23).fill(255);
      larger.set(bytes, offset);
      expectSameState(decodeState(larger.subarray(offset, offset + bytes.length)), state);
    }
  });

  test('the layout is the documented one: magic, length, JSON, little-endian doubles, CRC-32', () => {
    const { kind, settings, arrays } = state;
    const lengths = Object.entries(arrays).map(([name, { length }]) => [name, length]);
    const numbers = Object.values(arrays).flatMap((array) => Array.from(array));
    const expected = written(JSON.stringify({ kind, settings, lengths }), numbers);
    expect(Buffer.from(encodeState(state)).equals(expected)).toBe(true);
  });
});

describe('refused with a StateError is', () => {
  const bytes = encodeState(state);
  const REFUSAL = /^decodeState: (a deltaw state of version 1 is required|the checksum must be)/;

  test('a state cut short, at every length', () => {
    for (let n = 0; n < bytes.length; n++) {
      expectRefused(
        bytes.subarray(0, n),
        n < 16 ? /do not begin like one/ : REFUSAL,
        `${n} of ${bytes.length} bytes`,
      );
    }
  });

  test('a state with any one bit flipped', () => {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const altered = bytes.slice();
      altered[bit >> 3] ^= 1 << (bit & 7);
      expectRefused(altered, REFUSAL, `bit ${bit}`);
    }
  });

  test('a state with bytes missing, doubled or exchanged inside, or more behind', () => {
    for (let at = 0; at < bytes.length; at++) {
      const [front, back] = [bytes.subarray(0, at), bytes.subarray(at)];
      expectRefused(Uint8Array.of(...front, ...back.subarray(1)), REFUSAL, `without byte ${at}`);
      expectRefused(Uint8Array.of(...front, 0, ...back), REFUSAL, `0 before byte ${at}`);
    }
    expectRefused(Uint8Array.of(...bytes, 0), REFUSAL, '0 behind');
    expectRefused(Uint8Array.of(...bytes, ...bytes), REFUSAL, 'twice');
  });

  test('another format, or another version', () => {
    const message =
      /a deltaw state of version 1 is required, got \d+ bytes that do not begin like one/;
    for (const text of [
      '',
      '{}',
      'PK\x03\x04 and more than sixteen bytes',
      'deltaw\0\x02 and so on, long',
    ]) {
      expectRefused(Buffer.from(text, 'latin1'), message, JSON.stringify(text));
    }
  });

  test('a file with a right checksum whose header is none', () => {
    const good = '{"kind":"k","settings":{},"lengths":[["a",2]]}';
    expectSameState(decodeState(written(good, [1, 2])), {
      kind: 'k',
      settings: {},
      arrays: { a: Float64Array.of(1, 2) },
    });
    for (const header of ['', 'no JSON', good.slice(1), Uint8Array.of(0x22, 0xff, 0x22)]) {
      expectRefused(written(header, [1, 2]), /header must be JSON/, String(header));
    }
    const wrong = [
      'null',
      '7',
      '[]',
      '{}',
      '"text"',
      '{"kind":7,"settings":{},"lengths":[]}',
      '{"kind":"k","settings":null,"lengths":[]}',
      '{"kind":"k","settings":{},"lengths":{}}',
      '{"kind":"k","settings":{},"lengths":[null]}',
      '{"kind":"k","settings":{},"lengths":[["a",-1]]}',
      '{"kind":"k","settings":{},"lengths":[["a",0.5]]}',
      '{"kind":"k","settings":{},"lengths":[["a","2"]]}',
      '{"kind":"k","settings":{},"lengths":[[2,2]]}',
    ];
    for (const header of wrong) {
      expectRefused(written(header, []), /header must hold a kind, settings and lengths/, header);
    }
  });

  test('a file with a right checksum whose lengths do not fit it', () => {
    const header = (size: number): string => `{"kind":"k","settings":{},"lengths":[["a",${size}]]}`;
    for (const size of [0, 1, 3, 1e6, 1e300]) {
      expectRefused(
        written(header(size), [1, 2]),
        /header must tell the length/,
        `${size} numbers`,
      );
    }
    for (const length of [0, 5, 1000, 0xffffffff]) {
      expectRefused(written(header(2), [1, 2], length), /the header must/, `header of ${length}`);
    }
    // A state followed by the CRC of a state with its CRC passes the checksum, as any CRC must.
    const residue = Buffer.concat([bytes, Uint8Array.of(0x1c, 0xdf, 0x44, 0x21)]);
    expectRefused(residue, /header must tell the length/, 'its residue behind');
  });
});
