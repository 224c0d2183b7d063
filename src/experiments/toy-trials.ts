/**
 * What the figures measure on one prompt. Prompts have nothing to do with one another, so any worker
 * may take any of them.
 *
 * @module
 */
import {
  absoluteProduct,
  certify,
  type FineTuningRow,
  fineTuningTrajectory,
  marginalNorms,
  networkPatch,
  patchedProductBound,
  patchWeight,
  prefixVectors,
  proveContextPatch,
  residual,
  verifyCertificate,
} from '../icl/index.ts';
import { applyRankOne, gamma, type Matrix, matrixVector } from '../linalg/index.ts';
import {
  type Block,
  type LinearPrompt,
  network,
  type Parameters,
  part,
  prefixed,
  sequenceOf,
} from '../model/index.ts';

/** Figure 1: the two sides of the theorem on one validation prompt. */
export interface ValidationTrial {
  /** max |T_W(C, x) − T_{W+ΔW}(x)| over outputs, its largest bound, and the worst ratio. */
  readonly observed: number;
  readonly bound: number;
  readonly overBound: number;
  /** (T_W(C, x) − y)² and (T_{W+ΔW}(x) − y)². */
  readonly contextLoss: number;
  readonly patchedLoss: number;
}

export function validationTrial(
  block: Block,
  parameters: Parameters,
  { context, query, target }: LinearPrompt,
): ValidationTrial {
  const { contextual, patched, output } = proveContextPatch(block, parameters, context, query);
  const { observed, bound, overBound } = output;
  const loss = (values: Float64Array): number => {
    const off = values[query.length - 1] - target;
    return off * off;
  };
  const [contextLoss, patchedLoss] = [loss(contextual.output), loss(patched.output)];
  return { observed, bound, overBound, contextLoss, patchedLoss };
}

/**
 * R of the certificate that, from the attention outputs a and a' on, |T_W(C, x) − T_{W+ΔW}(x)| ≤ R in exact
 * arithmetic; confirmed by the verifier.
 *
 * @throws CertificateError if the verifier does not confirm it.
 */
export function certificateTrial(
  block: Block,
  parameters: Parameters,
  { context, query }: LinearPrompt,
): number {
  const net = network([block]);
  const own = prefixed('blocks.0', parameters);
  const sequence = sequenceOf(context, query);
  const keep = [context.rows];
  const found = networkPatch(net, own, sequence, keep, { mode: 'last' });
  const certificate = certify(net, own, sequence, keep, found);
  verifyCertificate(net, own, certificate);
  return certificate.blocks[0][0]?.output ?? Number.NaN;
}

/** Figure 2: the marginal norms g_1 … g_{N−1} of one prompt, and its worst prefix. */
export interface MarginalTrial {
  readonly norms: Float64Array;
  readonly overBound: number;
}

export function marginalTrial(
  block: Block,
  parameters: Parameters,
  { context, query }: LinearPrompt,
): MarginalTrial {
  const W = parameters['mlp.W1'];
  const prefixes = prefixVectors(block.layer, part(parameters, 'layer'), context, query);
  return { norms: marginalNorms(W, prefixes).slice(1), overBound: worstPrefix(W, prefixes) };
}

/** max over prefixes and rows of |fl(W·a + p·(v·a)) − fl(W·A_i)| over its bound. */
export function worstPrefix(W: Matrix, prefixes: readonly Float64Array[]): number {
  const a = prefixes[0];
  const Wa = matrixVector(W, a);
  return prefixes.reduce((worst, next) => {
    const moved = applyRankOne(patchWeight(W, a, next), a);
    const patched = Wa.map((entry, i) => entry + moved[i]);
    const rounding = absoluteProduct(W, next).map((entry) => gamma(W.cols + 1) * entry);
    const bound = patchedProductBound(W, a, next).map((entry, i) => entry + rounding[i]);
    return Math.max(worst, residual(patched, matrixVector(W, next), bound).overBound);
  }, 0);
}

/** Figure 3: the numbers of one trajectory that are drawn, without its matrices. */
export type FineTuningPoint = Pick<
  FineTuningRow,
  | 'fineTunedLoss'
  | 'updatedLoss'
  | 'updatedPrediction'
  | 'contextPrediction'
  | 'overBound'
  | 'alignment'
>;

export const fineTuningTrial = (
  block: Block,
  parameters: Parameters,
  prompt: LinearPrompt,
  rate: number,
): FineTuningPoint[] =>
  fineTuningTrajectory(block, parameters, prompt, rate).map((row) => ({
    fineTunedLoss: row.fineTunedLoss,
    updatedLoss: row.updatedLoss,
    updatedPrediction: row.updatedPrediction,
    contextPrediction: row.contextPrediction,
    overBound: row.overBound,
    alignment: row.alignment,
  }));
