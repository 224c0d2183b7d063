/**
 * Training that can be stopped anywhere and gone on with: its state is kept in a store.
 *
 * @module
 */
import { type Matrix, matrix, Random, StateError } from '../linalg/index.ts';
import {
  Adam,
  type AdamState,
  decodeState,
  encodeState,
  type GradientSource,
  GradientTrainer,
  mapParameters,
  type Parameters,
  type Problem,
} from '../model/index.ts';
import type { ExperimentContext } from './experiment.ts';

/** A training from beginning to end. */
export interface TrainingPlan {
  /** Its name in the store; trainings of one figure are FIGURE.NAME. */
  readonly name: string;
  /** What it is called while it runs. */
  readonly stage: string;
  readonly problem: Problem;
  readonly initial: Parameters;
  readonly learningRate: number;
  readonly steps: number;
  /** The generator of the batches, and the next batch as its micro-batches. */
  readonly random: Random;
  draw(random: Random): readonly (readonly Matrix[])[];
  /** Everything that decides the training: a stored one of other settings is refused. */
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  /** Where gradients are computed. Default: here. The bits are the same. */
  readonly source?: GradientSource;
}

export interface Trained {
  readonly parameters: Parameters;
  /** Mean loss of each step's batch, before that step. */
  readonly losses: readonly number[];
}

/** How often the state is written on the way, for a process that is killed. */
const SAVES = 20;

/**
 * The trained parameters, or null if `onProgress` stopped it; the next call goes on from there, and ends
 * with the bits of a training that was never stopped.
 *
 * @throws StateError if the store holds a training of other settings; DomainError if the training diverges.
 */
export async function trainStored(
  { store, onProgress }: Pick<ExperimentContext, 'store' | 'onProgress'>,
  plan: TrainingPlan,
): Promise<Trained | null> {
  const { steps, stage, name, source } = plan;
  const stored = store.read(name);
  const { trainer, random } = stored ? restore(plan, stored) : begin(plan);
  const save = (): void => store.write(name, bytesOf(plan, trainer, random));
  const every = Math.ceil(steps / SAVES);
  while (trainer.step < steps) {
    const batch = plan.draw(random);
    if (source) await trainer.advanceWith(source, batch);
    else trainer.advance(batch);
    const done = trainer.step;
    const goesOn = await onProgress(stage, done, steps);
    if (!goesOn || done === steps || done % every === 0) save();
    if (!goesOn) return null;
  }
  return { parameters: trainer.parameters, losses: trainer.losses };
}

interface Progress {
  readonly trainer: GradientTrainer;
  readonly random: Random;
}

const begin = (plan: TrainingPlan): Progress => ({
  trainer: trainerOf(plan, plan.initial, undefined, []),
  random: Random.restore(plan.random.state()),
});

const trainerOf = (
  { problem, learningRate, stage }: TrainingPlan,
  parameters: Parameters,
  state: AdamState | undefined,
  losses: readonly number[],
): GradientTrainer =>
  new GradientTrainer(problem, parameters, new Adam({ learningRate }, state), {
    losses,
    caller: stage,
  });

const KIND = 'training';

function bytesOf(
  { settings }: TrainingPlan,
  { parameters, losses, adam, step }: GradientTrainer,
  random: Random,
): Uint8Array {
  const arrays: Record<string, Float64Array> = {
    losses: Float64Array.from(losses),
    random: random.state(),
  };
  const add = (prefix: string, values: Parameters): void => {
    for (const [name, { data }] of Object.entries(values)) arrays[`${prefix}.${name}`] = data;
  };
  add('parameters', parameters);
  if (step > 0) {
    const { beta1Power, beta2Power, first, second } = adam.state;
    arrays.powers = Float64Array.of(beta1Power, beta2Power);
    add('first', first);
    add('second', second);
  }
  return encodeState({ kind: KIND, settings, arrays });
}

function restore(plan: TrainingPlan, bytes: Uint8Array): Progress {
  const { kind, settings, arrays } = decodeState(bytes);
  requireSameSettings(plan.name, kind === KIND ? settings : {}, plan.settings);
  const take = (name: string, length: number): Float64Array => {
    const array = arrays[name];
    if (array?.length !== length) {
      throw new StateError(
        `${plan.name}: array ${name} needs ${length} numbers, got ${array?.length ?? 'none'}`,
      );
    }
    return array;
  };
  const record = (prefix: string): Parameters =>
    mapParameters(plan.initial, ({ rows, cols }, name) =>
      matrix(rows, cols, take(`${prefix}.${name}`, rows * cols).slice()),
    );
  const losses = Array.from(arrays.losses ?? []);
  let state: AdamState | undefined;
  if (losses.length > 0) {
    const [beta1Power, beta2Power] = take('powers', 2);
    state = { beta1Power, beta2Power, first: record('first'), second: record('second') };
  }
  return {
    trainer: trainerOf(plan, record('parameters'), state, losses),
    random: Random.restore(take('random', plan.random.state().length)),
  };
}

/** @throws StateError naming the first setting that is not the same. */
export function requireSameSettings(
  what: string,
  stored: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>>,
): void {
  for (const name of Object.keys(asked)) {
    if (stored[name] !== asked[name]) {
      throw new StateError(
        `reproduce: an interrupted run goes on under its own settings, ${name} ${stored[name]} ` +
          `in ${what}, got ${name} ${asked[name]}`,
      );
    }
  }
}
