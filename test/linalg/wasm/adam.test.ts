import { expect, test } from 'vitest';
import { Random } from '../../../src/linalg/random.ts';
import * as twins from '../../../src/linalg/reference/adam.ts';
import { type AdamExports, adam, adamModule } from '../../../src/linalg/wasm/adam.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { blank, DRAWS, leavesAlone } from '../cases.ts';
import { runGuarded } from './guarded.ts';

const STEP = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  correction1: 1 - 0.9 ** 3,
  correction2: Math.sqrt(1 - 0.999 ** 3),
};

// Either side of a pair, of a plain copy (8) and of a piece (4096).
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 129, 4095, 4096, 4097, 8193];

test.each(DRAWS)('adam has the bits of its twin over three steps, on %s entries', (_, draw) => {
  const random = new Random(71);
  for (const n of LENGTHS) {
    const state = [draw(random, n), draw(random, n), draw(random, n).map(Math.abs)];
    const actual = state.map((x) => x.slice());
    for (let t = 0; t < 3; t++) {
      const g = draw(random, n);
      leavesAlone([g], () => adam(STEP, actual[0], g, actual[1], actual[2]));
      twins.adam(STEP, state[0], g, state[1], state[2]);
      state.forEach((x, i) => {
        assertSameBits(actual[i], x, `seed 71, n = ${n}, step ${t}, ${['theta', 'm', 'v'][i]}`);
      });
    }
  }
});

test('nothing but parameters and moments is written, wherever memory ends', () => {
  const random = new Random(72);
  const { beta1, beta2, epsilon, correction2 } = STEP;
  const rate = STEP.learningRate / STEP.correction1;
  for (const n of [0, 1, 2, 3, 4, 5]) {
    const [theta, g, m] = [0, 1, 2].map(() => Float64Array.from(blank(n), () => random.normal()));
    const v = m.map((x) => x * x);
    const [theta2, m2, v2] = [theta.slice(), m.slice(), v.slice()];
    twins.adam(STEP, theta2, g, m2, v2);
    for (const last of ['theta', 'g', 'm', 'v']) {
      const outputs = ['theta', 'm', 'v'];
      const out = runGuarded(adamModule(), { theta, g, m, v }, outputs, last, (f, at) => {
        const rates = [1 - beta1, 1 - beta2, rate] as const;
        const kernel = f as unknown as AdamExports;
        const [atTheta, atG, atM, atV] = [at['theta'], at['g'], at['m'], at['v']];
        kernel.adam(atTheta, atG, atM, atV, n, beta1, beta2, ...rates, correction2, epsilon);
      });
      assertSameBits(out['theta'], theta2, `seed 72, n = ${n}, theta, ${last} last`);
      assertSameBits(out['m'], m2, `seed 72, n = ${n}, m, ${last} last`);
      assertSameBits(out['v'], v2, `seed 72, n = ${n}, v, ${last} last`);
    }
  }
});

test('the module is small enough to be compiled where a browser draws', () => {
  expect(adamModule().length).toBeLessThan(4096); // Chrome compiles no more than 4 KiB there
});
