/**
 * model: contextual layers, the blocks they stand in, and training.
 *
 *   parameters.ts                         a flat record from dotted name to matrix
 *   contextual-layer.ts                   A(C, x): the interface, the empty context included
 *   softmax-attention.ts                  its first instance
 *   activations.ts, mlp.ts, plain-block.ts    T_W(C, x) = W2·g(W1·A(C, x) + b1) + b2
 *   linear-task.ts                        prompts that show a linear function by example
 *   optimisers.ts, training.ts            SGD, Adam; a loop that resumes bit for bit
 *   state-bytes.ts                        a state as bytes, and back
 *
 * @module
 */
export { ACTIVATIONS, type Activation, type ActivationName } from './activations.ts';
export { type ContextualLayer, evaluateLayer, sequenceOf } from './contextual-layer.ts';
export {
  foldPrompts,
  type LinearPrompt,
  type LinearTaskOptions,
  linearPrompt,
} from './linear-task.ts';
export { type Mlp, type MlpOptions, type MlpValues, mlp } from './mlp.ts';
export { Adam, type AdamOptions, type AdamState, sgdStep } from './optimisers.ts';
export {
  biasShape,
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
export {
  type BlockRun,
  type BlockValues,
  type PlainBlock,
  plainBlock,
  runBlock,
} from './plain-block.ts';
export { type SoftmaxAttentionOptions, softmaxAttention } from './softmax-attention.ts';
export { decodeState, encodeState, type State } from './state-bytes.ts';
export {
  predict,
  Training,
  type TrainingCallbacks,
  type TrainingOptions,
  train,
} from './training.ts';
