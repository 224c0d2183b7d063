/**
 * The norms of a block: their operations, and the names and first values of their parameters.
 *
 * @module
 */
import { layerNorm, type Op, rmsNorm } from '../autograd/index.ts';
import { constantShape, type ParameterShapes } from './parameters.ts';
import type { NormKind } from './wirings.ts';

/** The operation of a norm, and the letters of its parameters in the order of its arguments. */
export function normOf(kind: NormKind, epsilon: number): { op: Op; names: readonly string[] } {
  switch (kind) {
    case 'layer':
      return { op: layerNorm({ epsilon }), names: ['g', 'b'] };
    case 'rms':
      return { op: rmsNorm({ epsilon }), names: ['g'] };
    case 'rms+1':
      return { op: rmsNorm({ epsilon, offset: 1 }), names: ['w'] };
  }
}

/** Its parameters: at first a gain of 1 and no shift. */
export function normShapes(kind: NormKind, width: number): ParameterShapes {
  const ones = constantShape(1, width, 1);
  const zeros = constantShape(1, width, 0);
  return { layer: { g: ones, b: zeros }, rms: { g: ones }, 'rms+1': { w: zeros } }[kind];
}

/** The letter of the parameter that multiplies: g, or w of a gain 1 + w. */
export const gainName = (kind: NormKind): 'g' | 'w' => (kind === 'rms+1' ? 'w' : 'g');
