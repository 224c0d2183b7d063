/**
 * rational: Theorem 1 in fractions, with zero residual.
 *
 * @module
 */
import { exactIdentityResidual, proveInRationals, withoutPositions } from '../../src/icl/index.ts';
import { Rational, rationalDot } from '../../src/linalg/index.ts';
import { sequenceOf } from '../../src/model/index.ts';
import {
  type Agreement,
  byMagnitude,
  type Golden,
  toMatrix,
  toRow,
  toVector,
} from '../support/golden.ts';

export const tolerance = (): typeof byMagnitude => byMagnitude;

export function read({ inputs, outputs }: Golden, agreement: Agreement): void {
  const query = toVector(inputs.prompt.query);
  const context = toMatrix(inputs.prompt.context, query.length);
  const proof = proveInRationals(
    {
      Wq: toMatrix(inputs.Wq),
      Wk: toMatrix(inputs.Wk),
      Wv: toMatrix(inputs.Wv),
      W1: toMatrix(inputs.W1),
      b1: toRow(inputs.b1),
      W2: toMatrix(inputs.W2),
      b2: toRow(inputs.b2),
    },
    sequenceOf(context, query),
    sequenceOf(withoutPositions(context, 'all'), query),
  );
  const equal = (what: string, ours: readonly Rational[], golden: string[]): void => {
    agreement.same(`${what}: entries`, ours.length, golden.length);
    golden.forEach((fraction, i) => {
      agreement.same(`${what}[${i}]`, ours[i]?.toString(), canonical(fraction));
    });
  };
  equal('a', proof.base, outputs.a);
  equal('a_ctx', proof.contextual, outputs.a_ctx);
  equal('norm2', [proof.squaredNorm], [outputs.norm2]);
  equal('u', proof.p, outputs.u);
  equal('T_context', proof.contextualOutput, outputs.T_context);
  equal('T_patched', proof.patchedOutput, outputs.T_patched);
  agreement.same('residual', proof.residual === '0', outputs.zero_residual);

  const { W, a, a_ctx } = inputs.doubles;
  const fractions = (x: number[]): Rational[] => x.map(Rational.of);
  const [base, contextual] = [fractions(a), fractions(a_ctx)];
  const rows = (W as number[][]).map(fractions);
  const N = rationalDot(base, base);
  const p = rows.map((row) =>
    rationalDot(
      row,
      contextual.map((entry, j) => entry.minus(base[j])),
    ),
  );
  const patched = rows.map((row, i) =>
    rationalDot(
      row.map((entry, j) => entry.plus(p[i].times(base[j]).over(N))),
      base,
    ),
  );
  equal('doubles: norm2', [N], [outputs.doubles.norm2]);
  equal('doubles: u', p, outputs.doubles.u);
  equal('doubles: patched', patched, outputs.doubles.patched);
  equal(
    'doubles: context',
    rows.map((row) => rationalDot(row, contextual)),
    outputs.doubles.context,
  );
  const identity = exactIdentityResidual(toMatrix(W), toVector(a), toVector(a_ctx));
  agreement.same('doubles: identity', identity === 0, outputs.doubles.zero_residual);
}

/** 'n/1' is written 'n'. */
const canonical = (fraction: string): string => fraction.replace(/\/1$/, '');
