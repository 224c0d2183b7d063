/**
 * One prompt of one model in one arithmetic: generated with its context, and token by token without.
 *
 * Single-token protocol: the patched model sees the newest token alone, at its position, and everything before it
 * is removed. Both are asked for each token after the same sequence, that of the full model, so that one
 * token that differs counts once.
 *
 * @module
 */
import { type Evaluator, eager } from '../../autograd/index.ts';
import { blockPatch, logitsBound, residual, withPatch } from '../../icl/index.ts';
import { type Matrix, matrix, rowOf } from '../../linalg/index.ts';
import {
  asRun,
  type BlockPatch,
  type BlockRun,
  type LanguageModel,
  largest,
  mapParameters,
  type Parameters,
} from '../../model/index.ts';
import { DOUBLE_BITS, evaluatorOf, runAlone, runAt, stored, storedPatch } from '../precision.ts';
import type { NamedVariant, RandomModel } from './models.ts';

/** How the logits of one way without the context compare with those of the full model, token by token. */
export interface Compared {
  /** 1 where the largest logit is the same one, else 0. */
  readonly agrees: number[];
  /** The largest difference of a logit. */
  readonly errors: number[];
}

export interface GenerationTrial {
  readonly unpatched: Compared;
  /** In the order of the variants. */
  readonly patched: readonly Compared[];
  /** The full model against itself with the same stored weights in float64: what rounding alone does. */
  readonly rounding: number[];
  /** The largest difference of a logit over its bound, in float64; 0 elsewhere. */
  readonly overBound: number;
}

/** A model as numbers of so many bits. */
export interface StoredModel {
  readonly bits: number;
  readonly on: Evaluator<Matrix>;
  readonly model: LanguageModel;
  readonly parameters: Parameters;
  /** Those of each block. */
  readonly own: readonly Parameters[];
}

export function storeModel({ model, parameters }: RandomModel, bits: number): StoredModel {
  const on = evaluatorOf(bits);
  const rounded = stored(on, parameters);
  const { network } = model.options;
  const own = network.blocks.map((_, l) => network.own(rounded, l));
  return { bits, on, model, parameters: rounded, own };
}

/** `count` tokens after `ids`. */
export function generationTrial(
  it: StoredModel,
  variants: readonly NamedVariant[],
  ids: readonly number[],
  count: number,
): GenerationTrial {
  const unpatched = compared();
  const patched = variants.map(compared);
  const sequence = [...ids];
  const full: Float64Array[] = [];
  let overBound = 0;
  for (let k = 0; k < count; k++) {
    const { logits, targets } = withContext(it, sequence);
    const [token, position] = [sequence[sequence.length - 1], sequence.length - 1];
    full.push(logits);
    add(unpatched, withoutContext(it, token, position, () => null).logits, logits);
    variants.forEach(({ variant }, i) => {
      const found = withoutContext(it, token, position, (l, run) => {
        const { blocks } = it.model.options.network;
        return storedPatch(it.on, blockPatch(blocks[l], it.own[l], run, targets[l], variant));
      });
      add(patched[i], found.logits, logits);
      const { base, patch } = found.last;
      if (it.bits !== DOUBLE_BITS || patch === null) return;
      const runs = { base, contextual: targets[targets.length - 1] };
      const bound = logitsBound(it.model, it.parameters, runs, patch, variant, 'dense');
      overBound = Math.max(overBound, residual(found.logits, logits, bound).overBound);
    });
    sequence.push(largest(logits));
  }
  const double = { ...it, on: eager };
  const rounding = full.map((logits, k) =>
    distance(logits, withContext(double, sequence.slice(0, ids.length + k)).logits),
  );
  return { unpatched, patched, rounding, overBound };
}

const compared = (): Compared => ({ agrees: [], errors: [] });

function add({ agrees, errors }: Compared, logits: Float64Array, right: Float64Array): void {
  agrees.push(largest(logits) === largest(right) ? 1 : 0);
  errors.push(distance(logits, right));
}

const distance = (x: Float64Array, y: Float64Array): number =>
  x.reduce((most, entry, i) => Math.max(most, Math.abs(entry - y[i])), 0);

/** The full model: logits after the sequence, and what each block does at its last token. */
export function withContext(
  { on, model, parameters, own }: Pick<StoredModel, 'on' | 'model' | 'parameters' | 'own'>,
  sequence: readonly number[],
): { logits: Float64Array; targets: BlockRun[] } {
  const positions = sequence.map((_, t) => t);
  const last = sequence.length - 1;
  let stream = model.embed(on, parameters, sequence, positions);
  const targets = model.options.network.blocks.map((block, l) => {
    const values = block.finish(on, own[l], block.mix(on, own[l], stream, 1, 'each', positions));
    stream = values.output;
    return runAt(values, last);
  });
  const row = matrix(1, stream.cols, rowOf(stream, last));
  return { logits: model.logits(on, parameters, row).data, targets };
}

/** The token alone, each block with its patch added into the weights, the sums as they would be stored. */
export function withoutContext(
  { on, model, parameters, own }: StoredModel,
  token: number,
  position: number,
  choose: (l: number, run: BlockRun) => BlockPatch | null,
): { logits: Float64Array; last: { base: BlockRun; patch: BlockPatch | null } } {
  let x = model.embed(on, parameters, [token], [position]);
  const steps = model.options.network.blocks.map((block, l) => {
    const { mixed, run } = runAlone(on, block, own[l], x, position);
    const patch = choose(l, run);
    const weights = patch && materialised(on, own[l], withPatch(block, own[l], patch));
    const { output } = weights ? asRun(block.finish(on, weights, mixed)) : run;
    x = matrix(1, output.length, output);
    return { base: run, patch };
  });
  return { logits: model.logits(on, parameters, x).data, last: steps[steps.length - 1] };
}

/** The parameters that changed, as they would be stored; the others are stored already. */
const materialised = (on: Evaluator<Matrix>, before: Parameters, changed: Parameters): Parameters =>
  mapParameters(changed, (value, name) => (value === before[name] ? value : on.constant(value)));
