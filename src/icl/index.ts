/**
 * icl: a prompt is a weight update.
 *
 *   patch-weight.ts         Theorem 1 at one matrix: ΔW = (W·δ)·aᵀ/‖a‖²
 *   block-patch.ts          Theorem 1 for a block of any wiring, in all of its variants
 *   context-patch.ts        … and any part of its context
 *   prove-patch.ts          patched against contextual, beside the bound
 *   joint-patch.ts, relu-patch.ts, weighted-patch.ts    other exact updates of one matrix
 *   sandwich-norm-patch.ts, sphere-closest.ts   … where a norm stands between network and sum
 *   network-patch.ts        a patch for each block and retained token of a network, in three modes
 *   generate-patched.ts, patched-decoding.ts   generation without the context; with remembered keys and values
 *   static-patch.ts, static-network-patch.ts   one change of the weights, exact at several tokens
 *   thought-matrix.ts, ridge-map.ts, ridge-sums.ts   one change of a matrix that serves many tokens on average
 *   thought-block.ts, thought-network.ts   … of a block, and of a network: an instruction moved into the weights
 *   thought-error.ts, thought-curve.ts     how well it serves them, and others
 *   thought-bounds.ts, rational-thought.ts   what rounding may leave of it; its factorisation in fractions
 *   saved-patches.ts        patches of a network as values: measured, added in, saved and loaded
 *   rounding-bounds.ts, norm-bound.ts, block-bounds.ts, bounding.ts   what rounding may do
 *   logits-bound.ts         … and at the logits of a language model
 *   site-bounds.ts, static-bounds.ts   … to other updates of a map, and to a static change
 *   double-double-patch.ts  the patch formed and applied in twice the precision
 *   exact-residual.ts       the delivered patch judged in BigInt
 *   exact-identity.ts, rational-block.ts   the theorem without any rounding
 *   minimality.ts           Theorem 2: all exact updates, and the least
 *   composition.ts          removing a context part by part
 *   implicit-descent.ts     reading token by token is gradient descent
 *   changing-base.ts, factored-sum.ts      … with a base that changes, each matrix exact at its own
 *   least-squares-descent.ts, descent-bounds.ts   both as descent on least squares; their rounding
 *   attention-marginals.ts, attention-heads.ts    what one more token changes in softmax attention
 *   linear-attention-patch.ts, rational-memory.ts  linear attention: ΔW = W·Δ(Y)·P_x
 *   gradient-step.ts, rational-gradient-step.ts    one layer is one step, S layers are S
 *   attention-bias.ts, rotary-bias.ts      a context as biases, exact for every later token
 *   fractions.ts            vectors of doubles as fractions
 *   alignment.ts, fine-tuning.ts           implicit against explicit learning
 *   update-norms.ts, update-rank.ts        sizes of updates, ranks of their sums
 *   network-diagnostics.ts  all of it for the patches of a network, site by site
 *   certificate.ts, certificate-verifier.ts, saved-certificates.ts   enclosures of patched − contextual: made,
 *                           checked by other means, saved
 *   enclosing.ts, precise-enclosing.ts   the two arithmetics of enclosures
 *
 * README.md beside this file maps the papers' symbols to these names.
 *
 * @module
 */
export {
  type Alignments,
  alignment,
  alignmentMatrix,
  alignmentOfRankOnes,
  shiftAlignments,
} from './alignment.ts';
export {
  type AttentionBias,
  contextBiases,
  type FeatureLayer,
  type Reading,
  type ReadOptions,
  readTokens,
} from './attention-bias.ts';
export { type AttentionHead, headsOf, type PlainAttentionOptions } from './attention-heads.ts';
export { type AttentionMarginal, attentionMarginals } from './attention-marginals.ts';
export { type BlockBounds, blockBounds, type Runs } from './block-bounds.ts';
export { blockPatch, type CommonVariant, VARIANTS, type Variant } from './block-patch.ts';
export {
  type BlockCertificate,
  type BlockInput,
  type Certificate,
  type CertificateOptions,
  certify,
} from './certificate.ts';
export {
  CertificateError,
  type Verification,
  verifyCertificate,
} from './certificate-verifier.ts';
export {
  type ChangingBase,
  type ChangingBaseStep,
  changingBase,
  suffixVectors,
} from './changing-base.ts';
export { type CompositionStage, composePatches } from './composition.ts';
export {
  type ContextPatch,
  contextPatch,
  type PatchOptions,
  type Positions,
  withoutPositions,
} from './context-patch.ts';
export {
  changingBaseBound,
  fixedBaseBound,
  gradientUpdates,
  leastSquaresBound,
  productBound,
} from './descent-bounds.ts';
export {
  applyDoubleDouble,
  type DoubleDoublePatch,
  doubleDoubleBound,
  patchInDoubleDouble,
} from './double-double-patch.ts';
export { exactIdentityResidual } from './exact-identity.ts';
export { exactErrorOverBound } from './exact-residual.ts';
export { applyFactored, factoredBound, factoredToMatrix } from './factored-sum.ts';
export { type FineTuningRow, fineTuningTrajectory } from './fine-tuning.ts';
export { generatePatched, type PatchedGeneration } from './generate-patched.ts';
export {
  type Examples,
  exampleTokens,
  type GradientStep,
  gradientStep,
  gradientStepParameters,
  squaredErrorStep,
} from './gradient-step.ts';
export {
  type DescentStep,
  type ImplicitDescent,
  implicitDescent,
  marginalNorms,
  prefixVectors,
} from './implicit-descent.ts';
export { patchBias, patchJointly, patchWeightOrBias, type SitePatch } from './joint-patch.ts';
export { type LeastSquaresStep, leastSquaresDescent } from './least-squares-descent.ts';
export {
  applyMemory,
  attentionMemory,
  type LinearAttentionPatch,
  linearAttentionBound,
  linearAttentionPatch,
  type MemoryOptions,
} from './linear-attention-patch.ts';
export { logitsBound } from './logits-bound.ts';
export { compareWithMinimal, type MinimalityReport, unseenPart } from './minimality.ts';
export {
  type BlockDiagnostics,
  type BlocksDiagnostics,
  type NetworkDiagnostics,
  networkDiagnostics,
  type SiteDiagnostics,
} from './network-diagnostics.ts';
export {
  type NetworkPatch,
  type NetworkPatchOptions,
  networkPatch,
  outputsOf,
  type PatchMode,
  runNetwork,
} from './network-patch.ts';
export { layerNormBound } from './norm-bound.ts';
export { patchToTarget, patchWeight } from './patch-weight.ts';
export {
  type CachedDecoding,
  decodePatched,
  type FrozenError,
  frozenPatchError,
} from './patched-decoding.ts';
export { PatchedReader, type ReadLogits } from './patched-reader.ts';
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
export {
  type GradientStepMistakes,
  proveGradientStep,
  proveGradientSteps,
  type RationalGradientStep,
  type RationalLayer,
} from './rational-gradient-step.ts';
export {
  type MemoryFactors,
  proveMemoryPatch,
  type RationalAttention,
  type RationalMemoryProof,
  rationalMemory,
} from './rational-memory.ts';
export { proveThoughtMatrix, type RationalThought } from './rational-thought.ts';
export { patchBehindRelu } from './relu-patch.ts';
export {
  type RidgeMap,
  type RidgeOptions,
  type RidgeRoute,
  ridgeMap,
  scaleFreeRidge,
} from './ridge-map.ts';
export {
  addToRidgeSums,
  mapFromRidgeSums,
  mergeRidgeSums,
  noRidgeSums,
  type RidgeSums,
} from './ridge-sums.ts';
export { rebaseBiases, rebasedBound } from './rotary-bias.ts';
export {
  absoluteProduct,
  patchedProductBound,
  preActivationBound,
} from './rounding-bounds.ts';
export { GAIN_METHODS, type GainMethod, patchThroughNorm } from './sandwich-norm-patch.ts';
export {
  decodeCertificate,
  describeCertificate,
  encodeCertificate,
} from './saved-certificates.ts';
export {
  decodePatches,
  encodePatches,
  type NetworkPatches,
  patchArrays,
  patchesOf,
  patchNorms,
  requireNetworkPatches,
  withNetworkPatch,
} from './saved-patches.ts';
export {
  jointProductBound,
  perturbedBaseBound,
  shiftedSumBound,
  targetProductBound,
} from './site-bounds.ts';
export { type SphereClosest, sphereClosest } from './sphere-closest.ts';
export { staticInputBound, staticOutputBound } from './static-bounds.ts';
export { type StaticNetworkPatch, staticNetworkPatch } from './static-network-patch.ts';
export { type StaticPatch, staticPatch, withStaticPatch } from './static-patch.ts';
export {
  type ThoughtOptions,
  type ThoughtPatch,
  type ThoughtVersion,
  thoughtPatch,
  withThoughtPatch,
} from './thought-block.ts';
export { interpolationBound, type NormalEquations, normalEquations } from './thought-bounds.ts';
export {
  firstTokens,
  gaussianTestFactor,
  type ThoughtCurve,
  type ThoughtCurvePoint,
  thoughtCurve,
} from './thought-curve.ts';
export {
  type Calibration,
  calibrationOf,
  meanSquaredDistance,
  outputsWith,
  predictionError,
  runQueries,
  type TokenRuns,
  thoughtError,
} from './thought-error.ts';
export {
  meanRankOnePatch,
  thoughtMatrix,
  thoughtTransform,
  thoughtVector,
} from './thought-matrix.ts';
export {
  type CalibrationSequence,
  retainedOutputs,
  type ThoughtNetwork,
  type ThoughtNetworkOptions,
  thoughtNetwork,
} from './thought-network.ts';
export { normRatio, predictionMarginals, robustness, steeringShare } from './update-norms.ts';
export {
  entropyRank,
  numericalRank,
  spectrumError,
  stableRank,
  type UpdateSpectrum,
  updateSpectrum,
} from './update-rank.ts';
export { patchWeightedBy } from './weighted-patch.ts';
