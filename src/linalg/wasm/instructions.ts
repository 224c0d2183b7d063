/**
 * WebAssembly instructions as expressions.
 *
 * An expression knows its type and how to write its bytes. Since Wasm is postfix, a binary
 * instruction is "bytes of x, bytes of y, opcode", so `f64x2.add(x, y)` reads as ordinary
 * mathematics and still emits exactly one instruction a call. Operands of a wrong type are refused
 * where the expression is built. Opcodes: WebAssembly core specification 2.0, sections 5.4.5 to 5.4.8.
 *
 * @module
 */
import { Bytes } from './bytes.ts';

/** Types of values; `none` is that of a statement. */
export type Type = 'i32' | 'f64' | 'v128' | 'none';

/** The body of a function being written: its owner knows its locals, `depth` its open blocks. */
export class Body extends Bytes {
  depth = 0;
  readonly owner: object;

  constructor(owner: object) {
    super();
    this.owner = owner;
  }
}

/** An expression, or a statement if its type is `none`. */
export interface Code {
  readonly type: Type;
  write(out: Body): void;
}

type Unary = (x: Code) => Code;
type Binary = (x: Code, y: Code) => Code;
/** The address is in bytes and need not be aligned; `offset` is a constant added to it. */
type Load = (address: Code, offset?: number) => Code;
type Store = (address: Code, value: Code, offset?: number) => Code;

/** Refuses operands of another number or type than `takes`. */
export function requireOperands(
  name: string,
  operands: readonly Code[],
  takes: readonly Type[],
): void {
  const got = operands.map(({ type }) => type);
  if (got.length !== takes.length || got.some((type, i) => type !== takes[i])) {
    throw new TypeError(`${name}: takes (${takes.join(', ')}), got (${got.join(', ')})`);
  }
}

/** The instruction `name` with the given opcode, from operands of types `takes` to `gives`. */
function instruction(name: string, opcode: readonly number[], takes: readonly Type[], gives: Type) {
  return (...operands: Code[]): Code => {
    requireOperands(name, operands, takes);
    return {
      type: gives,
      write(out) {
        for (const operand of operands) operand.write(out);
        out.write(opcode);
      },
    };
  };
}

/** Opcodes of the vector instructions: a prefix, then LEB128. */
const simd = (code: number): number[] =>
  code < 128 ? [0xfd, code] : [0xfd, (code & 127) | 128, code >> 7];

/** The alignment that an access promises, as a power of two: that of a double. */
const ALIGN_8 = 3;

function access(opcode: readonly number[], offset: number): Code {
  return {
    type: 'none',
    write(out) {
      out.write(opcode);
      out.unsigned(ALIGN_8);
      out.unsigned(offset);
    },
  };
}

const load = (name: string, opcode: readonly number[], gives: Type): Load => {
  return (address, offset = 0) => {
    requireOperands(name, [address], ['i32']);
    return sequence(gives, address, access(opcode, offset));
  };
};

const store = (name: string, opcode: readonly number[], takes: Type): Store => {
  return (address, value, offset = 0) => {
    requireOperands(name, [address, value], ['i32', takes]);
    return sequence('none', address, value, access(opcode, offset));
  };
};

/** The parts one after the other, as code of the given type. */
export const sequence = (type: Type, ...parts: Code[]): Code => ({
  type,
  write(out) {
    for (const part of parts) part.write(out);
  },
});

const i32Binary = (name: string, code: number): Binary =>
  instruction(`i32.${name}`, [code], ['i32', 'i32'], 'i32');
const f64Binary = (name: string, code: number, gives: Type = 'f64'): Binary =>
  instruction(`f64.${name}`, [code], ['f64', 'f64'], gives);
const pairBinary = (name: string, code: number): Binary =>
  instruction(name, simd(code), ['v128', 'v128'], 'v128');
const shift = (name: string, code: number): Binary =>
  instruction(name, simd(code), ['v128', 'i32'], 'v128');

/** Integers of 32 bits; comparisons give 1 or 0, and U marks the unsigned ones. */
export const i32: {
  const(value: number): Code;
  eqz: Unary;
  eq: Binary;
  ne: Binary;
  ltU: Binary;
  geU: Binary;
  add: Binary;
  sub: Binary;
  mul: Binary;
  divU: Binary;
  and: Binary;
  shl: Binary;
  /** The unsigned integer at or below a double, which must be there. */
  truncU: Unary;
} = {
  const: (value) => ({
    type: 'i32',
    write(out) {
      out.write([0x41]);
      out.signed(value);
    },
  }),
  eqz: instruction('i32.eqz', [0x45], ['i32'], 'i32'),
  eq: i32Binary('eq', 0x46),
  ne: i32Binary('ne', 0x47),
  ltU: i32Binary('ltU', 0x49),
  geU: i32Binary('geU', 0x4f),
  add: i32Binary('add', 0x6a),
  sub: i32Binary('sub', 0x6b),
  mul: i32Binary('mul', 0x6c),
  divU: i32Binary('divU', 0x6e),
  and: i32Binary('and', 0x71),
  shl: i32Binary('shl', 0x74),
  truncU: instruction('i32.truncU', [0xab], ['f64'], 'i32'), // i32.trunc_f64_u
};

/** Doubles. */
export const f64: {
  const(value: number): Code;
  load: Load;
  store: Store;
  eq: Binary;
  gt: Binary;
  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  max: Binary;
  sqrt: Unary;
  /** The double of an unsigned integer. */
  ofU: Unary;
} = {
  const: (value) => ({
    type: 'f64',
    write(out) {
      out.write([0x44]);
      out.doubles([value]);
    },
  }),
  load: load('f64.load', [0x2b], 'f64'),
  store: store('f64.store', [0x39], 'f64'),
  eq: f64Binary('eq', 0x61, 'i32'),
  gt: f64Binary('gt', 0x64, 'i32'),
  add: f64Binary('add', 0xa0),
  sub: f64Binary('sub', 0xa1),
  mul: f64Binary('mul', 0xa2),
  div: f64Binary('div', 0xa3),
  max: f64Binary('max', 0xa5),
  sqrt: instruction('f64.sqrt', [0x9f], ['f64'], 'f64'),
  ofU: instruction('f64.ofU', [0xb8], ['i32'], 'f64'), // f64.convert_i32_u
};

/** Pairs of doubles; a comparison gives a lane of ones where it holds, of zeros elsewhere. */
export const f64x2: {
  splat: Unary;
  lane0: Unary;
  lane1: Unary;
  ne: Binary;
  lt: Binary;
  gt: Binary;
  le: Binary;
  abs: Unary;
  neg: Unary;
  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  max: Binary;
  pmin: Binary;
  pmax: Binary;
  sqrt: Unary;
} = {
  splat: instruction('f64x2.splat', simd(0x14), ['f64'], 'v128'),
  lane0: instruction('f64x2.lane0', [...simd(0x21), 0], ['v128'], 'f64'),
  lane1: instruction('f64x2.lane1', [...simd(0x21), 1], ['v128'], 'f64'),
  ne: pairBinary('f64x2.ne', 0x48),
  lt: pairBinary('f64x2.lt', 0x49),
  gt: pairBinary('f64x2.gt', 0x4a),
  le: pairBinary('f64x2.le', 0x4b),
  abs: instruction('f64x2.abs', simd(0xec), ['v128'], 'v128'),
  neg: instruction('f64x2.neg', simd(0xed), ['v128'], 'v128'),
  add: pairBinary('f64x2.add', 0xf0),
  sub: pairBinary('f64x2.sub', 0xf1),
  mul: pairBinary('f64x2.mul', 0xf2),
  div: pairBinary('f64x2.div', 0xf3),
  max: pairBinary('f64x2.max', 0xf5),
  /** y < x ? y : x, lane by lane. */
  pmin: pairBinary('f64x2.pmin', 0xf6),
  /** x < y ? y : x, lane by lane. */
  pmax: pairBinary('f64x2.pmax', 0xf7),
  sqrt: instruction('f64x2.sqrt', simd(0xef), ['v128'], 'v128'),
};

/** Pairs of integers of 64 bits; U brings in zeros. */
export const i64x2: {
  /** The lower 32 bits of a lane. */
  lowOf0: Unary;
  lowOf1: Unary;
  shl: Binary;
  shrU: Binary;
  add: Binary;
  sub: Binary;
} = {
  lowOf0: instruction('i64x2.lowOf0', [...simd(0x1b), 0], ['v128'], 'i32'), // i32x4.extract_lane
  lowOf1: instruction('i64x2.lowOf1', [...simd(0x1b), 2], ['v128'], 'i32'),
  shl: shift('i64x2.shl', 0xcb),
  shrU: shift('i64x2.shrU', 0xcd),
  add: pairBinary('i64x2.add', 0xce),
  sub: pairBinary('i64x2.sub', 0xd1),
};

/** 128 bits of any meaning. */
export const v128: {
  load: Load;
  loadSplat: Load;
  loadLane0: Load;
  loadLane1(address: Code, pair: Code, offset?: number): Code;
  store: Store;
  and: Binary;
  andNot: Binary;
  or: Binary;
  select(x: Code, y: Code, mask: Code): Code;
} = {
  load: load('v128.load', simd(0x00), 'v128'),
  /** Loads one double and copies it to both lanes. */
  loadSplat: load('v128.loadSplat', simd(0x0a), 'v128'),
  /** Loads one double into lane 0; lane 1 is 0. */
  loadLane0: load('v128.loadLane0', simd(0x5d), 'v128'),
  /** The pair with one double loaded into lane 1. */
  loadLane1(address, pair, offset = 0) {
    requireOperands('v128.loadLane1', [address, pair], ['i32', 'v128']);
    const lane1: Code = { type: 'none', write: (out) => out.write([1]) };
    return sequence('v128', address, pair, access(simd(0x57), offset), lane1);
  },
  store: store('v128.store', simd(0x0b), 'v128'),
  and: pairBinary('v128.and', 0x4e),
  /** x where y is 0, bit by bit. */
  andNot: pairBinary('v128.andNot', 0x4f),
  or: pairBinary('v128.or', 0x50),
  /** x where the mask is 1, y where it is 0, bit by bit. */
  select: instruction('v128.select', simd(0x52), ['v128', 'v128', 'v128'], 'v128'),
};
