/**
 * A static change of a whole network, exact at several tokens at once.
 *
 * Block after block, as in `network-patch.ts`: each block's change is made from the actual state that the
 * changed blocks before it leave, so that its errors do not add to theirs.
 *
 * @module
 */
import { eager, takeRows } from '../autograd/index.ts';
import { type Matrix, matrix, rowOf } from '../linalg/index.ts';
import { asRun, type BlockRun, type Network, type Parameters, prefixed } from '../model/index.ts';
import { networkPatch, outputsOf, runNetwork } from './network-patch.ts';
import { type StaticPatch, staticPatch, withStaticPatch } from './static-patch.ts';

export interface StaticNetworkPatch {
  /** The change of each block. */
  readonly changes: readonly StaticPatch[];
  /** The parameters with all of them added in. */
  readonly parameters: Parameters;
  /** patched[l][i], contextual[l][t]: what block l does at a token. */
  readonly patched: readonly (readonly BlockRun[])[];
  readonly contextual: readonly (readonly BlockRun[])[];
}

/**
 * Weights with which the network does at every token of `keep`, without the others, what it does there
 * with them.
 *
 * Shapes and preconditions as `networkPatch` and, in every block, `staticPatch`: at most as many tokens as
 * there are independent inputs (d, or d − 1 behind a layer norm of constant gain), or with 'w2only' as
 * the network has hidden entries.
 *
 * Error: of the order of u·cond in each block, with the condition numbers of `staticPatch`.
 *
 * @throws as `networkPatch` and `staticPatch`.
 */
export function staticNetworkPatch(
  network: Network,
  parameters: Parameters,
  sequence: Matrix,
  keep: readonly number[],
  variant: 'default' | 'w2only' = 'default',
): StaticNetworkPatch {
  const positions = Array.from({ length: sequence.rows }, (_, t) => t);
  networkPatch(network, parameters, sequence, keep, { mode: 'last', variant }); // its checks
  const contextual = runNetwork(network, parameters, sequence, positions);
  let stream = eager.apply(takeRows(keep), sequence);
  const [changes, patched]: [StaticPatch[], BlockRun[][]] = [[], []];
  let changed = parameters;
  network.blocks.forEach((block, l) => {
    const own = network.own(parameters, l);
    const mixed = block.mix(eager, own, stream, 1, 'each', keep);
    const at = (which: Parameters): BlockRun[] =>
      keep.map((_, i) => {
        const row = (x: Matrix): Matrix => matrix(1, x.cols, rowOf(x, i));
        const { attention, residual, input } = mixed;
        const part = {
          attention: row(attention),
          residual: residual && row(residual),
          input: row(input),
        };
        return asRun(block.finish(eager, which, part));
      });
    const targets = keep.map((t) => contextual[l][t]);
    const change = staticPatch(block, own, at(own), targets, variant);
    const after = withStaticPatch(own, change);
    const runs = at(after);
    changes.push(change);
    patched.push(runs);
    changed = { ...changed, ...prefixed(`blocks.${l}`, after) };
    stream = outputsOf(runs);
  });
  return { changes, parameters: changed, patched, contextual };
}
