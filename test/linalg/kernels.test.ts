import { expect, test } from 'vitest';
import * as kernels from '../../src/linalg/kernels.ts';
import { Random } from '../../src/linalg/random.ts';
import * as twins from '../../src/linalg/reference.ts';
import { arena } from '../../src/linalg/wasm/memory.ts';
import { inWorkspace, resultArray } from '../../src/linalg/wasm/workspace.ts';
import { assertSameBits } from '../support/same-bits.ts';
import { hostile } from './cases.ts';

type Kernels = typeof twins;
type Call = (k: Kernels, x: Float64Array, y: Float64Array, out: Float64Array) => void;

/** Every kernel that is bound by the number of its entries, on rows of 8 where it has rows. */
const MAPS: readonly (readonly [keyof Kernels, Call])[] = [
  ['add', (k, x, y, out) => k.add(x, y, out)],
  ['subtract', (k, x, y, out) => k.subtract(x, y, out)],
  ['multiply', (k, x, y, out) => k.multiply(x, y, out)],
  ['scale', (k, x, _, out) => k.scale(-1 / 3, x, out)],
  ['relu', (k, x, _, out) => k.relu(x, out)],
  ['reluBackward', (k, x, y, out) => k.reluBackward(x, y, out)],
  ['addToRows', (k, x, y, out) => k.addToRows(x, y.subarray(0, 8), out, x.length / 8)],
  ['sumOfRows', (k, x, _, out) => k.sumOfRows(x, out.subarray(0, 8), x.length / 8)],
  ['exponential', (k, x, _, out) => k.exponential(x, out)],
  ['gelu', (k, x, y, out) => k.gelu(x, out, y)],
  ['geluTanh', (k, x, y, out) => k.geluTanh(x, out, y)],
  ['silu', (k, x, y, out) => k.silu(x, out, y)],
  ['tanh', (k, x, y, out) => k.tanh(x, out, y)],
  ['sigmoid', (k, x, y, out) => k.sigmoid(x, out, y)],
  ['softplus', (k, x, y, out) => k.softplus(x, out, y)],
  ['eluPlusOne', (k, x, y, out) => k.eluPlusOne(x, out, y)],
];

// Either side of every crossover and limit, in whole rows.
const LENGTHS = [8, 16, 56, 64, 120, 128, 136, 504, 512, 520, 4104, 65536, 65544];

test.each(MAPS)('%s has the bits of its twin on either side of its crossovers', (name, call) => {
  const random = new Random(95);
  for (const n of LENGTHS) {
    const [x, y] = [hostile(random, n), hostile(random, n)];
    const [expected, expectedY] = [new Float64Array(n), y.slice()];
    call(twins, x, expectedY, expected);
    const [actual, actualY] = [new Float64Array(n), y.slice()];
    call(kernels, x, actualY, actual);
    assertSameBits(actual, expected, `seed 95, ${name}, n = ${n}`);
    assertSameBits(actualY, expectedY, `seed 95, ${name}, n = ${n}, second`);

    inWorkspace(() => {
      const [x2, y2, out] = [resultArray(n), resultArray(n), resultArray(n)];
      expect(arena().holds(out)).toBe(true);
      x2.set(x);
      y2.set(y);
      out.fill(0);
      call(kernels, x2, y2, out);
      assertSameBits(out, expected, `seed 95, ${name}, n = ${n}, in a workspace`);
      assertSameBits(y2, expectedY, `seed 95, ${name}, n = ${n}, in a workspace, second`);
    });
  }
});

test.each(MAPS)('%s takes its twin where a workspace has no room for copies', (name, call) => {
  const random = new Random(96);
  const n = 4104;
  const [x, y] = [hostile(random, n), hostile(random, n)];
  const [expected, expectedY] = [new Float64Array(n), y.slice()];
  call(twins, x, expectedY, expected);
  for (const left of [0, 8, 4096, 8192]) {
    for (const [inside, array] of [
      ['no', (count: number) => new Float64Array(count)],
      ['a resident', resultArray],
    ] as const) {
      inWorkspace(() => {
        const [out, actualY] = [array(n).fill(0), y.slice()];
        arena().allocate(arena().view.length - arena().used / 8 - left);
        const before = arena().used;
        call(kernels, x, actualY, out);
        const label = `seed 96, ${name}, ${left} left, ${inside} result`;
        assertSameBits(out, expected, label);
        assertSameBits(actualY, expectedY, `${label}, second`);
        expect(arena().used, label).toBe(before);
      });
    }
  }
});
