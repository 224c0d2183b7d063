/**
 * Activations, with what a rounding bound needs to know of them.
 *
 * @module
 */
import { ACTIVATION_OPS, type ActivationOpName, type Op } from '../autograd/index.ts';
import { DomainError, UNIT_ROUNDOFF } from '../linalg/index.ts';

export interface Activation {
  readonly op: Op;
  /** A Lipschitz constant on the whole line, rounded up. */
  readonly lipschitz: number;
  /** A bound on |ĝ(z) − g(z)|, the error of one evaluation, where ĝ(z) = h. */
  evaluationError(z: number, h: number): number;
}

export type ActivationName = ActivationOpName;

const U = UNIT_ROUNDOFF;
const SUBNORMAL = Number.MIN_VALUE;

/** No rounding at all. */
const exactly = (): number => 0;
/** Within one ulp, so 2u relative, or one subnormal unit. */
const withinUlp = (_z: number, h: number): number => 2 * U * Math.abs(h) + SUBNORMAL;
/** 8u·(|h| + |z·g'(z)|) + (2|z| + 1)·2⁻¹⁰⁷⁴, the bound of the composite functions, with |g'| ≤ Lip. */
const composite =
  (lipschitz: number) =>
  (z: number, h: number): number =>
    8 * U * (Math.abs(h) + Math.abs(z) * lipschitz) + (2 * Math.abs(z) + 1) * SUBNORMAL;

const of = (
  name: ActivationName,
  lipschitz: number,
  evaluationError: Activation['evaluationError'],
): Activation => ({ op: ACTIVATION_OPS[name], lipschitz, evaluationError });

/**
 * By name. The constants of GELU (at √2), its tanh form and SiLU (at 2.39935728…) are the maxima of
 * their derivatives, rounded up in the last digit; the others are at most 1 by inspection.
 */
export const ACTIVATIONS: Readonly<Record<ActivationName, Activation>> = {
  relu: of('relu', 1, exactly),
  gelu: of('gelu', 1.128904145185155, composite(1.128904145185155)),
  geluTanh: of('geluTanh', 1.128993068658772, composite(1.128993068658772)),
  silu: of('silu', 1.099839320128868, composite(1.099839320128868)),
  tanh: of('tanh', 1, withinUlp),
  sigmoid: of('sigmoid', 0.25, withinUlp),
  softplus: of('softplus', 1, withinUlp),
};

/** @throws DomainError if there is no activation of that name. */
export function requireActivation(caller: string, name: string): void {
  if (!Object.hasOwn(ACTIVATIONS, name)) {
    const known = Object.keys(ACTIVATIONS).join(', ');
    throw new DomainError(`${caller}: activation must be one of ${known}, got ${name}`);
  }
}
