/**
 * bounds: the a-priori bound on stress cases, and our patched product against it.
 *
 * @module
 */
import { patchedProductBound, patchWeight } from '../../src/icl/index.ts';
import { addRankOne, applyRankOne, matrixVector } from '../../src/linalg/index.ts';
import { type Agreement, type Golden, toMatrix, toVector, ulp } from '../support/golden.ts';

/** The bound itself is computed without cancellation: 1e-12 of itself. */
export const tolerance = (): ((golden: number) => number) => relative;

const relative = (golden: number): number => 1e-12 * Math.abs(golden);

export function read({ rows }: Golden, agreement: Agreement): void {
  rows.forEach((row: Golden, k: number) => {
    const name = `row ${k} (${row.tag}, d = ${row.d})`;
    const W = toMatrix(row.W);
    const [a, contextual] = [toVector(row.a), toVector(row.a_ctx)];
    const bound = patchedProductBound(W, a, contextual);
    agreement.close(`${name}: bound`, bound, row.bound);
    const patch = patchWeight(W, a, contextual);
    const [Wa, moved] = [matrixVector(W, a), applyRankOne(patch, a)];
    const allowed = (_: number, i: number): number => row.bound[i] + ulp(row.exact[i]);
    for (const [how, value] of [
      ['dense', matrixVector(addRankOne(W, patch), a)],
      ['factored', Wa.map((entry, i) => entry + moved[i])],
    ] as const) {
      value.forEach((entry, i) => {
        const off = Math.abs(entry - row.exact[i]);
        agreement.holds(`${name}: ${how} entry ${i} within its bound`, off <= allowed(entry, i));
      });
    }
  });
}
