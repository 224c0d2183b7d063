/**
 * The factorised patch of linear attention (4.1): ΔW = W·Δ(Y)·P_x, in doubles against the exact target, and
 * in fractions with residual 0.
 *
 * @module
 */
import {
  applyMemory,
  linearAttentionBound,
  linearAttentionPatch,
  proveMemoryPatch,
  residual,
} from '../../icl/index.ts';
import {
  DegenerateBase,
  dot,
  type Matrix,
  matrix,
  matrixVector,
  norm,
  Random,
  Rational,
  rationalDot,
  rowOf,
  vectorPseudoinverse,
} from '../../linalg/index.ts';
import { normalMatrix } from './random-case.ts';
import { MOST_TRIALS_IN_FRACTIONS } from './rational.ts';
import { RowGatherer, type Verification } from './row.ts';

/** The bound is that of `linearAttentionBound`. */
export const linearMemory: Verification = {
  theorem: '4.1',
  title: 'ΔW = W·Δ(Y)·P_x',
  layer: 'linear',
  block: 'plain',
  variant: 'factorised',
  run(trials, seed) {
    const random = new Random(seed, 41);
    const gatherer = new RowGatherer();
    for (let trial = 0; trial < Math.min(trials, MOST_TRIALS_IN_FRACTIONS); trial++) {
      const [w, d, m, n] = [3, 4, 2, 4].map((most) => 1 + random.integer(most));
      const draw = (rows: number, cols: number): Matrix => normalMatrix(rows, cols, random);
      const weights = { Wq: draw(d, w), Wk: draw(d, w), Wv: draw(d, w) };
      const [W, context, query] = [draw(m, d), draw(n, w), draw(1, w).data];
      const positions = random.shuffle(Array.from({ length: n }, (_, i) => i));
      const removed = positions.slice(0, 1 + random.integer(n)).sort((i, j) => i - j);
      const proof = proveMemoryPatch(weights, W, context, query, removed);
      gatherer.exactResidual(proof.residual);
      gatherer.exactResidual(proof.againstTheorem1);
      const target = Float64Array.from({ length: m }, (_, r) =>
        rationalDot(Array.from(rowOf(W, r), Rational.of), proof.contextual).toNumber(),
      );
      const bound = linearAttentionBound(weights, W, context, query);
      const found = linearAttentionPatch(weights, W, context, query, { removed });
      const at = matrixVector(W, found.base);
      const patched = (moved: Float64Array): Float64Array => at.map((z, r) => z + moved[r]);
      gatherer.trial(residual(patched(applyMemory(W, found, found.base)), target, bound));
      const silent = { ...weights, Wv: matrix(d, w) };
      gatherer.refuse(DegenerateBase, () => linearAttentionPatch(silent, W, context, query));
      const control = (name: string, moved: Float64Array): void => {
        // Where a mistake has next to no effect there is nothing to catch.
        const effect = norm(moved.map((x, r) => x - (target[r] - at[r])));
        if (effect > norm(target) / 1000) gatherer.control(name, patched(moved), target, bound);
      };
      const right = matrixVector(W, matrixVector(found.memory, found.query));
      control(
        'sign of Δ(Y)',
        right.map((entry) => -entry),
      );
      control('Δ(Y) transposed', matrixVector(W, matrixVector(turned(found.memory), found.query)));
      const contextual = Float64Array.from(proof.contextual, (entry) => entry.toNumber());
      const along = dot(vectorPseudoinverse(contextual), found.base);
      control(
        'P_x along the contextual vector',
        right.map((entry) => along * entry),
      );
    }
    return gatherer.row(this);
  },
};

const turned = ({ rows, cols, data }: Matrix): Matrix =>
  matrix(
    cols,
    rows,
    data.map((_, i) => data[(i % rows) * cols + Math.floor(i / rows)]),
  );
