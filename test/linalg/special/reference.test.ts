import { expect, test } from 'vitest';
import { LOW } from '../../../scripts/accuracy/pairs.ts';
import { RANGES } from '../../../scripts/accuracy/ranges.ts';
import { REFERENCES } from '../../../scripts/accuracy/reference.ts';
import { absolute, add, divide, subtract } from '../../support/big-float.ts';
import { type Big, bigExp, bigLog, exactly } from '../../support/big-functions.ts';
import * as big from '../../support/big-special.ts';
import { draws } from './arguments.ts';

const BIG: Readonly<Record<string, big.Reference>> = { ...bigByName(), exp: bigExp, log: bigLog };

/** bigErf as erf, and so on. */
function bigByName(): Record<string, big.Reference> {
  const { BIG_ACTIVATIONS: _, ...references } = big;
  const entries = Object.entries(references).map(([name, f]) => [name.slice(3), f] as const);
  return Object.fromEntries(entries.map(([name, f]) => [name[0].toLowerCase() + name.slice(1), f]));
}

/** log2 of |x|, good to a bit. */
const log2 = ({ mantissa, exponent }: Big): number =>
  mantissa === 0n
    ? -Infinity
    : absolute({ mantissa, exponent }).mantissa.toString(2).length + exponent;

/** Values of mpmath, to forty digits after the point, of functions at 1/2 and at −3. */
const DIGITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  exp: [16487212707001281468486507878141635716537n, 497870683678639429793424156500617766316n],
  expm1: [6487212707001281468486507878141635716537n, -9502129316321360570206575843499382233684n],
  log: [-6931471805599453094172321214581765680756n, 0n],
  log1p: [4054651081081643819780131154643491365719n, 0n],
  sin: [4794255386042030002732879352155713880818n, -1411200080598672221007448028081102798470n],
  cos: [8775825618903727161162815826038296519916n, -9899924966004454572715727947312613023937n],
  tanh: [4621171572600097585023184836436725487302n, -9950547536867304513318801852554884750979n],
  tanhDerivative: [
    7864477329659274101496989343436361024890n,
    98660371654401912731561696835234873273n,
  ],
  sigmoid: [6224593312018545646389005657455084787532n, 474258731775667808788481517717522013861n],
  sigmoidDerivative: [
    2350037122015944890693026950210069441900n,
    451766597309121326493600284356516379948n,
  ],
  softplus: [9740769841801066808729973550811707497555n, 485873515737420587589259198546899979418n],
  erf: [5204998778130465376827466538919645287364n, -9999779095030014145586272238704176796202n],
  erfc: [4795001221869534623172533461080354712635n, 19999779095030014145586272238704176796201n],
  gelu: [3457312306370065518188523053041688699418n, -40496940948902835799554443027849321335n],
  geluDerivative: [
    8674951246561628425250448314065965664387n,
    -119456472041839270001552433207680563517n,
  ],
  geluTanh: [3457140098251439220377572573645232197679n, -36373920817730188378164661318913918303n],
  geluTanhDerivative: [
    8673699035346423115601709461518126513836n,
    -115841666309697262035464616779139393780n,
  ],
  silu: [3112296656009272823194502828727542393766n, -1422776195327003426365444553152566041586n],
  siluDerivative: [
    7399611873026518091735519132560119508483n,
    -881041060151696170692319335352027125985n,
  ],
};

test('the references in BigInt know forty digits of every function', () => {
  for (const [name, values] of Object.entries(DIGITS)) {
    [0.5, -3].forEach((x, i) => {
      if (name.startsWith('log') && x < 0) return;
      const { mantissa, exponent } = BIG[name](x);
      const digits = (mantissa * 10n ** 40n) >> BigInt(-exponent);
      const off = digits - values[i];
      expect(off <= 1n && off >= -1n, `${name}(${x}) is off by ${off}`).toBe(true);
    });
  }
  expect(Object.keys(DIGITS).sort()).toEqual(Object.keys(BIG).sort());
});

/** Where a function is 0, a relative error says nothing: there, relative to the terms, about 1. */
const HAS_ZERO = /^(?:sin|cos|log|log1p|geluDerivative|geluTanhDerivative|siluDerivative)$/;

test.each(Object.keys(REFERENCES))('the double-double reference of %s is good to 2⁻⁷⁰', (name) => {
  for (const [seed, { low, high }] of RANGES[name].entries()) {
    let worst = -Infinity;
    let at = Number.NaN;
    for (const x of draws(seed + 50, 60, low, high)) {
      const leading = REFERENCES[name](x);
      const exact = BIG[name](x);
      const error = subtract(add(exactly(leading), exactly(LOW[0])), exact);
      const relative = log2(divide(error, exact));
      const share = HAS_ZERO.test(name) ? Math.min(relative, log2(error)) : relative;
      if (!(share <= worst)) [worst, at] = [share, x];
    }
    expect(worst, `seed ${seed + 50}, x = ${at}`).toBeLessThanOrEqual(-70);
    expect(worst).toBeGreaterThan(-Infinity);
  }
});

test('every range of the accuracy table has a reference, and a shifted one would be noticed', () => {
  expect(Object.keys(RANGES).sort()).toEqual(Object.keys(REFERENCES).sort());
  expect(Object.keys(BIG).sort()).toEqual(Object.keys(REFERENCES).sort());
  const leading = REFERENCES.erf(0.7);
  const error = subtract(add(exactly(leading), exactly(LOW[0] + 2 ** -69)), BIG.erf(0.7));
  expect(log2(divide(error, BIG.erf(0.7)))).toBeGreaterThan(-70);
});
