/**
 * Layer and root-mean-square normalisation on Wasm, with the bits of `../reference/norms.ts`.
 *
 * @module
 */
import type * as twins from '../reference/norms.ts';
import type { Crossover } from './crossover.ts';
import { arena } from './memory.ts';
import { type NormsBackwardExports, normsBackwardModule } from './norms-backward-module.ts';
import { type NormsExports, normsModule } from './norms-module.ts';
import { streamRows, streamUntil, type Use } from './streaming.ts';

/**
 * Of 8 rows of 8, in ns an entry: layerNorm 5.0 in Wasm memory and 8.7 with copies, the twin 8.1; backwards
 * 4.4, 7.2 and 6.3; rmsNorm 4.3, 7.7 and 6.1. Of 128 rows of 128: layerNorm 1.0, 1.7 and 6.3, backwards
 * 1.1, 1.8 and 5.7; rmsNorm 0.9, 1.5 and 3.8, backwards 1.0, 1.5 and 5.2 (Node 20.20, EPYC, November 2026).
 */
export const NORMS_CROSSOVER: Crossover = { resident: 64, copied: 128 };

let forward: NormsExports | undefined;
let backward: NormsBackwardExports | undefined;

/** The compiled modules. */
function kernel(): NormsExports {
  forward ??= arena().instantiate(normsModule()) as unknown as NormsExports; // by construction
  return forward;
}

function kernelBackward(): NormsBackwardExports {
  backward ??= arena().instantiate(normsBackwardModule()) as unknown as NormsBackwardExports; // by construction
  return backward;
}

/** y, z, s from x. */
const FORWARD: readonly Use[] = ['write', 'write', 'write', 'read'];

/** dx from dy, z, s. */
const BACKWARD: readonly Use[] = ['write', 'read', 'read', 'read'];

/** z = (x − mean)/s and y = z·g + b, row by row; the first bad row, or −1. */
export const layerNorm: typeof twins.layerNorm = (epsilon, x, g, b, y, z, s) => {
  const { layerNorm: map } = kernel();
  const n = g.length;
  const room = arena();
  const mark = room.used;
  const [atG, atB] = [room.reach(g, 0, n), room.reach(b, 0, n)];
  const bad = streamUntil(FORWARD, [y, z, s, x], [n, n, 1, n], s.length, (at, rows) =>
    map(epsilon, at[3], atG, atB, at[0], at[1], at[2], rows, n),
  );
  room.release(mark);
  return bad;
};

/** z = x/s and y = z·(offset + g), row by row; the first bad row, or −1. */
export const rmsNorm: typeof twins.rmsNorm = (epsilon, offset, x, g, y, z, s) => {
  const { rmsNorm: map } = kernel();
  const n = g.length;
  const room = arena();
  const mark = room.used;
  const atG = room.reach(g, 0, n);
  const bad = streamUntil(FORWARD, [y, z, s, x], [n, n, 1, n], s.length, (at, rows) =>
    map(epsilon, offset, at[3], atG, at[0], at[1], at[2], rows, n),
  );
  room.release(mark);
  return bad;
};

/** dx = ((t − mean t) − z·mean(t·z))/s with t = dy·g. */
export const layerNormBackward: typeof twins.layerNormBackward = (g, z, s, dy, dx) => {
  const { layerNormBackward: map } = kernelBackward();
  const n = g.length;
  const room = arena();
  const mark = room.used;
  const atG = room.reach(g, 0, n);
  streamRows(BACKWARD, [dx, dy, z, s], [n, n, n, 1], s.length, (at, rows) =>
    map(atG, at[2], at[3], at[1], at[0], rows, n),
  );
  room.release(mark);
};

/** dx = (t − z·mean(t·z))/s with t = dy·(offset + g). */
export const rmsNormBackward: typeof twins.rmsNormBackward = (offset, g, z, s, dy, dx) => {
  const { rmsNormBackward: map } = kernelBackward();
  const n = g.length;
  const room = arena();
  const mark = room.used;
  const atG = room.reach(g, 0, n);
  streamRows(BACKWARD, [dx, dy, z, s], [n, n, n, 1], s.length, (at, rows) =>
    map(offset, atG, at[2], at[3], at[1], at[0], rows, n),
  );
  room.release(mark);
};
