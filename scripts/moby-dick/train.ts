/**
 * Trains the embedded model and writes its checkpoint.
 *
 *   npm run moby-dick                    about a quarter of an hour on two processors
 *   npm run moby-dick -- --out DIR       elsewhere than models/moby-dick
 *
 * The same bits on every machine and with any number of threads (`--workers N`). Ctrl-C saves the run in
 * out/moby-dick-state.bin; the same command goes on from there.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { Interrupt, Progress } from '../../src/cli/progress.ts';
import { gradientsOn, readIfThere, removeIfThere, writeWhole } from '../../src/io/index.ts';
import { type Matrix, matrix, Random, StateError } from '../../src/linalg/index.ts';
import {
  type AdamState,
  AdamW,
  clipByGlobalNorm,
  cosineDecay,
  decodeState,
  encodeState,
  gradientOf,
  initialise,
  mapParameters,
  nextTokenPrediction,
  type Parameters,
  sumGradients,
} from '../../src/model/index.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { gradientWorkers } from './service.ts';
import { mobyDickModel, SETTINGS } from './settings.ts';
import { readText } from './text.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'models/moby-dick' },
    workers: { type: 'string', default: '2' },
  },
});
const STATE = 'out/moby-dick-state.bin';
const KIND = 'moby-dick training';

const text = readText();
const model = mobyDickModel(text.characters.length);
const { batch, microBatch, length, steps, warmup, rate, finalRate, clip, weightDecay } = SETTINGS;
const schedule = cosineDecay({ rate, steps, warmup, final: finalRate });

interface Run {
  step: number;
  parameters: Parameters;
  random: Random;
  adam: AdamW;
  losses: number[];
  /** Pairs of step and validation loss. */
  validation: number[];
}

const adamOf = (state?: AdamState): AdamW =>
  new AdamW(
    // Weights decay; biases, gains and embeddings of positions do not.
    {
      learningRate: rate,
      beta2: 0.99,
      weightDecay,
      decays: (name, { rows }) => rows > 1 && name !== 'P',
    },
    state,
  );

function begin(): Run {
  const drawn = initialise(model.shapes, new Random(SETTINGS.seed, 1));
  return {
    step: 0,
    parameters: drawn,
    random: new Random(SETTINGS.seed, 2),
    adam: adamOf(),
    losses: [],
    validation: [],
  };
}

/** Stretches of `length` characters that begin where `at` says, and beside each character the next one. */
function stretches(ids: readonly number[], count: number, at: (i: number) => number): Matrix[] {
  const [read, wanted] = [matrix(count, length), matrix(count, length)];
  for (let i = 0; i < count; i++) {
    const from = at(i);
    read.data.set(ids.slice(from, from + length), i * length);
    wanted.data.set(ids.slice(from + 1, from + length + 1), i * length);
  }
  return [read, wanted];
}

function drawBatch(random: Random): Matrix[][] {
  const most = text.training.length - length;
  return Array.from({ length: batch / microBatch }, () =>
    stretches(text.training, microBatch, () => random.integer(most)),
  );
}

/** Mean loss in nats a character over evenly spaced stretches of the validation text. */
function validationLoss(parameters: Parameters): number {
  const { validationSequences: count } = SETTINGS;
  const spacing = Math.floor((text.validation.length - length - 1) / count);
  const whole = nextTokenPrediction(model, { targets: count * length });
  let sum = 0;
  for (let i = 0; i < count; i += microBatch) {
    const rows = stretches(text.validation, microBatch, (j) => (i + j) * spacing);
    sum += gradientOf(whole, parameters, rows).loss;
  }
  return sum;
}

function toBytes({ step, parameters, random, adam, losses, validation }: Run): Uint8Array {
  const arrays: Record<string, Float64Array> = {
    losses: Float64Array.from(losses),
    validation: Float64Array.from(validation),
    random: random.state(),
  };
  const add = (prefix: string, record: Parameters): void => {
    for (const [name, { data }] of Object.entries(record)) arrays[`${prefix}.${name}`] = data;
  };
  add('parameters', parameters);
  const { beta1Power, beta2Power, first, second } = adam.state;
  arrays.powers = Float64Array.of(beta1Power, beta2Power);
  add('first', first);
  add('second', second);
  return encodeState({ kind: KIND, settings: { ...SETTINGS, step }, arrays });
}

function restore(bytes: Uint8Array): Run {
  const { kind, settings, arrays } = decodeState(bytes);
  for (const [name, value] of Object.entries(SETTINGS)) {
    if (kind !== KIND || settings[name] !== value) {
      throw new StateError(
        `${STATE}: a run with ${name} ${value} is required, got another; remove it`,
      );
    }
  }
  const record = (prefix: string): Parameters =>
    mapParameters(initialise(model.shapes, new Random(1)), ({ rows, cols }, name) =>
      matrix(rows, cols, arrays[`${prefix}.${name}`].slice()),
    );
  const [beta1Power, beta2Power] = arrays.powers;
  return {
    step: Number(settings.step),
    parameters: record('parameters'),
    random: Random.restore(arrays.random),
    adam: adamOf({ beta1Power, beta2Power, first: record('first'), second: record('second') }),
    losses: Array.from(arrays.losses),
    validation: Array.from(arrays.validation),
  };
}

const progress = new Progress();
const interrupt = new Interrupt();
const workers = gradientWorkers(Number(values.workers), text.characters.length);
const source = gradientsOn(workers);
const stored = readIfThere(STATE);
const run = stored ? restore(stored) : begin();

async function advance(): Promise<void> {
  const parts = await source(run.parameters, drawBatch(run.random));
  const { loss, gradients } = sumGradients(parts);
  const clipped = clipByGlobalNorm(gradients, clip);
  run.parameters = run.adam.step(run.parameters, clipped.gradients, schedule(run.step));
  run.losses.push(loss);
  run.step++;
  if (run.step % SETTINGS.validateEvery !== 0 && run.step !== steps) return;
  const found = validationLoss(run.parameters);
  run.validation.push(run.step, found);
  progress.clear();
  const mean = run.losses.slice(-100).reduce((sum, x) => sum + x, 0) / Math.min(100, run.step);
  process.stderr.write(
    `step ${run.step}: training ${mean.toFixed(4)}, validation ${found.toFixed(4)} nats a character\n`,
  );
}

let stopped = false;
while (run.step < steps && !stopped) {
  await advance();
  progress.update('training', run.step, steps);
  stopped = await interrupt.asked();
  if (stopped || run.step % 100 === 0) writeWhole(STATE, toBytes(run));
}
progress.clear();
await workers.close();
if (stopped && run.step < steps) {
  process.stderr.write(`interrupted after ${run.step} of ${steps} steps, saved in ${STATE}\n`);
  process.exitCode = 75;
} else {
  const files = writeCheckpoint(String(values.out), model, run.parameters, text, {
    validation: run.validation,
    training:
      run.losses.slice(-500).reduce((sum, x) => sum + x, 0) / Math.min(500, run.losses.length),
  });
  removeIfThere(STATE);
  process.stdout.write(files.map((file) => `wrote ${file}\n`).join(''));
}
