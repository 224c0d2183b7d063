/**
 * icl: a prompt is a weight update.
 *
 *   patch-weight.ts         Theorem 1 at one matrix: ΔW = (W·δ)·aᵀ/‖a‖²
 *   block-patch.ts          Theorem 1 for a block of any wiring, in five variants
 *   context-patch.ts        … and any part of its context
 *   prove-patch.ts          patched against contextual, beside the bound
 *   joint-patch.ts, relu-patch.ts, weighted-patch.ts    other exact updates of one matrix
 *   rounding-bounds.ts, norm-bound.ts, block-bounds.ts   what rounding may do
 *   exact-residual.ts       the delivered patch judged in BigInt
 *   exact-identity.ts, rational-block.ts   the theorem without any rounding
 *   minimality.ts           Theorem 2: all exact updates, and the least
 *   composition.ts          removing a context part by part
 *   implicit-descent.ts     reading token by token is gradient descent
 *   alignment.ts, fine-tuning.ts           implicit against explicit learning
 *
 * README.md beside this file maps the papers' symbols to these names.
 *
 * @module
 */
export { alignment, alignmentOfRankOnes } from './alignment.ts';
export { type BlockBounds, blockBounds, type Runs } from './block-bounds.ts';
export { blockPatch, VARIANTS, type Variant } from './block-patch.ts';
export { type CompositionStage, composePatches } from './composition.ts';
export {
  type ContextPatch,
  contextPatch,
  type PatchOptions,
  type Positions,
  withoutPositions,
} from './context-patch.ts';
export { exactIdentityResidual } from './exact-identity.ts';
export { exactErrorOverBound } from './exact-residual.ts';
export { type FineTuningRow, fineTuningTrajectory } from './fine-tuning.ts';
export {
  type DescentStep,
  type ImplicitDescent,
  implicitDescent,
  marginalNorms,
  prefixVectors,
} from './implicit-descent.ts';
export { patchBias, patchJointly, patchWeightOrBias, type SitePatch } from './joint-patch.ts';
export { compareWithMinimal, type MinimalityReport, unseenPart } from './minimality.ts';
export { layerNormBound } from './norm-bound.ts';
export { patchToTarget, patchWeight } from './patch-weight.ts';
export {
  type Application,
  type PatchProof,
  type ProofOptions,
  proveContextPatch,
  type Residual,
  residual,
  runPatched,
  withPatch,
} from './prove-patch.ts';
export {
  proveInRationals,
  type RationalBlock,
  type RationalProof,
  rationalLinearAttention,
} from './rational-block.ts';
export { patchBehindRelu } from './relu-patch.ts';
export {
  absoluteProduct,
  patchedProductBound,
  preActivationBound,
} from './rounding-bounds.ts';
export { patchWeightedBy } from './weighted-patch.ts';
