/**
 * Double-double arithmetic without allocation, for the reference of `npm run accuracy`.
 *
 * Each function returns the leading double and leaves the other at `LOW[0]`, which the next call
 * overwrites. Relative errors are a few units of 2⁻¹⁰⁴. Operands and results must be far from
 * overflow and underflow. (src/linalg/double-double.ts is the checked version for users.)
 *
 * @module
 */

/** The low part of the last result. */
export const LOW: Float64Array = new Float64Array(1);

/** a + b exactly. */
export function sum(a: number, b: number): number {
  const s = a + b;
  const part = s - a;
  LOW[0] = a - (s - part) + (b - part);
  return s;
}

/** a·b exactly (Dekker). */
export function product(a: number, b: number): number {
  const p = a * b;
  const aBig = a * 134217729;
  const aLead = aBig - (aBig - a);
  const aRest = a - aLead;
  const bBig = b * 134217729;
  const bLead = bBig - (bBig - b);
  const bRest = b - bLead;
  LOW[0] = aLead * bLead - p + aLead * bRest + aRest * bLead + aRest * bRest;
  return p;
}

/** (a + aLow) + (b + bLow). */
export function add(a: number, aLow: number, b: number, bLow: number): number {
  const s = sum(a, b);
  const sLow = LOW[0];
  const t = sum(aLow, bLow);
  const tLow = LOW[0];
  const c = sLow + t;
  const v = s + c;
  const w = tLow + (c - (v - s));
  const h = v + w;
  LOW[0] = w - (h - v);
  return h;
}

/** (a + aLow)·(b + bLow). */
export function multiply(a: number, aLow: number, b: number, bLow: number): number {
  const p = product(a, b);
  const low = LOW[0] + (a * bLow + aLow * b);
  const h = p + low;
  LOW[0] = low - (h - p);
  return h;
}

/** (a + aLow)/(b + bLow). */
export function divide(a: number, aLow: number, b: number, bLow: number): number {
  const q = a / b;
  const p = multiply(b, bLow, q, 0);
  const pLow = LOW[0];
  const rest = (a - p + (aLow - pLow)) / b;
  const h = q + rest;
  LOW[0] = rest - (h - q);
  return h;
}
