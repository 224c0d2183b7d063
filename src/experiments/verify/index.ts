/**
 * Everything `deltaw verify` checks, in the order it prints.
 *
 * @module
 */
import { ARCHITECTURE_PATCHES } from './architectures.ts';
import { ATTENTION_BIASES } from './attention-biases.ts';
import { BLOCK_PATCHES } from './block-patches.ts';
import { CERTIFICATES } from './certificates.ts';
import { changingBases } from './changing-base.ts';
import { composition } from './composition.ts';
import { crossPosition } from './cross-position.ts';
import { descent } from './descent.ts';
import { DIAGNOSTICS } from './diagnostics.ts';
import { functionPromptPatches } from './function-prompts.ts';
import { GRADIENT_STEPS } from './gradient-steps.ts';
import { LAYER_PATCHES } from './layers.ts';
import { LEAST_SQUARES } from './least-squares.ts';
import { linearMemory } from './linear-memory.ts';
import { MARGINALS } from './marginals.ts';
import { minimality } from './minimality.ts';
import { behindRelu, weighted } from './other-updates.ts';
import { PRECISION } from './precision.ts';
import { rational } from './rational.ts';
import type { Verification } from './row.ts';
import { siteBounds } from './site-bounds.ts';
import { STACKS } from './stacks.ts';
import { THOUGHT } from './thought.ts';

export type { NegativeControl, Verification, VerifyRow } from './row.ts';

export const VERIFICATIONS: readonly Verification[] = [
  ...BLOCK_PATCHES,
  ...LAYER_PATCHES,
  crossPosition,
  functionPromptPatches,
  behindRelu,
  weighted,
  minimality,
  composition,
  descent,
  changingBases,
  ...LEAST_SQUARES,
  ...MARGINALS,
  linearMemory,
  ...GRADIENT_STEPS,
  ...ATTENTION_BIASES,
  ...STACKS,
  ...ARCHITECTURE_PATCHES,
  ...THOUGHT,
  ...DIAGNOSTICS,
  rational,
  siteBounds('factored'),
  siteBounds('dense'),
  ...PRECISION,
  ...CERTIFICATES,
];
