/**
 * model: contextual layers, the blocks they stand in, and training.
 *
 *   parameters.ts                         a flat record from dotted name to matrix
 *   contextual-layer.ts                   A(C, x): the interface, the empty context included
 *   layers/                               its instances: attention, recurrent, state space …
 *   feed-forward/, activations.ts, sites.ts    perceptrons, experts, and the maps that a patch changes
 *   wirings.ts, norms.ts, block.ts        T_W(C, x) from its parts; run-block.ts evaluates it at a query
 *   families/                             GPT-2, Llama, Gemma …: a description each
 *   network.ts, network-cache.ts          blocks one after another; token after token
 *   language-model.ts, generate.ts        embeddings and logits around them
 *   decode.ts, sampling.ts, row-buffer.ts token after token: greedy, or drawn
 *   linear-task.ts                        prompts that show a linear function by example
 *   function-classes/, baselines/         other functions, and what predicts them without a model
 *   optimisers.ts, adamw.ts, clipping.ts, schedules.ts    SGD, Adam and what goes with them
 *   gradients.ts, gradient-trainer.ts     what a batch's gradient is, and steps along it
 *   training.ts                           a loop that resumes bit for bit
 *   regression.ts, next-token.ts          regression, and the next token, as problems to train on
 *   state-bytes.ts                        a state as bytes, and back
 *
 * @module
 */
export { ACTIVATIONS, type Activation, type ActivationName } from './activations.ts';
export { AdamW, type AdamWOptions } from './adamw.ts';
export {
  averagedWeights,
  averagingBaseline,
  BASELINES,
  type Baseline,
  baselineOf,
  type Lasso,
  type LassoOptions,
  lasso,
  lassoBaseline,
  leastSquaresBaseline,
  nearestNeighboursBaseline,
  nearestRows,
  predictPrefixes,
  predictQuery,
  type Rule,
  ridgeBaseline,
} from './baselines/index.ts';
export {
  type Block,
  type BlockOptions,
  type BlockParts,
  type BlockValues,
  blockOf,
  contextualBlock,
  type Mixed,
  type SiteValues,
} from './block.ts';
export { clipByGlobalNorm, globalNorm } from './clipping.ts';
export type { Incremental, LayerMemory } from './contextual-layer.ts';
export { type ContextualLayer, evaluateLayer, sequenceOf } from './contextual-layer.ts';
export { type DecodingOptions, decode, TextReader } from './decode.ts';
export { falconBlock } from './families/falcon.ts';
export type { FamilySizes, RotarySizes } from './families/family.ts';
export { type GemmaSizes, gemma1Block, gemmaBlock } from './families/gemma.ts';
export { type Gpt2Sizes, gpt2Block } from './families/gpt2.ts';
export { gptjBlock } from './families/gptj.ts';
export { type LlamaSizes, llamaBlock } from './families/llama.ts';
export { type MixtralSizes, mixtralBlock } from './families/mixtral.ts';
export { type NeoxSizes, neoxBlock } from './families/neox.ts';
export { olmo2Block } from './families/olmo2.ts';
export { deepMlp } from './feed-forward/deep-mlp.ts';
export { type ExpertsOptions, experts } from './feed-forward/experts.ts';
export type { FeedForward, FeedForwardTools } from './feed-forward/feed-forward.ts';
export { type GatedOptions, gatedMlp } from './feed-forward/gated.ts';
export { type MlpOptions, mlp } from './feed-forward/mlp.ts';
export {
  classificationClass,
  covarianceTransform,
  type DecisionTree,
  decisionTree,
  decisionTreeClass,
  FUNCTION_CLASSES,
  type FunctionClass,
  type FunctionPromptOptions,
  functionPrompts,
  halfSpace,
  halfSubspaceInputs,
  INPUT_SHIFTS,
  type InputShift,
  type LabelNoise,
  linearClass,
  linearFunction,
  noisyClass,
  noisyLabels,
  orthogonalPart,
  orthogonalQuery,
  quadrantInputs,
  quadraticClass,
  quadraticFunction,
  randomOrthogonal,
  reluNetwork,
  reluNetworkClass,
  renormalisedLabels,
  repeatedQuery,
  type ScalarFunction,
  SHIFT_FACTORS,
  scaledClass,
  scaledInputs,
  skewedInputs,
  sparseClass,
  standardInputs,
  transformedInputs,
} from './function-classes/index.ts';
export { type Generated, generate, largest, requireCount, requireTokenIds } from './generate.ts';
export { GradientTrainer, type TrainerOptions } from './gradient-trainer.ts';
export {
  type Gradient,
  type GradientSource,
  gradientOf,
  type Problem,
  sumGradients,
} from './gradients.ts';
export { type LanguageModel, type LanguageModelOptions, languageModel } from './language-model.ts';
export { convolutionLayer, meanLayer } from './layers/averaging.ts';
export {
  featureMapAttentionLayer,
  type LinearAttentionLayerOptions,
  linearAttentionLayer,
} from './layers/linear-attention.ts';
export {
  elmanLayer,
  gruLayer,
  lstmLayer,
  type RecurrentLayerOptions,
} from './layers/recurrent.ts';
export { type SoftmaxAttentionOptions, softmaxAttention } from './layers/softmax-attention.ts';
export {
  diagonalStateSpaceLayer,
  type StateSpaceLayerOptions,
  selectiveStateSpaceLayer,
} from './layers/state-space.ts';
export {
  foldPrompts,
  type LinearPrompt,
  type LinearTaskOptions,
  linearPrompt,
} from './linear-task.ts';
export { type Network, network } from './network.ts';
export { type ChoosePatch, NetworkCache } from './network-cache.ts';
export { type NextTokenOptions, NO_TARGET, nextTokenPrediction } from './next-token.ts';
export { gainName, normOf } from './norms.ts';
export { Adam, type AdamOptions, type AdamState, sgdStep } from './optimisers.ts';
export {
  biasShape,
  constantShape,
  initialise,
  mapParameters,
  type ParameterShape,
  type ParameterShapes,
  type Parameters,
  part,
  prefixed,
  requireParameters,
  weightShape,
} from './parameters.ts';
export { blockRegression, networkRegression, type RegressionOptions } from './regression.ts';
export { asRun, asRuns, type BlockRun, requireBlockPatch, runBlock } from './run-block.ts';
export { type ChooseToken, greedy, type SamplingOptions, sampling } from './sampling.ts';
export { constantRate, cosineDecay, linearWarmup } from './schedules.ts';
export { sinusoidalPositions } from './sinusoidal-positions.ts';
export {
  addPatch,
  type BlockPatch,
  linearSite,
  NO_PATCH,
  requirePatch,
  type Site,
} from './sites.ts';
export { decodeState, encodeState, type State } from './state-bytes.ts';
export {
  predict,
  Training,
  type TrainingCallbacks,
  type TrainingOptions,
  train,
} from './training.ts';
export {
  type NormKind,
  parallel,
  postPartNorm,
  preNorm,
  sandwich,
  type Update,
  WIRINGS,
  type Wiring,
  type WiringName,
  type WiringTools,
} from './wirings.ts';
