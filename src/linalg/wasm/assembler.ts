/**
 * A WebAssembly assembler small enough to read in one sitting: functions, locals, loops, modules.
 *
 * A module imports its memory as env.memory and exports every function under its name. Binary
 * format: WebAssembly core specification 2.0, section 5.5.
 *
 * @module
 */
import { Bytes } from './bytes.ts';
import { Body, type Code, i32, requireOperands, sequence, type Type } from './instructions.ts';

/** A parameter or local variable; as an expression it is its own value. */
export interface Local extends Code {
  readonly index: number;
  readonly owner: object;
}

const TYPE_BYTES = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;
const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const NO_RESULT = 0x40;

const raw = (...bytes: number[]): Code => ({ type: 'none', write: (out) => out.write(bytes) });

/** x ← value. */
export function set(x: Local, value: Code): Code {
  requireOperands('set', [value], [x.type]);
  return sequence('none', value, access(0x21, x));
}

/** x ← value, and the value again. */
export function tee(x: Local, value: Code): Code {
  requireOperands('tee', [value], [x.type]);
  return sequence(x.type, value, access(0x22, x));
}

/** local.get, set or tee, refused in a function that does not own the local. */
function access(opcode: number, { index, owner }: Omit<Local, keyof Code>): Code {
  return {
    type: 'none',
    write(out) {
      if (out.owner !== owner) throw new Error('Local: used in a function that did not declare it');
      out.write([opcode]);
      out.unsigned(index);
    },
  };
}

function nested(opcode: number, body: readonly Code[], otherwise?: readonly Code[]): Code {
  for (const part of [...body, ...(otherwise ?? [])]) requireOperands('a block', [part], ['none']);
  return {
    type: 'none',
    write(out) {
      out.write([opcode, NO_RESULT]);
      out.depth++;
      for (const part of body) part.write(out);
      if (otherwise) out.write([ELSE]);
      for (const part of otherwise ?? []) part.write(out);
      out.depth--;
      out.write([END]);
    },
  };
}

/** The statements; a branch to them leaves them. */
export const block = (...body: Code[]): Code => nested(BLOCK, body);

/** The statements; a branch to them starts them again. Without one they run once. */
export const loop = (...body: Code[]): Code => nested(LOOP, body);

/** Branches to the enclosing block or loop number `depth`, 0 being the innermost, if `condition`. */
export function brIf(depth: number, condition: Code): Code {
  requireOperands('brIf', [condition], ['i32']);
  const target: Code = {
    type: 'none',
    write(out) {
      if (!(depth < out.depth)) {
        throw new RangeError(`brIf: needs a depth below ${out.depth} open blocks, got ${depth}`);
      }
      out.write([0x0d]);
      out.unsigned(depth);
    },
  };
  return sequence('none', condition, target);
}

/** Runs `body` if `condition` is not 0. */
export function when(condition: Code, ...body: Code[]): Code {
  requireOperands('when', [condition], ['i32']);
  return sequence('none', condition, nested(IF, body));
}

/** Runs `yes` if `condition` is not 0, else `no`. */
export function either(condition: Code, yes: readonly Code[], no: readonly Code[]): Code {
  requireOperands('either', [condition], ['i32']);
  return sequence('none', condition, nested(IF, yes, no));
}

/** x ← x + value, for an integer x. */
export const advance = (x: Local, value: Code): Code => set(x, i32.add(x, value));

/** Runs `body` for x, x + step, … as long as x < end, unsigned. `end` is evaluated every turn. */
export function walk(x: Local, end: Code, step: Code, ...body: Code[]): Code {
  return when(i32.ltU(x, end), loop(...body, advance(x, step), brIf(0, i32.ltU(x, end))));
}

/** A function in the making. */
export class FunctionBuilder {
  readonly name: string;
  readonly index: number;
  readonly params: Type[] = [];
  readonly #locals: Type[] = [];
  #body: readonly Code[] | undefined;
  #result: Code | undefined;

  constructor(name: string, index: number) {
    this.name = name;
    this.index = index;
  }

  /** Declares the next parameter. All parameters come before all locals. */
  param(type: Exclude<Type, 'none'>): Local {
    if (this.#locals.length > 0) throw new Error(`${this.name}: a parameter after a local`);
    return this.#variable(type, this.params.push(type) - 1);
  }

  /** Declares a local variable; it starts at zero. */
  local(type: Exclude<Type, 'none'>): Local {
    return this.#variable(type, this.params.length + this.#locals.push(type) - 1);
  }

  #variable(type: Type, index: number): Local {
    const name = { index, owner: this };
    return { ...name, type, write: access(0x20, name).write };
  }

  /** Gives the statements to run, and the value to return after them if there is one. */
  define(body: readonly Code[], result?: Code): void {
    if (this.#body) throw new Error(`${this.name}: defined twice`);
    for (const part of body) requireOperands(`the body of ${this.name}`, [part], ['none']);
    this.#body = body;
    this.#result = result;
  }

  /** A call from another function of the module, worth what this one returns. */
  call(...operands: Code[]): Code {
    if (!this.#body) throw new Error(`${this.name}: called before it is defined`);
    requireOperands(this.name, operands, this.params);
    return sequence(this.#result?.type ?? 'none', ...operands, raw(0x10, this.index));
  }

  /** Its entry in the section of types. */
  get signature(): readonly number[] {
    const results = this.#result ? [byteOf(this.#result.type)] : [];
    return [0x60, this.params.length, ...this.params.map(byteOf), results.length, ...results];
  }

  /** Its entry in the section of code. */
  code(): Bytes {
    if (!this.#body) throw new Error(`${this.name}: declared and not defined`);
    const body = new Body(this);
    const runs = runsOf(this.#locals);
    body.unsigned(runs.length);
    for (const { type, count } of runs) {
      body.unsigned(count);
      body.write([byteOf(type)]);
    }
    for (const part of this.#body) part.write(body);
    this.#result?.write(body);
    body.write([END]);
    return body;
  }
}

/** Neighbours of one type, and how many they are. */
function runsOf(types: readonly Type[]): { type: Type; count: number }[] {
  const runs: { type: Type; count: number }[] = [];
  for (const type of types) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return runs;
}

function byteOf(type: Type): number {
  if (type === 'none') throw new TypeError('a statement has no value to return');
  return TYPE_BYTES[type];
}

/** A module in the making. */
export class ModuleBuilder {
  readonly #functions: FunctionBuilder[] = [];
  readonly #tables: { address: number; values: ArrayLike<number> }[] = [];

  /** Declares a function, exported as `name`; it has at most 127 parameters, the module 127 functions. */
  function(name: string): FunctionBuilder {
    if (this.#functions.some((other) => other.name === name)) {
      throw new Error(`ModuleBuilder: two functions are called ${name}`);
    }
    const builder = new FunctionBuilder(name, this.#functions.length);
    this.#functions.push(builder);
    return builder;
  }

  /** Doubles to be written to memory from byte `address` on, when the module is instantiated. */
  table(address: number, values: ArrayLike<number>): void {
    this.#tables.push({ address, values });
  }

  /** The binary. */
  bytes(): Uint8Array<ArrayBuffer> {
    const out = new Bytes();
    out.write([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]); // "\0asm", version 1
    section(out, 1, this.#functions, (to, { signature }) => to.write(signature));
    section(out, 2, ['memory'], (to, name) => {
      to.name('env');
      to.name(name);
      to.write([0x02, 0x00, 0x00]); // a memory of at least 0 pages
    });
    section(out, 3, this.#functions, (to, { index }) => to.unsigned(index)); // one type each
    section(out, 7, this.#functions, (to, { name, index }) => {
      to.name(name);
      to.write([0x00]);
      to.unsigned(index);
    });
    section(out, 10, this.#functions, (to, builder) => to.sized(builder.code()));
    section(out, 11, this.#tables, (to, { address, values }) => {
      const doubles = new Bytes();
      doubles.doubles(values);
      to.write([0x00, 0x41]); // for memory 0, at i32.const …
      to.signed(address | 0);
      to.write([END]);
      to.sized(doubles);
    });
    return out.finish();
  }
}

function section<T>(
  out: Bytes,
  id: number,
  items: readonly T[],
  write: (to: Bytes, item: T) => void,
) {
  const content = new Bytes();
  content.unsigned(items.length);
  for (const item of items) write(content, item);
  out.write([id]);
  out.sized(content);
}
