/**
 * One run of the toy: training with figure 1's measurements on the way, interruptible anywhere.
 *
 * @module
 */
import { gradientsOn } from '../io/index.ts';
import { Random, StateError } from '../linalg/index.ts';
import {
  type Block,
  decodeState,
  encodeState,
  type LinearPrompt,
  linearPrompt,
  Training,
  type TrainingCallbacks,
  train,
} from '../model/index.ts';
import { mean } from './statistics.ts';
import { type ToyWorkers, toyWorkers } from './toy-service.ts';
import { STREAM, type ToySettings, toyBlock } from './toy-settings.ts';
import type { ValidationTrial } from './toy-trials.ts';

/** What is measured on the validation prompts at one checkpoint. */
export interface Checkpoint {
  readonly step: number;
  /** Mean of the batch losses since the checkpoint before; NaN at step 0, where there are none. */
  readonly trainLoss: number;
  /** Mean of (T_W(C, x) − y)². */
  readonly contextLoss: number;
  /** Mean of (T_{W+ΔW}(x) − y)². */
  readonly patchedLoss: number;
  /** max |T_W(C, x) − T_{W+ΔW}(x)| over outputs and prompts. */
  readonly difference: number;
  /** The largest bound on that difference. */
  readonly bound: number;
  /** max of difference over its own bound, entry by entry. */
  readonly overBound: number;
}

/** Told how far a stage is. Resolves to false to stop there. */
export type OnProgress = (stage: string, done: number, total: number) => Promise<boolean>;

const FIELDS = [
  'step',
  'trainLoss',
  'contextLoss',
  'patchedLoss',
  'difference',
  'bound',
  'overBound',
] as const satisfies readonly (keyof Checkpoint)[];

/** A run in the making: the training and what has been measured so far. */
export class ToyRun {
  readonly settings: ToySettings;
  readonly block: Block;
  readonly training: Training;
  readonly checkpoints: Checkpoint[] = [];
  readonly #validation: readonly LinearPrompt[];

  /** A new run, or the one that `toBytes` was taken from. @throws StateError if they differ. */
  constructor(settings: ToySettings, bytes?: Uint8Array) {
    this.settings = settings;
    this.block = toyBlock(settings);
    this.#validation = drawPrompts(settings, STREAM.validation, settings.validationPrompts);
    if (!bytes) {
      this.training = new Training(this.block, settings);
      return;
    }
    const { arrays } = decodeRun(settings, bytes);
    this.training = Training.restore(this.block, settings, arrays);
    const table = arrays.checkpoints ?? new Float64Array(0);
    for (let at = 0; at < table.length; at += FIELDS.length) {
      const [step, trainLoss, contextLoss, patchedLoss, difference, bound, overBound] =
        table.subarray(at, at + FIELDS.length);
      this.checkpoints.push({
        step,
        trainLoss,
        contextLoss,
        patchedLoss,
        difference,
        bound,
        overBound,
      });
    }
  }

  /**
   * Trains to the end, or until `onProgress` says stop. Returns whether it got to the end. The
   * number of workers changes no bit; one computes here, without a thread.
   */
  async train(
    onProgress: OnProgress,
    onCheckpoint: () => void,
    workers: ToyWorkers = toyWorkers(1, this.settings),
  ): Promise<boolean> {
    const { steps, validateEvery } = this.settings;
    const callbacks: TrainingCallbacks = {
      onCheckpoint: async () => {
        // A run restored right after a checkpoint has it already.
        if (this.checkpoints[this.checkpoints.length - 1]?.step === this.training.step) return;
        this.checkpoints.push(await this.#measure(workers));
        onCheckpoint();
      },
      onStep: ({ step }) => onProgress('training', step, steps),
    };
    const source = workers.count > 1 ? gradientsOn(workers) : undefined;
    return train(this.training, steps, validateEvery, callbacks, source);
  }

  /** Everything needed to go on elsewhere. */
  toBytes(): Uint8Array {
    const table = this.checkpoints.flatMap((checkpoint) => FIELDS.map((name) => checkpoint[name]));
    return encodeState({
      kind: RUN_KIND,
      settings: { ...this.settings },
      arrays: { ...this.training.arrays(), checkpoints: Float64Array.from(table) },
    });
  }

  async #measure(workers: ToyWorkers): Promise<Checkpoint> {
    const { parameters, losses, step } = this.training;
    const since = this.checkpoints[this.checkpoints.length - 1]?.step ?? 0;
    const tasks = this.#validation.map((prompt) => ({ parameters, prompt }));
    const trials = await workers.run('validation', tasks);
    const largest = (pick: (trial: ValidationTrial) => number): number =>
      trials.reduce((max, trial) => Math.max(max, pick(trial)), 0);
    return {
      step,
      trainLoss: step === 0 ? NaN : mean(losses.slice(since)),
      contextLoss: mean(trials.map(({ contextLoss }) => contextLoss)),
      patchedLoss: mean(trials.map(({ patchedLoss }) => patchedLoss)),
      difference: largest(({ observed }) => observed),
      bound: largest(({ bound }) => bound),
      overBound: largest(({ overBound }) => overBound),
    };
  }
}

const RUN_KIND = 'toy-run';

/** `count` prompts of a stream of the seed. */
export function drawPrompts(
  { seed, dimension, pairs }: ToySettings,
  stream: number,
  count: number,
): LinearPrompt[] {
  const random = new Random(seed, stream);
  return Array.from({ length: count }, () => linearPrompt({ dimension, pairs }, random));
}

/** @throws StateError if the bytes are no run, or one with other settings. */
function decodeRun(settings: ToySettings, bytes: Uint8Array): ReturnType<typeof decodeState> {
  const state = decodeState(bytes);
  if (state.kind !== RUN_KIND) {
    throw new StateError(`reproduce: the state of a ${RUN_KIND} is required, got ${state.kind}`);
  }
  for (const [name, value] of Object.entries(settings)) {
    if (state.settings[name] !== value) {
      throw new StateError(
        `reproduce: an interrupted run goes on under its own settings, ` +
          `${name} ${state.settings[name]}, got ${name} ${value}`,
      );
    }
  }
  return state;
}
