/**
 * Softmax attention on Wasm, with the bits of `../reference/attention.ts`.
 *
 * One query row a sequence walks along the tokens (`attention-query.ts`), more are tiled
 * (`attention-tiles.ts`). The twin does the work where rules of some models bend the scores, where
 * memory is too small, and where a number that is not finite would meet the zero weight of a token
 * that is not visible.
 *
 * @module
 */
import type { AttentionRules, AttentionSizes } from '../reference/attention.ts';
import * as twins from '../reference/attention.ts';
import { attentionQuery } from './attention-query.ts';
import { backwardOnTiles, forwardOnTiles, roomForTiles } from './attention-tiles.ts';
import { allFinite } from './finite.ts';
import { arena } from './memory.ts';

/**
 * Below this many multiplications for the scores of one head of one sequence the tiles are no faster
 * than the twin, copies included: 8·8·4 runs at half its speed, 16·16·8 at 1.8 to 2.2 times, 41·41·32 at
 * 5.7 (forward) and 7.6 times (Node 20.20, EPYC, November 2026).
 */
export const TILED_ATTENTION_CROSSOVER = 1200;

/**
 * The same for one query row a sequence, and all multiplications for the scores: 256 run at 0.7 to 0.9
 * of the twin's speed, 441 at 0.7 to 1.3, 1071 at 1.5, 7056 at 2.1 to 4.7, 41984 at 3.1 to 3.5 times.
 */
export const QUERY_ATTENTION_CROSSOVER = 500;

/** Is the Wasm kernel the faster one? */
export function attentionPays({ batch, tokens, queries, heads, width }: AttentionSizes): boolean {
  return queries === 1
    ? batch * heads * tokens * width >= QUERY_ATTENTION_CROSSOVER
    : queries * tokens * width >= TILED_ATTENTION_CROSSOVER;
}

/**
 * Is this plain attention, in no need of the rules that only the twin knows? Positions are no rule of
 * their own: windows and slopes alone ask for them.
 */
const isPlain = ({ window, softCap, slopes }: AttentionRules): boolean =>
  window === undefined && softCap === undefined && slopes === undefined;

/** Is there room for what the kernels need, and for copies of the operands that are elsewhere? */
function fits(sizes: AttentionSizes, operands: readonly Float64Array[]): boolean {
  const room = arena();
  const copy = (x: Float64Array): number => (room.holds(x) ? 0 : x.length + 8);
  return room.fits(operands.reduce((sum, x) => sum + copy(x), roomForTiles(sizes)));
}

/** Does the visible part of this layer's sums end before the others? */
const hides = ({ causal, queries }: AttentionSizes): boolean => causal && queries > 1;

/** o and p from q, k and v; false, both half done, if a visible score is not finite. */
export const attention: typeof twins.attention = (sizes, scale, q, k, v, p, o, rules = {}) => {
  const twin = (): boolean => twins.attention(sizes, scale, q, k, v, p, o, rules);
  if (!isPlain(rules) || !fits(sizes, [q, k, v, p, o])) return twin();
  const room = arena();
  const mark = room.used;
  const [atQ, atK, atV] = [q, k, v].map((x) => room.reach(x, 0, x.length));
  if (hides(sizes) && !allFinite(atV, v.length)) {
    room.release(mark);
    return twin();
  }
  const [atP, atO] = [p, o].map(zeros);
  const { batch, tokens, queries, heads, kvHeads, width } = sizes;
  const fine =
    queries === 1
      ? attentionQuery().forward(
          ...([atQ, atK, atV, atP, atO] as const),
          ...([batch, tokens, heads, kvHeads, width] as const),
          scale,
        ) === 1
      : forwardOnTiles(sizes, scale, { q: atQ, k: atK, v: atV, p: atP, o: atO });
  copyBack(p, atP);
  copyBack(o, atO);
  room.release(mark);
  return fine;
};

/** dq, dk and dv from do. */
export const attentionBackward: typeof twins.attentionBackward = (
  sizes,
  scale,
  inputs,
  outputs,
  rules = {},
) => {
  const twin = (): void => twins.attentionBackward(sizes, scale, inputs, outputs, rules);
  const { q, k, v, p, dO } = inputs;
  const { dq, dk, dv } = outputs;
  if (!isPlain(rules) || !fits(sizes, [q, k, v, p, dO, dq, dk, dv])) return twin();
  const room = arena();
  const mark = room.used;
  const [atQ, atK, atV, atP, atDo] = [q, k, v, p, dO].map((x) => room.reach(x, 0, x.length));
  const finite = (at: number, x: Float64Array): boolean => allFinite(at, x.length);
  if (hides(sizes) && !(finite(atQ, q) && finite(atK, k) && finite(atDo, dO))) {
    room.release(mark);
    return twin();
  }
  const [atDq, atDk, atDv] = [dq, dk, dv].map(zeros);
  const { batch, tokens, queries, heads, kvHeads, width } = sizes;
  if (queries === 1) {
    attentionQuery().backward(
      ...([atQ, atK, atV, atP, atDo, room.allocate(tokens), atDq, atDk, atDv] as const),
      ...([batch, tokens, heads, kvHeads, width] as const),
      scale,
    );
  } else {
    const at = { q: atQ, k: atK, v: atV, p: atP, dO: atDo, dq: atDq, dk: atDk, dv: atDv };
    backwardOnTiles(sizes, scale, at);
  }
  copyBack(dq, atDq);
  copyBack(dk, atDk);
  copyBack(dv, atDv);
  room.release(mark);
};

/** Where x is, or room for it, filled with +0. */
function zeros(x: Float64Array): number {
  const room = arena();
  const at = room.holds(x) ? x.byteOffset : room.allocate(x.length);
  room.view.fill(0, at / 8, at / 8 + x.length);
  return at;
}

/** Brings the result from where it was made, if that is elsewhere. */
function copyBack(x: Float64Array, from: number): void {
  const room = arena();
  if (!room.holds(x)) room.copyOut(from, x, 0, x.length);
}
