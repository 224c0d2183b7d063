/**
 * Reverse-mode differentiation.
 *
 * A tape is the list of operations in the order they ran. That order is topological by
 * construction, so the reverse pass is one loop from the end: no recursion, no sorting.
 *
 * @module
 */
import { DomainError, type Matrix, matrix, ShapeError } from '../linalg/index.ts';
import { add as addKernel } from '../linalg/kernels.ts';
import { resultMatrix } from '../linalg/wasm/workspace.ts';
import type { Evaluator } from './evaluator.ts';
import type { Op } from './op.ts';

/** A value on a tape. Made by the tape's methods only. */
export interface Variable {
  readonly value: Matrix;
  /** Where it stands on its tape. */
  readonly index: number;
}

interface Entry {
  readonly variable: Variable;
  readonly needsGradient: boolean;
  readonly parents: readonly Variable[];
  readonly opName: string;
  /** dL/dparents from dL/dvalue; absent for leaves. */
  readonly backward?: (dvalue: Matrix) => readonly (Matrix | null)[];
}

/**
 * Records operations and returns gradients of scalars.
 *
 *   const tape = new Tape();
 *   const W = tape.parameter(weights);
 *   const loss = tape.apply(sum, tape.apply(linear, tape.constant(x), W));
 *   const [dW] = tape.gradients(loss, [W]);
 */
export class Tape implements Evaluator<Variable> {
  readonly #entries: Entry[] = [];

  /** A leaf whose gradient can be asked for. */
  parameter(value: Matrix): Variable {
    return this.#push({ value, needsGradient: true, parents: [], opName: 'parameter' });
  }

  /** A leaf without gradient: data. Nothing is computed on its behalf in the reverse pass. */
  constant(value: Matrix): Variable {
    return this.#push({ value, needsGradient: false, parents: [], opName: 'constant' });
  }

  /** Runs `op` and remembers it. @throws DomainError if an argument is of another tape. */
  apply<Saved>(op: Op<Saved>, ...args: readonly Variable[]): Variable {
    args.forEach((arg, i) => {
      this.#requireOwn(`Tape.apply: ${op.name}: argument ${i}`, arg);
    });
    const { value, saved } = op.forward(args.map((arg) => arg.value));
    const needed = args.map((arg) => this.#entries[arg.index].needsGradient);
    return this.#push({
      value,
      needsGradient: needed.some(Boolean),
      parents: args,
      opName: op.name,
      backward: (dvalue) => op.backward(dvalue, saved, needed),
    });
  }

  read(variable: Variable): Matrix {
    return variable.value;
  }

  /**
   * dL/dw for each w in `wrt`, in that order, shaped like w. A variable that L does not depend on
   * has gradient 0; one that is used several times has the sum, later uses added first.
   *
   * Preconditions: `loss` is 1×1 and, like all of `wrt`, on this tape.
   *
   * @throws ShapeError if the loss is not 1×1, or an operation returns a gradient of another shape
   * than its argument or not one for each.
   * @throws DomainError if a variable is a constant or not on this tape.
   */
  gradients(loss: Variable, wrt: readonly Variable[]): Matrix[] {
    this.#requireOwn('Tape.gradients: loss', loss);
    const { rows, cols } = loss.value;
    if (rows !== 1 || cols !== 1) {
      throw new ShapeError(`Tape.gradients: the loss must be 1x1, got ${rows}x${cols}`);
    }
    wrt.forEach((variable, i) => {
      this.#requireOwn(`Tape.gradients: variable ${i}`, variable);
      if (!this.#entries[variable.index].needsGradient) {
        throw new DomainError(
          `Tape.gradients: variable ${i} must depend on a parameter, got a constant`,
        );
      }
    });
    const kept = new Set(wrt.map((variable) => variable.index));
    const gradient: (Matrix | undefined)[] = new Array(loss.index + 1);
    gradient[loss.index] = matrix(1, 1, Float64Array.of(1));
    for (let index = loss.index; index >= 0; index--) {
      const dvalue = gradient[index];
      const entry = this.#entries[index];
      if (!dvalue || !entry.backward || !entry.needsGradient) continue;
      this.#pass(entry, entry.backward(dvalue), gradient);
      if (!kept.has(index)) gradient[index] = undefined; // let the collector have it
    }
    // Copies: an operation may have handed one matrix to several arguments.
    return wrt.map(({ index, value: { rows, cols } }) =>
      matrix(rows, cols, gradient[index]?.data.slice()),
    );
  }

  /** Adds what `backward` returned to the gradients of the parents. */
  #pass(
    { opName, parents }: Entry,
    returned: readonly (Matrix | null)[],
    gradient: (Matrix | undefined)[],
  ): void {
    if (returned.length !== parents.length) {
      throw new ShapeError(
        `${opName}: backward must return one gradient an argument, so ${parents.length}, ` +
          `got ${returned.length}`,
      );
    }
    parents.forEach(({ index, value }, i) => {
      if (!this.#entries[index].needsGradient) return;
      const part = returned[i];
      if (part === null || part.rows !== value.rows || part.cols !== value.cols) {
        const got = part === null ? 'none' : `${part.rows}x${part.cols}`;
        throw new ShapeError(
          `${opName}: the gradient of argument ${i} must be ${value.rows}x${value.cols}, got ${got}`,
        );
      }
      const before = gradient[index];
      gradient[index] = before ? sumOf(before, part) : part;
    });
  }

  #push(entry: Omit<Entry, 'variable'> & { value: Matrix }): Variable {
    const { value, ...rest } = entry;
    const variable: Variable = { value, index: this.#entries.length };
    this.#entries.push({ variable, ...rest });
    return variable;
  }

  #requireOwn(what: string, variable: Variable): void {
    if (this.#entries[variable.index]?.variable !== variable) {
      throw new DomainError(`${what} must be a variable of this tape, got one of another`);
    }
  }
}

/** A new matrix: a gradient that `backward` returned may be shared, so nothing is added in place. */
function sumOf(a: Matrix, b: Matrix): Matrix {
  const result = resultMatrix(a.rows, a.cols);
  addKernel(a.data, b.data, result.data);
  return result;
}
