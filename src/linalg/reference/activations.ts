/**
 * Plain twins of the smooth activations, entry by entry: y = f(x) and slope = f′(x).
 *
 * Both come from one call, so that a backward pass is one multiplication. Values and errors are those
 * of the functions of one double in `special/`. Lengths are trusted, outputs are overwritten; they
 * must not be x.
 *
 * @module
 */
import { exp } from '../special/exp.ts';
import { geluDerivative, gelu as geluOf } from '../special/gelu.ts';
import { geluTanhDerivative, geluTanh as geluTanhOf } from '../special/gelu-tanh.ts';
import { sigmoidDerivative, sigmoid as sigmoidOf } from '../special/sigmoid.ts';
import { siluDerivative, silu as siluOf } from '../special/silu.ts';
import { softplus as softplusOf } from '../special/softplus.ts';
import { tanhDerivative, tanh as tanhOf } from '../special/tanh.ts';

/** y = x·Φ(x). */
export function gelu(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = geluOf(x[i]);
    slope[i] = geluDerivative(x[i]);
  }
}

/** y = x·sigmoid(2·√(2/π)·(x + 0.044715·x³)). */
export function geluTanh(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = geluTanhOf(x[i]);
    slope[i] = geluTanhDerivative(x[i]);
  }
}

/** y = x·sigmoid(x). */
export function silu(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = siluOf(x[i]);
    slope[i] = siluDerivative(x[i]);
  }
}

/** y = tanh(x). */
export function tanh(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = tanhOf(x[i]);
    slope[i] = tanhDerivative(x[i]);
  }
}

/** y = 1/(1 + e⁻ˣ). */
export function sigmoid(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = sigmoidOf(x[i]);
    slope[i] = sigmoidDerivative(x[i]);
  }
}

/** y = log(1 + eˣ); its slope is sigmoid(x). */
export function softplus(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = softplusOf(x[i]);
    slope[i] = sigmoidOf(x[i]);
  }
}

/** y = elu(x) + 1: x + 1 above 0, eˣ elsewhere. Positive where eˣ does not underflow. */
export function eluPlusOne(x: Float64Array, y: Float64Array, slope: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    y[i] = x[i] > 0 ? x[i] + 1 : exp(x[i]);
    slope[i] = x[i] > 0 ? 1 : y[i];
  }
}
