/**
 * State space layers: selective (real, Mamba) and diagonal (complex, S4D).
 *
 * Sequences of T tokens are folded into the rows, `batch` of them; the state before the first token is
 * 0. Orders of rounding and the backward formulas stand with the kernels,
 * `linalg/reference/selective-scan.ts` and `linalg/reference/diagonal-state-space.ts`.
 *
 * @module
 */
import { DomainError, type Matrix, matrix } from '../../linalg/index.ts';
import * as kernels from '../../linalg/kernels.ts';
import { type Op, probeMatrix, requireShapes } from '../op.ts';
import { areSequences, requirePositiveIntegers } from '../options.ts';

interface Saved<Results> {
  readonly args: readonly Matrix[];
  readonly states: Results;
}

const blanks = (args: readonly Matrix[]): Matrix[] => args.map((arg) => matrix(arg.rows, arg.cols));

/** `x` with each entry mapped: for probes. */
const mapped = (x: Matrix, f: (entry: number) => number): Matrix =>
  matrix(x.rows, x.cols, x.data.map(f));

/**
 * For each channel and state s_t = exp(−δ_t·e^λ)·s_{t−1} + δ_t·x_t·β_t, and y_t = γ_t·s_t + D·x_t.
 *
 * Shapes, for c channels of N states: arguments x and δ (B·T)×c, β and γ (B·T)×N, λ (the logarithm of
 * −A) c×N, D 1×c; the value (B·T)×c. In Mamba δ = softplus(W_δ·x + b_δ), β = W_B·x, γ = W_C·x.
 *
 * @throws DomainError if batch is not a positive integer; ShapeError if an argument does not fit.
 */
export function selectiveScan({ batch }: { readonly batch: number }): Op<Saved<Float64Array>> {
  requirePositiveIntegers('selectiveScan', { batch });
  const sizesOf = ([x, , beta]: readonly Matrix[]): kernels.SelectiveSizes => ({
    batch,
    tokens: x.rows / batch,
    channels: x.cols,
    states: beta.cols,
  });
  const inputsOf = (args: readonly Matrix[]): kernels.SelectiveInputs => {
    const [x, delta, beta, gamma, lambda, D] = args.map(({ data }) => data);
    return { x, delta, beta, gamma, lambda, D };
  };
  return {
    name: `selectiveScan(batch ${batch})`,
    forward(args) {
      const [x, delta, beta, gamma, lambda, D] = args;
      const needs =
        'x and delta (B·T)×c, beta and gamma (B·T)×N, lambda c×N and D 1×c ' +
        `for ${batch} sequences are required`;
      requireShapes('selectiveScan', needs, args, 6, () => {
        return (
          areSequences(x.rows, batch) &&
          [delta, beta, gamma].every(({ rows }) => rows === x.rows) &&
          delta.cols === x.cols &&
          gamma.cols === beta.cols &&
          lambda.rows === x.cols &&
          lambda.cols === beta.cols &&
          D.rows === 1 &&
          D.cols === x.cols
        );
      });
      const y = matrix(x.rows, x.cols);
      const states = new Float64Array(x.data.length * beta.cols);
      kernels.selectiveScan(sizesOf(args), inputsOf(args), states, y.data);
      return { value: y, saved: { args, states } };
    },
    backward(dy, { args, states }) {
      const gradients = blanks(args);
      const [dx, ddelta, dbeta, dgamma, dlambda, dD] = gradients.map(({ data }) => data);
      const outputs = { dx, ddelta, dbeta, dgamma, dlambda, dD };
      kernels.selectiveScanBackward(sizesOf(args), inputsOf(args), states, dy.data, outputs);
      return gradients;
    },
    /** Steps around 1/2, as softplus gives them. */
    probe: (random) => [
      probeMatrix(batch * 4, 3, random),
      mapped(probeMatrix(batch * 4, 3, random), (t) => 0.5 + 0.3 * t),
      probeMatrix(batch * 4, 2, random),
      probeMatrix(batch * 4, 2, random),
      probeMatrix(3, 2, random),
      probeMatrix(1, 3, random),
    ],
  };
}

/**
 * For each channel and complex state s_t = Ā·s_{t−1} + B̄·x_t, and y_t = 2·Re(C·s_t) + D·x_t, with
 * Ā = exp(δ·A) and B̄ = ((Ā − 1)/A)·B (zero-order hold).
 *
 * Shapes, for c channels of N states: arguments x (B·T)×c; Re A, Im A, Re B, Im B, Re C, Im C c×N; D and δ
 * 1×c; the value (B·T)×c. Where |δ·A| is small the gradient of A loses about −log₂|δ·A| bits.
 *
 * @throws DomainError if an A is 0; otherwise as `selectiveScan`.
 */
export function diagonalStateSpace({
  batch,
}: {
  readonly batch: number;
}): Op<Saved<kernels.ComplexArray>> {
  requirePositiveIntegers('diagonalStateSpace', { batch });
  const sizesOf = ([x, A]: readonly Matrix[]): kernels.StateSpaceSizes => ({
    batch,
    tokens: x.rows / batch,
    channels: x.cols,
    states: A.cols,
  });
  const inputsOf = (args: readonly Matrix[]): kernels.StateSpaceInputs => {
    const [x, aRe, aIm, bRe, bIm, cRe, cIm, D, delta] = args.map(({ data }) => data);
    return {
      x,
      A: { re: aRe, im: aIm },
      B: { re: bRe, im: bIm },
      C: { re: cRe, im: cIm },
      D,
      delta,
    };
  };
  return {
    name: `diagonalStateSpace(batch ${batch})`,
    forward(args) {
      const [x, aRe, aIm, ...rest] = args;
      const needs =
        'x (B·T)×c, Re A, Im A, Re B, Im B, Re C, Im C c×N, D and delta 1×c ' +
        `for ${batch} sequences are required`;
      requireShapes('diagonalStateSpace', needs, args, 9, () => {
        return (
          areSequences(x.rows, batch) &&
          aRe.rows === x.cols &&
          [aIm, ...rest.slice(0, 4)].every((p) => p.rows === aRe.rows && p.cols === aRe.cols) &&
          rest.slice(4).every((row) => row.rows === 1 && row.cols === x.cols)
        );
      });
      const zero = aRe.data.findIndex((re, i) => re === 0 && aIm.data[i] === 0);
      if (zero >= 0) {
        throw new DomainError(`diagonalStateSpace: A must not be 0, got 0 at entry ${zero}`);
      }
      const y = matrix(x.rows, x.cols);
      const length = x.data.length * aRe.cols;
      const states = { re: new Float64Array(length), im: new Float64Array(length) };
      kernels.diagonalStateSpace(sizesOf(args), inputsOf(args), states, y.data);
      return { value: y, saved: { args, states } };
    },
    backward(dy, { args, states }) {
      const gradients = blanks(args);
      const [dx, aRe, aIm, bRe, bIm, cRe, cIm, dD, ddelta] = gradients.map(({ data }) => data);
      kernels.diagonalStateSpaceBackward(sizesOf(args), inputsOf(args), states, dy.data, {
        dx,
        dA: { re: aRe, im: aIm },
        dB: { re: bRe, im: bIm },
        dC: { re: cRe, im: cIm },
        dD,
        ddelta,
      });
      return gradients;
    },
    /** Stable rates, −0.2 to −1.2, and steps around 1/2. */
    probe(random) {
      const [x, aRe, ...parts] = [
        probeMatrix(batch * 4, 3, random),
        ...Array.from({ length: 6 }, () => probeMatrix(3, 2, random)),
      ];
      return [
        x,
        mapped(aRe, (t) => 0.5 * t - 0.7),
        ...parts,
        probeMatrix(1, 3, random),
        mapped(probeMatrix(1, 3, random), (t) => 0.5 + 0.3 * t),
      ];
    },
  };
}
