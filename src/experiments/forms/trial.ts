/**
 * The implicit dynamics of one prompt twice: with the base fixed (a), and with a base that changes (b).
 *
 *   (a)  W_i is exact without context, in the place of c_1 … c_i:   W_i·a = W_0·A_i
 *   (b)  W_i is exact before c_{i+1} … c_n, in the place of c_1 … c_i:   W_i·a_i = W_0·a_0
 *
 * @module
 */
import {
  applyFactored,
  type ChangingBase,
  changingBase,
  changingBaseBound,
  implicitDescent,
  numericalRank,
  patchedProductBound,
  prefixVectors,
  productBound,
  residual,
  suffixVectors,
  updateSpectrum,
  withoutPositions,
} from '../../icl/index.ts';
import {
  addRankOne,
  DomainError,
  frobeniusNorm,
  type Matrix,
  matrixVector,
  maxAbs,
  norm,
  type RankOne,
  rankOneNorm,
  subtract,
  subtractMatrices,
} from '../../linalg/index.ts';
import {
  type Block,
  type LinearPrompt,
  type Parameters,
  part,
  runBlock,
} from '../../model/index.ts';

export interface FormsTask {
  readonly parameters: Parameters;
  readonly prompt: LinearPrompt;
  /** The i at which ranks are taken, ascending. */
  readonly ranksAt: readonly number[];
}

/** What is measured of one form, for i = 1 … n; ranks at `ranksAt`. */
export interface FormTrial {
  /** ‖W_i − W_0‖_F. */
  readonly sizes: Float64Array;
  /** Numerical ranks of W_i − W_0, as the sum of its i steps. */
  readonly ranks: Float64Array;
  /** The largest entry of what W_i misses, and of the bound on it. */
  readonly errors: Float64Array;
  readonly bounds: Float64Array;
  /** The largest error of an entry over its own bound, all i. */
  readonly overBound: number;
  /** How far rounding could grow: (a) 1 + ‖A_i − a‖/‖a‖, (b) Π_{k≤i} (1 + ‖a_{k−1} − a_k‖/‖a_k‖). */
  readonly conditions: Float64Array;
  /** The largest |difference| of an output of the block from that with the tokens in place of W_i, all i. */
  readonly outputs: number;
}

export interface FormsTrial {
  readonly fixed: FormTrial;
  readonly changing: FormTrial;
  /** ‖W_i of (b) − W_i of (a)‖_F, i = 1 … n. */
  readonly apart: Float64Array;
  /** σ_2 of the sum of i steps of (a) over the bound on its error, the largest: up to 1 the rank is 1. */
  readonly second: number;
  /** ½‖W·a_i − t‖² of (b) at W_{i−1} and at W_i, i = 1 … n. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** The largest |entry| of t. */
  readonly target: number;
}

/** @throws DomainError if steps of (b) were merged, because the layer is 0 at some suffix. */
export function formsTrial(block: Block, task: FormsTask): FormsTrial {
  const { parameters, prompt, ranksAt } = task;
  const { context, query } = prompt;
  const W = parameters['mlp.W1'];
  const layer = part(parameters, 'layer');
  const prefixes = prefixVectors(block.layer, layer, context, query);
  const suffixes = suffixVectors(block.layer, layer, context, query);
  const [a, b] = [implicitDescent(W, prefixes), changingBase(W, suffixes)];
  if (b.steps.length !== context.rows) {
    throw new DomainError(
      `formsTrial: a step for each of ${context.rows} tokens is required, got ${b.steps.length}`,
    );
  }
  // W_{i+1} − W_i = −h·Δ_i, Δ_i = gradient.p·aᵀ, and h·a is the right factor of every update.
  const steps = a.steps.map(({ gradient, update: { v } }) => ({
    p: gradient.p.map((entry) => -entry),
    v,
  }));
  const updates = b.steps.map(({ update }) => update);
  const [ofA, ofB] = [steps, updates].map((all) =>
    ranksAt.map((i) => updateSpectrum(all.slice(0, i))),
  );
  const fixed = a.steps.map(({ update }) => addRankOne(W, update));
  const changing = cumulative(W, updates, addRankOne);
  const output = (W1: Matrix, tokens: Matrix): Float64Array =>
    runBlock(block, { ...parameters, 'mlp.W1': W1 }, tokens, query).output;
  const nothing = withoutPositions(context, range(0, context.rows));
  const after = (i: number): Matrix => withoutPositions(context, range(0, i + 1));
  const upTo = (i: number): Matrix => withoutPositions(context, range(i + 1, context.rows));
  const whole = output(W, context);
  return {
    fixed: {
      sizes: Float64Array.from(a.steps, ({ update }) => rankOneNorm(update)),
      ranks: Float64Array.from(ofA, (spectrum) => numericalRank(spectrum)),
      ...missed(a.steps.map(({ update }, i) => fixedSides(W, prefixes, update, i))),
      conditions: Float64Array.from(prefixes.slice(1), (next) => growth(next, prefixes[0])),
      outputs: largest(fixed.map((W1, i) => apartBy(output(W1, nothing), output(W, upTo(i))))),
    },
    changing: {
      sizes: distances(
        changing,
        changing.map(() => W),
      ),
      ranks: Float64Array.from(ofB, (spectrum) => numericalRank(spectrum)),
      ...missed(changingSides(W, suffixes, b)),
      conditions: Float64Array.from(
        cumulative(1, suffixes.slice(1), (product, base, i) => product * growth(suffixes[i], base)),
      ),
      outputs: largest(changing.map((W1, i) => apartBy(output(W1, after(i)), whole))),
    },
    apart: distances(changing, fixed),
    second: largest(ofA.map(({ singularValues: s, error }) => (s.length > 1 ? s[1] / error : 0))),
    before: Float64Array.from(b.steps, ({ lossBefore }) => lossBefore),
    after: Float64Array.from(b.steps, ({ lossAfter }) => lossAfter),
    target: maxAbs(b.target),
  };
}

/** Two products that should be equal, and the bound on their difference. */
interface Sides {
  readonly reached: Float64Array;
  readonly target: Float64Array;
  readonly bound: Float64Array;
}

/** (W + p·vᵀ)·a against W·A_{i+1}. */
function fixedSides(
  W: Matrix,
  prefixes: readonly Float64Array[],
  update: RankOne,
  i: number,
): Sides {
  const [base, next] = [prefixes[0], prefixes[i + 1]];
  const own = productBound(W, next);
  return {
    reached: applyFactored(W, [update], base),
    target: matrixVector(W, next),
    bound: patchedProductBound(W, base, next).map((entry, r) => entry + own[r]),
  };
}

/** (W + Σ_{k≤i} p_k·v_kᵀ)·a_i against W·a_0, for every i. */
function changingSides(
  W: Matrix,
  suffixes: readonly Float64Array[],
  { target, steps }: ChangingBase,
): Sides[] {
  const own = productBound(W, suffixes[0]);
  const updates = steps.map(({ update }) => update);
  return changingBaseBound(W, suffixes, steps).map((bound, i) => ({
    reached: applyFactored(W, updates.slice(0, i + 1), steps[i].base),
    target,
    bound: bound.map((entry, r) => entry + own[r]),
  }));
}

function missed(sides: readonly Sides[]): Pick<FormTrial, 'errors' | 'bounds' | 'overBound'> {
  const found = sides.map(({ reached, target, bound }) => residual(reached, target, bound));
  return {
    errors: Float64Array.from(found, ({ observed }) => observed),
    bounds: Float64Array.from(sides, ({ bound }) => maxAbs(bound)),
    overBound: largest(found.map(({ overBound }) => overBound)),
  };
}

/** 1 + ‖x − base‖/‖base‖. */
const growth = (x: Float64Array, base: Float64Array): number =>
  1 + norm(subtract(x, base)) / norm(base);

/** f(…f(f(start, all[0], 0), all[1], 1)…, all[i], i) for every i. */
function cumulative<A, T>(start: A, all: readonly T[], f: (so: A, each: T, i: number) => A): A[] {
  let so = start;
  return all.map((each, i) => {
    so = f(so, each, i);
    return so;
  });
}

const distances = (x: readonly Matrix[], y: readonly Matrix[]): Float64Array =>
  Float64Array.from(x, (each, i) => frobeniusNorm(subtractMatrices(each, y[i])));

const apartBy = (x: Float64Array, y: Float64Array): number => maxAbs(subtract(x, y));

/** NaN where one is. */
const largest = (x: readonly number[]): number => x.reduce((most, each) => Math.max(most, each), 0);

/** from, from + 1 … to − 1. */
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, k) => from + k);
