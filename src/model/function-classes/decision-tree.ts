/**
 * Full binary decision trees that ask for signs of coordinates.
 *
 *   node ← 2·node + 1 + [x_c > 0], c the coordinate of the node, from node 0, `depth` times
 *
 * Inner nodes are 0 … 2^depth − 2, level by level; the leaves follow.
 *
 * Source: Garg et al., arXiv:2208.01066, section 5, depth 4; `DecisionTree` of their code.
 *
 * @module
 */
import { DomainError, requireFinite, requireVector, ShapeError } from '../../linalg/index.ts';
import {
  type FunctionClass,
  normalVector,
  requireArgument,
  requireInteger,
  type ScalarFunction,
} from './function-class.ts';

export interface DecisionTree {
  /** d, the number of inputs. */
  readonly dimension: number;
  /** The coordinate that each inner node asks for: 2^depth − 1 integers of 0 … d − 1. */
  readonly coordinates: readonly number[];
  /** The values from left (all answers no) to right: 2^depth numbers. */
  readonly leaves: Float64Array;
}

/** Deepest tree that is drawn: a million leaves. */
const MAX_DEPTH = 20;

/**
 * x ↦ the value of the leaf that x reaches, exactly. Zero is not above 0. The arrays are copied.
 *
 * @throws ShapeError unless there is a power of two of leaves and one inner node less.
 * @throws DomainError naming a coordinate that x does not have; NonFiniteError for a leaf, or for
 * an entry of x, that is not finite.
 */
export function decisionTree({ dimension, coordinates, leaves }: DecisionTree): ScalarFunction {
  requireInteger('decisionTree', 'the dimension', dimension, 1);
  requireVector('decisionTree', 'leaves', leaves);
  const inner = coordinates.length;
  if (leaves.length !== inner + 1 || (leaves.length & inner) !== 0) {
    throw new ShapeError(
      `decisionTree: 2^depth leaves and one inner node less are required, ` +
        `got ${leaves.length} and ${inner}`,
    );
  }
  requireFinite('decisionTree', 'leaves', leaves);
  const asked = coordinates.slice();
  for (const c of asked) {
    if (!(Number.isInteger(c) && c >= 0 && c < dimension)) {
      throw new DomainError(
        `decisionTree: coordinates must be integers from 0 to ${dimension - 1}, got ${c}`,
      );
    }
  }
  const values = leaves.slice();
  return (x) => {
    requireArgument('decisionTree', x, dimension);
    requireFinite('decisionTree', 'x', x);
    let node = 0;
    while (node < inner) node = 2 * node + (x[asked[node]] > 0 ? 2 : 1);
    return values[node - inner];
  };
}

/**
 * Trees with uniform coordinates (drawn first, node by node) and standard normal leaves.
 *
 * @throws DomainError unless the depth is an integer from 0 to 20.
 */
export function decisionTreeClass(depth = 4): FunctionClass {
  if (!(Number.isInteger(depth) && depth >= 0 && depth <= MAX_DEPTH)) {
    throw new DomainError(
      `decisionTreeClass: the depth must be an integer from 0 to ${MAX_DEPTH}, got ${depth}`,
    );
  }
  const leaves = 1 << depth;
  return {
    name: 'decision-tree',
    draw(random, dimension) {
      requireInteger('decisionTreeClass', 'the dimension', dimension, 1);
      const coordinates = Array.from({ length: leaves - 1 }, () => random.integer(dimension));
      return decisionTree({ dimension, coordinates, leaves: normalVector(random, leaves) });
    },
  };
}
