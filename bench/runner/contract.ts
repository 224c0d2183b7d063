/**
 * What a benchmark is made of: works, the contestants that do them, and how a program of one is run.
 *
 * @module
 */

export type ContestantName =
  | 'ours'
  | 'plain'
  | 'ml-matrix'
  | 'tfjs-cpu'
  | 'tfjs-wasm'
  | 'jax-f32'
  | 'jax-f64'
  | 'numpy'
  | 'torch';

export type Precision = 'float64' | 'float32';

/** A program of a contestant in this process, inputs in place. */
export interface Program {
  /**
   * Does the work once. What it returns is there when it returns, or when its promise is kept, and is
   * kept from the optimiser.
   */
  run(): unknown;
  /** The result of the first run; for a training step the state after it is where `run` goes on. */
  result(): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** A program in Python: `bench/python/SCRIPT` with some sizes, reading arrays and writing one. */
export interface PythonProgram {
  readonly script: string;
  readonly arguments: Readonly<Record<string, number | string>>;
  readonly inputs: () => readonly Float64Array[];
}

/** The relative error of a result. NaN, or infinity for another length, is never within a tolerance. */
export type Judge = (result: Float64Array) => number;

/** One contestant's way to do a work; some have several, told apart by `variant`. */
export interface Entry {
  readonly contestant: ContestantName;
  readonly variant?: string;
  /** Default: 1. */
  readonly threads?: number;
  readonly program: (() => Promise<Program>) | PythonProgram;
  /** Where the result of this entry is another than that of the work. */
  readonly judge?: () => Promise<Judge>;
  /** The largest error allowed, where a library is known to be less accurate than its precision. */
  readonly tolerance?: number;
}

/** How long a program is run. */
export interface Effort {
  /** Fresh processes, interleaved with those of the other contestants. */
  readonly rounds: number;
  /** Seconds of warm-up, at least; it goes on while runs get faster, up to six times as long. */
  readonly warmUp: number;
  /** Samples, at least. Each is the mean over as many runs as fill 50 ms. */
  readonly samples: number;
  /** Seconds of further samples. */
  readonly seconds: number;
}

export interface Work {
  readonly name: string;
  readonly family: string;
  /** What one run does, in a line. */
  readonly about: string;
  /** What is done per run, if a rate says more than a time. */
  readonly rate?: { readonly unit: string; readonly amount: number };
  readonly entries: readonly Entry[];
  readonly judge: () => Promise<Judge>;
  /** The largest error with which a result counts as right. */
  readonly tolerance: Readonly<Record<Precision, number>>;
  /** Whether it is part of a quick run only, of a full run only, or of both. */
  readonly when: 'quick' | 'full' | 'always';
  readonly effort?: Partial<Effort>;
}

/** `tfjs-wasm, all rows` */
export const entryName = ({ contestant, variant }: Entry): string =>
  variant === undefined ? contestant : `${contestant}, ${variant}`;
