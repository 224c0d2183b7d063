/**
 * The exact proof (9.1): linear attention and a ReLU perceptron in fractions, residual identically 0.
 *
 * @module
 */
import { proveInRationals, type RationalProof, withoutPositions } from '../../icl/index.ts';
import { DegenerateBase, matrix, Random, Rational } from '../../linalg/index.ts';
import { sequenceOf } from '../../model/index.ts';
import { normalMatrix } from './random-case.ts';
import { RowGatherer, type Verification } from './row.ts';

const ABOUT = {
  theorem: '9.1',
  title: 'equality in fractions, residual 0',
  layer: 'linear',
  block: 'plain',
  variant: 'rational',
} as const;

/** Fractions of random doubles grow long: this many trials are enough, and are all that is run. */
export const MOST_TRIALS_IN_FRACTIONS = 50;

const OFF = new Rational(1_000_001n, 1_000_000n);
const MINUS = new Rational(-1n);

export const rational: Verification = {
  ...ABOUT,
  run(trials, seed) {
    const random = new Random(seed, 91);
    const gatherer = new RowGatherer();
    const caught = { 'p a millionth off': 0, 'sign of δ': 0 };
    // A rectifier can hide a wrong pre-activation from the output, so trials are counted.
    const missed = ({ residual }: RationalProof, which: 'millionth' | 'sign'): void => {
      if (residual !== '0') caught[which === 'sign' ? 'sign of δ' : 'p a millionth off']++;
    };
    for (let trial = 0; trial < Math.min(trials, MOST_TRIALS_IN_FRACTIONS); trial++) {
      const [w, k, d, f, o] = [3, 2, 3, 4, 2].map((most) => 1 + random.integer(most));
      const n = 1 + random.integer(4);
      const block = {
        Wq: normalMatrix(k, w, random),
        Wk: normalMatrix(k, w, random),
        Wv: normalMatrix(d, w, random),
        W1: normalMatrix(f, d, random),
        b1: normalMatrix(1, f, random),
        W2: normalMatrix(o, f, random),
        b2: normalMatrix(1, o, random),
      };
      const context = normalMatrix(n, w, random);
      const query = normalMatrix(1, w, random).data;
      const remaining = withoutPositions(context, [random.integer(n)]);
      const [full, rest] = [sequenceOf(context, query), sequenceOf(remaining, query)];
      const { residual } = proveInRationals(block, full, rest);
      gatherer.exactResidual(residual);
      gatherer.trial({ observed: residual === '0' ? 0 : NaN, overBound: null });
      // With the patch a millionth off, or of the other sign, some trial must come out uneven.
      missed(
        proveInRationals(block, full, rest, (p) => p.map((each) => each.times(OFF))),
        'millionth',
      );
      missed(
        proveInRationals(block, full, rest, (p) => p.map((each) => each.times(MINUS))),
        'sign',
      );
      const silent = { ...block, Wv: matrix(d, w) };
      gatherer.refuse(DegenerateBase, () => proveInRationals(silent, full, rest));
    }
    for (const [name, count] of Object.entries(caught)) {
      const [wrong, right] = [Float64Array.of(count), Float64Array.of(0)];
      gatherer.control(`trials unlike the context: ${name}`, wrong, right, right);
    }
    return gatherer.row(ABOUT);
  },
};
