/**
 * Inputs outside the preconditions, each of which must be refused.
 *
 * @module
 */
import { proveContextPatch } from '../../icl/index.ts';
import {
  DegenerateBase,
  DomainError,
  matrix,
  NonFiniteError,
  ShapeError,
} from '../../linalg/index.ts';
import type { RandomCase } from './random-case.ts';
import type { RowGatherer } from './row.ts';

/** Tries each on a good case and counts the errors by class. */
export function refusals(gatherer: RowGatherer, good: RandomCase): void {
  const { block, parameters, context, query } = good;
  const attempt = (refusal: new (message: string) => Error, changed: Partial<RandomCase>): void => {
    const each = { ...good, ...changed };
    gatherer.refuse(refusal, () =>
      proveContextPatch(each.block, each.parameters, each.context, each.query, {
        removed: each.removed,
      }),
    );
  };
  const zero = (...names: string[]): RandomCase['parameters'] =>
    Object.fromEntries(
      names
        .filter((name) => parameters[name])
        .map((name) => [name, matrix(parameters[name].rows, parameters[name].cols)]),
    );
  if (block.name === 'plain') {
    // Wo = 0 and bo = 0: the layer returns 0 whatever it reads.
    attempt(DegenerateBase, { parameters: { ...parameters, ...zero('layer.Wo', 'layer.bo') } });
  }
  attempt(NonFiniteError, { query: query.map(() => NaN) });
  attempt(DomainError, { removed: [context.rows] });
  attempt(ShapeError, { context: matrix(1, context.cols + 1), removed: [] });
}
