/**
 * Code in lines: a value, a name for it, the next value, as the plain twins are written. Each line
 * works on one pair or on several pairs side by side, which then share the loads of constants.
 *
 * The order of the lines matters to speed. V8 keeps loads in their order, constants included, and puts
 * everything else as late as it can: a constant loaded far from its use costs a register.
 *
 * @module
 */
import { type FunctionBuilder, set } from './assembler.ts';
import type { Constants } from './constants.ts';
import type { Code } from './instructions.ts';
import { add, mul, type Wide } from './wide.ts';

/** Statements of a function, in the making. */
export class Lines {
  readonly code: Code[] = [];
  readonly #f: FunctionBuilder;
  readonly #constants: Constants;
  readonly #pairs: number;

  /** Lines on `pairs` pairs in the function `f`, whose constants go to that table. */
  constructor(f: FunctionBuilder, constants: Constants, pairs: number) {
    this.#f = f;
    this.#constants = constants;
    this.#pairs = pairs;
  }

  /** Adds the line "name = value"; returns the name. */
  readonly keep = (value: Wide): Wide => value.map((each) => this.#named(each));

  /** A constant, as every lane of every pair. */
  readonly pair = (value: number): Wide => this.#everywhere(this.#constants.pair(value));

  /** An integer, |n| ≤ 2⁵¹, as every lane of 64 bits. */
  readonly integer = (n: number): Wide => this.#everywhere(this.#constants.integer(n));

  /** Lines of their own in the same function. */
  fork(): Lines {
    return new Lines(this.#f, this.#constants, this.#pairs);
  }

  /** Adds the lines of both, evenly mixed: two chains that do not wait for each other. */
  weave(a: Lines, b: Lines): void {
    let j = 0;
    a.code.forEach((line, i) => {
      for (; j * a.code.length < i * b.code.length; j++) this.code.push(b.code[j]);
      this.code.push(line);
    });
    this.code.push(...b.code.slice(j));
  }

  #everywhere(value: Code): Wide {
    return new Array<Code>(this.#pairs).fill(this.#named(value));
  }

  #named(value: Code): Code {
    if (value.type === 'none') throw new TypeError('Lines: a statement has no value to keep');
    const name = this.#f.local(value.type);
    this.code.push(set(name, value));
    return name;
  }
}

/** What gives a coefficient, and the line that loads it. */
export type Coefficient = () => Wide;

/** Σ_i chain[i]·zⁱ by Horner's rule for chains of one length, side by side. */
export function horner(
  lines: Lines,
  z: Wide,
  ...chains: readonly (readonly Coefficient[])[]
): Wide[] {
  const last = chains[0].length - 1;
  let sums = chains.map((chain) => lines.keep(chain[last]()));
  for (let i = last - 1; i >= 0; i--) {
    sums = sums.map((sum, j) => lines.keep(add(mul(z, sum), chains[j][i]())));
  }
  return sums;
}

/** What lines of an activation end in: value and slope. */
export interface Activated {
  readonly y: Wide;
  readonly slope: Wide;
}
