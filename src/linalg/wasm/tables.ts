/**
 * Where the tables of constants stand in Wasm memory.
 *
 * All modules share one memory, so no two tables may overlap. This is the list of them.
 *
 * @module
 */

/** Bytes of each table, multiples of 64. */
const SIZES = {
  exp: 512,
  gelu: 1024,
  geluTanh: 1024,
  silu: 1024,
  tanh: 1024,
  sigmoid: 1024,
  softplus: 1024,
  eluPlusOne: 512,
  erfcx: 4096,
} as const;

export type TableName = keyof typeof SIZES;

const NAMES = Object.keys(SIZES) as TableName[]; // its own keys, no others

/** Address and end of a table, in bytes: one begins where the one before it ends. */
export function tableRange(name: TableName): { readonly address: number; readonly end: number } {
  const before = NAMES.slice(0, NAMES.indexOf(name));
  const address = before.reduce((sum, other) => sum + SIZES[other], 0);
  return { address, end: address + SIZES[name] };
}

/** The first bytes of the memory belong to the tables. */
export const TABLE_BYTES: number = tableRange(NAMES[NAMES.length - 1]).end;
