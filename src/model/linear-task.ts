/**
 * In-context linear regression: prompts that show a linear function by example.
 *
 *   x_i, x_query, w ~ N(0, I_d),  y = w·x;  tokens (x_i; y_i), query token (x_query; 0)
 *
 * Source: Garg et al., arXiv:2208.01066, in the token layout of Dherin et al., arXiv:2507.16003,
 * section 4.
 *
 * @module
 */
import { DomainError, dot, type Matrix, matrix, type Random, ShapeError } from '../linalg/index.ts';

/** One prompt: N pairs as tokens, and the token whose label is asked for. */
export interface LinearPrompt {
  /** N×(d+1): rows (x_i; y_i). */
  readonly context: Matrix;
  /** (x_query; 0), d+1 numbers. */
  readonly query: Float64Array;
  /** w·x_query */
  readonly target: number;
}

export interface LinearTaskOptions {
  /** d, the number of inputs. */
  readonly dimension: number;
  /** N, the number of pairs. */
  readonly pairs: number;
}

/**
 * A prompt drawn from `random`: w first, then each x_i, then x_query. Products w·x have the
 * two-lane order.
 *
 * @throws DomainError unless d ≥ 1 and N ≥ 0 are integers.
 */
export function linearPrompt(
  { dimension, pairs }: LinearTaskOptions,
  random: Random,
): LinearPrompt {
  if (!(Number.isInteger(dimension) && dimension >= 1 && Number.isInteger(pairs) && pairs >= 0)) {
    throw new DomainError(
      `linearPrompt: integers d ≥ 1 and N ≥ 0 are required, got d = ${dimension}, N = ${pairs}`,
    );
  }
  const draw = (): Float64Array => {
    const x = new Float64Array(dimension);
    random.fillNormal(x);
    return x;
  };
  const w = draw();
  const context = matrix(pairs, dimension + 1);
  for (let i = 0; i < pairs; i++) {
    const x = draw();
    context.data.set(x, i * (dimension + 1));
    context.data[i * (dimension + 1) + dimension] = dot(w, x);
  }
  const x = draw();
  const query = new Float64Array(dimension + 1);
  query.set(x);
  return { context, query, target: dot(w, x) };
}

/**
 * Prompts of equal length, folded for a block: (B·(N+1))×(d+1) sequences, B×1 targets.
 *
 * @throws ShapeError if there is no prompt, or one differs in shape from the first.
 */
export function foldPrompts(prompts: readonly LinearPrompt[]): {
  sequences: Matrix;
  targets: Matrix;
} {
  if (prompts.length === 0) throw new ShapeError('foldPrompts: a prompt is required, got none');
  const [{ context }] = prompts;
  prompts.forEach(({ context: { rows, cols }, query }, b) => {
    if (rows !== context.rows || cols !== context.cols || query.length !== cols) {
      throw new ShapeError(
        `foldPrompts: contexts of ${context.rows}x${context.cols} with a query of ` +
          `${context.cols} are required, got ${rows}x${cols} with ${query.length} in prompt ${b}`,
      );
    }
  });
  const size = context.data.length + context.cols;
  const sequences = matrix(prompts.length * (context.rows + 1), context.cols);
  prompts.forEach((prompt, b) => {
    sequences.data.set(prompt.context.data, b * size);
    sequences.data.set(prompt.query, (b + 1) * size - context.cols);
  });
  return {
    sequences,
    targets: matrix(
      prompts.length,
      1,
      Float64Array.from(prompts, ({ target }) => target),
    ),
  };
}
