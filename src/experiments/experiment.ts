/**
 * What a figure is to the command that makes it: a name, settings that become flags, and a run that can be
 * stopped and gone on with.
 *
 * @module
 */
import { DomainError } from '../linalg/index.ts';
import type { FigureResult } from './figure-result.ts';
import type { OnProgress, ToyRun } from './toy-run.ts';
import type { ToyWorkers } from './toy-service.ts';

/** The values a setting may have. */
export interface Range {
  fits(x: number): boolean;
  /** In words, as in 'must be …'. */
  readonly what: string;
}

/** Whole numbers from `least` on. */
export const countFrom = (least: number): Range => ({
  fits: (x) => Number.isSafeInteger(x) && x >= least,
  what: `an integer from ${least} on`,
});

export const POSITIVE: Range = { fits: (x) => x > 0 && x < Infinity, what: 'a positive number' };

export const NOT_NEGATIVE: Range = {
  fits: (x) => x >= 0 && x < Infinity,
  what: 'a number from 0 on',
};

/** One number that decides a figure. On the command line it is --FIGURE-NAME, for example --depth-tasks. */
export interface Setting {
  readonly value: number;
  /** With --quick. Default: the same. */
  readonly quick?: number;
  readonly help: string;
  /** Default: whole numbers from 1 on. */
  readonly range?: Range;
}

export type Settings = Readonly<Record<string, Setting>>;

export type Values<S extends Settings = Settings> = { readonly [name in keyof S]: number };

/** Where a run leaves what it would need to go on, as bytes by name. */
export interface Store {
  read(name: string): Uint8Array | undefined;
  write(name: string, bytes: Uint8Array): void;
}

/** What a figure is made from. */
export interface ExperimentContext<S extends Settings = Settings> {
  readonly seed: number;
  readonly values: Values<S>;
  /** Whether all that decides the figure is at its default, so that shapes of curves are judged. */
  readonly judged: boolean;
  /** How many threads there may be. */
  readonly workers: number;
  /** To be awaited every second or so; where it resolves to false, `run` returns null. */
  readonly onProgress: OnProgress;
  readonly store: Store;
  /** The toy transformer of figure 1, trained; null if `onProgress` stopped it. */
  toy(): Promise<{ readonly run: ToyRun; readonly workers: ToyWorkers } | null>;
}

export interface Experiment<S extends Settings = Settings> {
  /** Its name on the command line and of its file: a letter, then letters and digits. */
  readonly id: string;
  /** A line of --help. */
  readonly summary: string;
  readonly settings: S;
  /** Whether it calls `toy`: the settings of the toy are then settings of the figure too. */
  readonly usesToy: boolean;
  /** Refuses settings that do not fit together. @throws DomainError */
  check?(values: Values<S>): void;
  /** Null if `onProgress` stopped it. The same seed and values give the same bits for any number of workers. */
  run(context: ExperimentContext<S>): Promise<FigureResult | null>;
}

/** The experiment as it is, with the type of its settings. */
export const experiment = <S extends Settings>(it: Experiment<S>): Experiment<S> => it;

/** The default values, or those of --quick. */
export const defaultsOf = <S extends Settings>(settings: S, quick = false): Values<S> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [
      name,
      quick ? (setting.quick ?? setting.value) : setting.value,
    ]),
  ) as Values<S>; // the same names

/** @throws DomainError naming the first value that is out of its range, and as `check`. */
export function requireValues<S extends Settings>(it: Experiment<S>, values: Values<S>): void {
  for (const [name, { range = countFrom(1) }] of Object.entries(it.settings)) {
    if (!range.fits(values[name])) {
      throw new DomainError(
        `reproduce ${it.id}: ${name} must be ${range.what}, got ${values[name]}`,
      );
    }
  }
  it.check?.(values);
}
