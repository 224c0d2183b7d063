/**
 * Plain twins of the complex diagonal state space layer (S4D, zero-order hold) and its transpose.
 *
 * Letters: B sequences of T tokens, c channels with N complex states each; R = B·T. Shapes, row-major:
 * inputs x and outputs y R×c; A, B, C c×N as real and imaginary parts; skip D and steps δ c numbers;
 * states s R×c·N, two arrays. Sizes are trusted, outputs are overwritten.
 * Source: Gu, Gupta, Goel & Ré, S4D, arXiv:2206.11893, equation 6 and section 3.
 *
 * @module
 */
import { type Complex, conjugateTimes, expAndMinusOne, over, scaled, times } from './complex.ts';

/** The sizes above. */
export interface StateSpaceSizes {
  readonly batch: number;
  readonly tokens: number;
  readonly channels: number;
  readonly states: number;
}

/** The operands above. Precondition: no A is 0. */
export interface StateSpaceInputs {
  readonly x: Float64Array;
  readonly A: ComplexArray;
  readonly B: ComplexArray;
  readonly C: ComplexArray;
  readonly D: Float64Array;
  readonly delta: Float64Array;
}

/** Complex numbers as two arrays. */
export interface ComplexArray {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

const at = ({ re, im }: ComplexArray, i: number): Complex => ({ re: re[i], im: im[i] });

function put({ re, im }: ComplexArray, i: number, value: Complex): void {
  re[i] = value.re;
  im[i] = value.im;
}

const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });

/** Ā = exp(δ·A), ψ = (Ā − 1)/A and B̄ = ψ·B of state `own` of a channel with step δ. */
function hold({ A, B, delta }: StateSpaceInputs, channel: number, own: number) {
  const a = at(A, own);
  const { power, minusOne } = expAndMinusOne(scaled(delta[channel], a));
  const psi = over(minusOne, a);
  return { a, power, psi, input: times(psi, at(B, own)) };
}

/**
 *   s_t = Ā·s_{t−1} + B̄·x_t     s_{−1} = 0
 *   y_t = 2·Σ_n Re(C·s_t) + D·x_t     n ascending from +0, then the doubling, then D·x
 */
export function diagonalStateSpace(
  { batch, tokens, channels: c, states: N }: StateSpaceSizes,
  inputs: StateSpaceInputs,
  s: ComplexArray,
  y: Float64Array,
): void {
  const { x, C, D } = inputs;
  for (let i = 0; i < c; i++) {
    for (let row = 0; row < batch * tokens; row++) y[row * c + i] = 0;
    for (let own = i * N; own < (i + 1) * N; own++) {
      const { power, input } = hold(inputs, i, own);
      for (let row = 0; row < batch * tokens; row++) {
        const here = row * c * N + own;
        const driven = scaled(x[row * c + i], input);
        const state = row % tokens === 0 ? driven : plus(times(power, at(s, here - c * N)), driven);
        put(s, here, state);
        y[row * c + i] += times(at(C, own), state).re;
      }
    }
    for (let row = 0; row < batch * tokens; row++) {
      y[row * c + i] = 2 * y[row * c + i] + D[i] * x[row * c + i];
    }
  }
}

/** Gradients of the operands. */
export interface StateSpaceGradients {
  readonly dx: Float64Array;
  readonly dA: ComplexArray;
  readonly dB: ComplexArray;
  readonly dC: ComplexArray;
  readonly dD: Float64Array;
  readonly ddelta: Float64Array;
}

/**
 * The gradient of a complex number is ∂L/∂re + i·∂L/∂im, so that of w = f(z) goes back as
 * conj(f′(z))·dw. For each channel and state, rows from the last to the first, with k from later
 * tokens:
 *
 *   g = k + 2·dy·C̅,  k ← conj(Ā)·g,  dC += 2·dy·s̅,  dĀ += s̅_{t−1}·g,  dB̄ += x·g,
 *   dx += Re(conj(B̄)·g),  and once dx = D·dy, dD += dy·x
 *   dB = ψ̅·dB̄,  dψ = B̅·dB̄
 *   dA = conj(δ·Ā)·dĀ + conj((δ·Ā − ψ)/A)·dψ,   dδ = Σ_n Re(conj(A·Ā)·dĀ) + Re(conj(Ā)·dψ)
 */
export function diagonalStateSpaceBackward(
  { batch, tokens, channels: c, states: N }: StateSpaceSizes,
  inputs: StateSpaceInputs,
  s: ComplexArray,
  dy: Float64Array,
  gradients: StateSpaceGradients,
): void {
  const { x, B, C, D, delta } = inputs;
  const { dx, dA, dB, dC, dD, ddelta } = gradients;
  const zero: Complex = { re: 0, im: 0 };
  for (let i = 0; i < c; i++) {
    dD[i] = 0;
    ddelta[i] = 0;
    for (let row = batch * tokens - 1; row >= 0; row--) {
      dx[row * c + i] = D[i] * dy[row * c + i];
      dD[i] += dy[row * c + i] * x[row * c + i];
    }
    for (let own = i * N; own < (i + 1) * N; own++) {
      const { a, power, psi, input } = hold(inputs, i, own);
      let [carry, dPower, dInput, dOutput] = [zero, zero, zero, zero];
      for (let row = batch * tokens - 1; row >= 0; row--) {
        const here = row * c * N + own;
        const twice = 2 * dy[row * c + i];
        const from = row % tokens === tokens - 1 ? zero : carry;
        const g = plus(from, conjugateTimes(at(C, own), { re: twice, im: 0 }));
        dOutput = plus(dOutput, conjugateTimes(at(s, here), { re: twice, im: 0 }));
        dInput = plus(dInput, scaled(x[row * c + i], g));
        dx[row * c + i] += conjugateTimes(input, g).re;
        if (row % tokens > 0) dPower = plus(dPower, conjugateTimes(at(s, here - c * N), g));
        carry = conjugateTimes(power, g);
      }
      const dPsi = conjugateTimes(at(B, own), dInput);
      const slope = over(plus(scaled(delta[i], power), scaled(-1, psi)), a);
      put(dB, own, conjugateTimes(psi, dInput));
      put(dC, own, dOutput);
      put(
        dA,
        own,
        plus(conjugateTimes(scaled(delta[i], power), dPower), conjugateTimes(slope, dPsi)),
      );
      ddelta[i] += conjugateTimes(times(a, power), dPower).re + conjugateTimes(power, dPsi).re;
    }
  }
}
