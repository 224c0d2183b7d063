/**
 * All works, in the order of the tables, by kind. A kind is loaded when it is asked for: the process
 * that times a product of matrices has nothing else in it.
 *
 * @module
 */
import type { Work } from '../runner/contract.ts';

export const FAMILIES: Readonly<Record<string, () => Promise<readonly Work[]>>> = {
  matmul: async () => (await import('./matmul/index.ts')).matmulWorks,
  elementwise: async () => (await import('./elementwise/index.ts')).elementwiseWorks,
  'toy-step': async () => (await import('./toy-step/index.ts')).toyStepWorks,
  'stack-step': async () => (await import('./stack-step/index.ts')).stackStepWorks,
  'delta-w': async () => (await import('./delta-w.ts')).deltaWWorks,
  proofs: async () => (await import('./proofs.ts')).proofWorks,
};

export async function allWorks(): Promise<readonly Work[]> {
  return (await Promise.all(Object.values(FAMILIES).map((load) => load()))).flat();
}
