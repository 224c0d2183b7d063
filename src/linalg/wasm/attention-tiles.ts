/**
 * Attention on tiles: each head of each sequence is a few small matrix products on packed panels
 * (`matmul-module.ts`), cut into runs of query rows.
 *
 * In a causal layer a run goes to its last visible token only: half of the work is saved. What is
 * computed inside a run and not visible is thrown away and weighs +0. The sums of the twin end at the
 * last visible token; those here run on over zeros, which changes no bit as long as what the zeros are
 * multiplied with is finite: trusted.
 *
 * @module
 */
import type { AttentionSizes } from '../reference/attention.ts';
import { attentionRows } from './attention-rows.ts';
import { matmulKernel } from './matmul.ts';
import { type Arena, arena } from './memory.ts';

/** Query rows of one run: two tiles. */
const RUN = 8;

/** A matrix inside a larger one in Wasm memory: byte address and bytes from row to row. */
interface Part {
  readonly address: number;
  readonly stride: number;
}

/** Room for packed operands. */
interface Panels {
  readonly left: number;
  readonly right: number;
  /** Room for one tile. */
  readonly scratch: number;
}

const toFour = (count: number): number => Math.ceil(count / 4) * 4;

/** Doubles of the panels that these sizes need. */
const panelRoom = ({ tokens, queries, width }: AttentionSizes): [number, number] => [
  toFour(Math.max(tokens, queries)) * Math.max(width, tokens, queries),
  toFour(Math.max(tokens, queries, width)) * Math.max(width, tokens, queries),
];

/** Doubles of room that a pass takes besides its operands. */
export function roomForTiles(sizes: AttentionSizes): number {
  const [left, right] = panelRoom(sizes);
  return left + right + sizes.queries * sizes.tokens + 64;
}

/** Takes room for panels; to be released by whoever took it. */
function panelsFor(room: Arena, sizes: AttentionSizes): Panels {
  const [left, right] = panelRoom(sizes).map((count) => room.allocate(count));
  return { left, right, scratch: room.allocate(16) };
}

/** One past the last token that any query row below `end` sees. */
const visibleEnd = ({ causal, tokens, queries }: AttentionSizes, end: number): number =>
  causal ? Math.min(tokens, tokens - queries + end) : tokens;

/** Where each head of each sequence finds its rows in q (or o, dq, do), k (or v, dk, dv) and p. */
function partsOf(
  sizes: AttentionSizes,
  b: number,
  h: number,
): { query: (base: number) => Part; key: (base: number) => Part; weights: (base: number) => Part } {
  const { tokens: T, queries: Q, heads: H, kvHeads: G, width: e } = sizes;
  const g = Math.floor((h * G) / H);
  return {
    query: (base) => ({ address: base + 8 * (b * Q * H + h) * e, stride: 8 * H * e }),
    key: (base) => ({ address: base + 8 * (b * T * G + g) * e, stride: 8 * G * e }),
    weights: (base) => ({ address: base + 8 * (b * H + h) * Q * T, stride: 8 * T }),
  };
}

/**
 * c += x·yᵀ over the visible tokens: the scores from queries and keys, and their like. x has Q rows,
 * y T rows, both of e numbers; c is Q×T.
 */
function rowsTimesTokens(
  sizes: AttentionSizes,
  { left, right, scratch }: Panels,
  x: Part,
  y: Part,
  c: Part,
): void {
  const { tokens: T, queries: Q, width: e } = sizes;
  const kernel = matmulKernel();
  kernel.packLines(y.address, y.stride, right, T, e);
  kernel.packLines(x.address, x.stride, left, Q, e);
  for (let i = 0; i < Q; i += RUN) {
    const rows = Math.min(RUN, Q - i);
    const end = visibleEnd(sizes, i + rows);
    const at = c.address + i * c.stride;
    kernel.block(left + 8 * i * e, 32 * e, right, 32 * e, at, c.stride, rows, end, e, scratch);
  }
}

/** c += w·y with weights w Q×T, that are 0 where not visible, and y T×e: c is Q×e. */
function weightsTimesTokens(
  sizes: AttentionSizes,
  { left, right, scratch }: Panels,
  w: Part,
  y: Part,
  c: Part,
): void {
  const { tokens: T, queries: Q, width: e } = sizes;
  const kernel = matmulKernel();
  kernel.packAcross(y.address, y.stride, right, e, T);
  for (let i = 0; i < Q; i += RUN) {
    const rows = Math.min(RUN, Q - i);
    const end = visibleEnd(sizes, i + rows);
    kernel.packLines(w.address + i * w.stride, w.stride, left, rows, end);
    const at = c.address + i * c.stride;
    kernel.block(left, 32 * end, right, 32 * T, at, c.stride, rows, e, end, scratch);
  }
}

/** c += wᵀ·x with weights w as above and x Q×e: c is T×e. */
function weightsTransposedTimesRows(
  sizes: AttentionSizes,
  { left, right, scratch }: Panels,
  w: Part,
  x: Part,
  c: Part,
): void {
  const { causal, tokens: T, queries: Q, width: e } = sizes;
  const kernel = matmulKernel();
  kernel.packAcross(w.address, w.stride, left, T, Q);
  kernel.packAcross(x.address, x.stride, right, e, Q);
  for (let j = 0; j < T; j += RUN) {
    const rows = Math.min(RUN, T - j);
    const first = causal ? Math.max(0, j - (T - Q)) : 0; // no row before it sees token j
    const panel = left + 8 * j * Q + 32 * first;
    const at = c.address + j * c.stride;
    kernel.block(
      panel,
      32 * Q,
      right + 32 * first,
      32 * Q,
      at,
      c.stride,
      rows,
      e,
      Q - first,
      scratch,
    );
  }
}

/** Addresses of the operands; outputs hold 0. */
export interface Addresses {
  readonly q: number;
  readonly k: number;
  readonly v: number;
  readonly p: number;
}

/** p and o; false, both half done, if a visible score is not finite. */
export function forwardOnTiles(
  sizes: AttentionSizes,
  scale: number,
  { q, k, v, p, o }: Addresses & { readonly o: number },
): boolean {
  const { batch, tokens: T, queries: Q, heads, causal } = sizes;
  const room = arena();
  const mark = room.used;
  const panels = panelsFor(room, sizes);
  const { scoresToWeights } = attentionRows();
  let fine = true;
  for (let b = 0; b < batch && fine; b++) {
    for (let h = 0; h < heads && fine; h++) {
      const { query, key, weights } = partsOf(sizes, b, h);
      const w = weights(p);
      rowsTimesTokens(sizes, panels, query(q), key(k), w);
      fine = scoresToWeights(w.address, w.stride, Q, T - Q + 1, causal ? 1 : 0, T, scale) < 0;
      if (fine) weightsTimesTokens(sizes, panels, w, key(v), query(o));
    }
  }
  room.release(mark);
  return fine;
}

/** dq, dk and dv. */
export function backwardOnTiles(
  sizes: AttentionSizes,
  scale: number,
  { q, k, v, p, dO, dq, dk, dv }: Addresses & Record<'dO' | 'dq' | 'dk' | 'dv', number>,
): void {
  const { batch, tokens: T, queries: Q, heads, causal } = sizes;
  const room = arena();
  const mark = room.used;
  const panels = panelsFor(room, sizes);
  const dp = { address: room.allocate(Q * T), stride: 8 * T };
  const { weightsBackward } = attentionRows();
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const { query, key, weights } = partsOf(sizes, b, h);
      const w = weights(p);
      room.view.fill(0, dp.address / 8, dp.address / 8 + Q * T);
      rowsTimesTokens(sizes, panels, query(dO), key(v), dp);
      weightsTransposedTimesRows(sizes, panels, w, query(dO), key(dv));
      weightsBackward(w.address, dp.address, w.stride, Q, T - Q + 1, causal ? 1 : 0, T, scale);
      weightsTimesTokens(sizes, panels, dp, key(k), query(dq));
      weightsTransposedTimesRows(sizes, panels, dp, query(q), key(dk));
    }
  }
  room.release(mark);
}
