/**
 * How the inputs of a prompt are drawn: as in training, or shifted away from it.
 *
 * Every shift begins with the draws of `standardInputs` where it says nothing else, so prompts of
 * different shifts and equal seeds can be compared.
 *
 * Source: Garg et al., arXiv:2208.01066, section 4, and their code, `eval.py`.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, type Random, rowOf } from '../../linalg/index.ts';
import { normalVector, requireInteger } from './function-class.ts';

/** A distribution of the inputs of one prompt. */
export interface InputShift {
  readonly name: string;
  /**
   * (N+1)×d for d = `dimension` and N = `pairs`: the inputs x_i of the pairs, and x_query last.
   *
   * @throws DomainError unless d ≥ 1 and N ≥ 0 are integers that the shift can have.
   */
  draw(random: Random, dimension: number, pairs: number): Matrix;
}

/** x_i, then x_query ~ N(0, I_d). */
export const standardInputs: InputShift = {
  name: 'standard',
  draw(random, dimension, pairs) {
    requireInteger('input shift', 'the dimension', dimension, 1);
    requireInteger('input shift', 'the number of pairs', pairs, 0);
    return matrix(pairs + 1, dimension, normalVector(random, (pairs + 1) * dimension));
  },
};

/**
 * c·x for standard x, each product rounded; c is 1/3, 1/2, 2 or 3 in the source.
 *
 * @throws DomainError unless c is finite.
 */
export function scaledInputs(factor: number): InputShift {
  if (!Number.isFinite(factor)) {
    throw new DomainError(`scaledInputs: a finite factor is required, got ${factor}`);
  }
  return {
    name: `inputs times ${factor}`,
    draw(random, dimension, pairs) {
      const inputs = standardInputs.draw(random, dimension, pairs);
      return matrix(
        pairs + 1,
        dimension,
        inputs.data.map((x) => factor * x),
      );
    },
  };
}

/**
 * x_i in one quadrant: |x_i|·s with signs s of ±1, drawn after the standard inputs. The query stays
 * as it is ('random'), or lies in the quadrant across: −|x_query|·s ('opposite').
 */
export function quadrantInputs(query: 'random' | 'opposite'): InputShift {
  if (query !== 'random' && query !== 'opposite') {
    throw new DomainError(`quadrantInputs: 'random' or 'opposite' is required, got ${query}`);
  }
  return {
    name: `${query}-quadrants`,
    draw(random, dimension, pairs) {
      const { data } = standardInputs.draw(random, dimension, pairs);
      const signs = Array.from({ length: dimension }, () => 2 * random.integer(2) - 1);
      const end = pairs * dimension;
      const placed = data.map((x, at) => {
        const inside = Math.abs(x) * signs[at % dimension];
        if (at < end) return inside;
        return query === 'opposite' ? -inside : x;
      });
      return matrix(pairs + 1, dimension, placed);
    },
  };
}

/**
 * The query is one of the x_i, each equally likely; drawn after the standard inputs, whose own query
 * is not used. At least one pair is required.
 */
export const repeatedQuery: InputShift = {
  name: 'repeated-query',
  draw(random, dimension, pairs) {
    requireInteger('repeatedQuery', 'the number of pairs', pairs, 1);
    const inputs = standardInputs.draw(random, dimension, pairs);
    inputs.data.set(rowOf(inputs, random.integer(pairs)), pairs * dimension);
    return inputs;
  },
};
