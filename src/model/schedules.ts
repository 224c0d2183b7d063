/**
 * Learning-rate schedules: pure functions of the step about to be taken, 0, 1, 2 …
 *
 * @module
 */
import { DomainError } from '../linalg/index.ts';
import { cos } from '../linalg/special/sin-cos.ts';

/** The learning rate at a step. */
export type Schedule = (step: number) => number;

/** The same rate at every step. @throws DomainError if it is not positive and finite. */
export function constantRate(rate: number): Schedule {
  requireRate('constantRate', 'rate', rate);
  return (step) => {
    requireStep('constantRate', step);
    return rate;
  };
}

/**
 * rate·(step + 1)/steps while step < steps, then `rate`: the first step is not lost on a rate of 0, and
 * step `steps − 1` is the first at full rate.
 *
 * @throws DomainError if the rate is not positive and finite or `steps` is not a count.
 */
export function linearWarmup({ rate, steps }: { rate: number; steps: number }): Schedule {
  requireRate('linearWarmup', 'rate', rate);
  requireCount('linearWarmup', 'steps', steps);
  return (step) => {
    requireStep('linearWarmup', step);
    return step < steps ? (rate * (step + 1)) / steps : rate;
  };
}

/**
 * Half a cosine from `rate` to `final`, after a linear warm-up.
 *
 *   t < warmup            rate·(t + 1)/warmup
 *   warmup ≤ t < steps    final + ((rate − final)/2)·(1 + cos(π·(t − warmup)/(steps − warmup)))
 *   t ≥ steps             final
 *
 * Source: Loshchilov & Hutter, SGDR, arXiv:1608.03983, equation 5, without restarts.
 *
 * @throws DomainError if rate or final is out of its range, or not 0 ≤ warmup < steps.
 */
export function cosineDecay(options: {
  rate: number;
  steps: number;
  /** Default: 0. */
  warmup?: number;
  /** Default: 0. */
  final?: number;
}): Schedule {
  const { rate, steps, warmup = 0, final = 0 } = options;
  requireRate('cosineDecay', 'rate', rate);
  requireCount('cosineDecay', 'steps', steps);
  requireCount('cosineDecay', 'warmup', warmup);
  if (!(warmup < steps)) {
    throw new DomainError(`cosineDecay: warmup must be below the ${steps} steps, got ${warmup}`);
  }
  if (!(final >= 0 && final <= rate)) {
    throw new DomainError(`cosineDecay: final must be from 0 to the rate ${rate}, got ${final}`);
  }
  return (step) => {
    requireStep('cosineDecay', step);
    if (step < warmup) return (rate * (step + 1)) / warmup;
    if (step >= steps) return final;
    const angle = (Math.PI * (step - warmup)) / (steps - warmup);
    return final + ((rate - final) / 2) * (1 + cos(angle));
  };
}

function requireRate(caller: string, what: string, rate: number): void {
  if (!(rate > 0 && rate < Infinity)) {
    throw new DomainError(`${caller}: ${what} must be positive and finite, got ${rate}`);
  }
}

function requireCount(caller: string, what: string, count: number): void {
  if (!(Number.isSafeInteger(count) && count >= 0)) {
    throw new DomainError(`${caller}: ${what} must be an integer from 0 on, got ${count}`);
  }
}

function requireStep(caller: string, step: number): void {
  requireCount(caller, 'step', step);
}
