/**
 * One row of `deltaw verify`, and how it is gathered from random trials.
 *
 * @module
 */
import { DegenerateBase } from '../../linalg/index.ts';
import { median } from '../statistics.ts';

/** A wrong patch on purpose, in the trial where it came nearest to passing. */
export interface NegativeControl {
  readonly name: string;
  /** Its residual there, at the entry that exceeds its bound the most. */
  readonly residual: number;
  /** The bound of that entry, which a wrong patch must exceed in every trial. */
  readonly mustExceed: number;
  readonly ok: boolean;
}

/** What `--json` prints; the type of the command-line contract. */
export interface VerifyRow {
  /** The section of the theory; `src/icl/README.md` maps sections to the papers' theorems. */
  readonly theorem: string;
  /** What it says, in a few words. */
  readonly title: string;
  readonly layer: string | null;
  readonly block: string | null;
  readonly variant: string | null;
  readonly trials: number;
  readonly maxResidual: number;
  readonly maxResidualOverBound: number | null;
  readonly medianResidualOverBound: number | null;
  readonly exactErrorOverBound: number | null;
  readonly exactResidual: string | null;
  readonly negativeControls: readonly NegativeControl[];
  readonly refused: Readonly<Record<string, number>>;
  readonly ok: boolean;
}

/** A theorem on a layer and a block, ready to run. */
export interface Verification {
  readonly theorem: string;
  readonly title: string;
  readonly layer: string | null;
  readonly block: string | null;
  readonly variant: string | null;
  run(trials: number, seed: number): VerifyRow;
}

/** Gathers trials into a row. All comparisons are written so that NaN fails. */
export class RowGatherer {
  #trials = 0;
  #maxResidual = 0;
  readonly #overBounds: number[] = [];
  #bounded = true;
  #accepted = false;
  #exactError: number | null = null;
  #exactResidual: string | null = null;
  readonly #controls = new Map<string, { residual: number; mustExceed: number }>();
  readonly #refused: Record<string, number> = {};

  /** A trial in which the theorem was put to the test; `overBound` is null where none is stated. */
  trial({ observed, overBound }: { observed: number; overBound: number | null }): void {
    this.#trials++;
    this.#maxResidual = Math.max(this.#maxResidual, observed);
    if (overBound === null) this.#bounded = false;
    else this.#overBounds.push(overBound);
  }

  /** The exact residual of the delivered patch, over bound 9.2. */
  exactError(overBound: number): void {
    this.#exactError = Math.max(this.#exactError ?? 0, overBound);
  }

  /** The residual in fractions; anything but '0' stays. */
  exactResidual(residual: string): void {
    if (this.#exactResidual === null || this.#exactResidual === '0') this.#exactResidual = residual;
  }

  /** A wrong patch in one trial, entry by entry: the worst entry of the least wrong trial counts. */
  control(
    name: string,
    patched: Float64Array,
    contextual: Float64Array,
    bound: Float64Array,
  ): void {
    const ratio = (off: number, allowed: number): number =>
      off === 0 ? 0 : allowed === 0 ? Infinity : off / allowed;
    let worst = { residual: 0, mustExceed: bound[0] };
    patched.forEach((entry, i) => {
      const off = Math.abs(entry - contextual[i]);
      if (ratio(off, bound[i]) > ratio(worst.residual, worst.mustExceed)) {
        worst = { residual: off, mustExceed: bound[i] };
      }
    });
    const before = this.#controls.get(name);
    if (
      !before ||
      ratio(worst.residual, worst.mustExceed) < ratio(before.residual, before.mustExceed)
    ) {
      this.#controls.set(name, worst);
    }
  }

  /** The value of `prove`, or undefined, counted, where its precondition does not hold. */
  attempt<T>(prove: () => T): T | undefined {
    try {
      return prove();
    } catch (error) {
      if (!(error instanceof DegenerateBase)) throw error;
      this.#refused[error.name] = (this.#refused[error.name] ?? 0) + 1;
      return undefined;
    }
  }

  /** Counts a trial for which there is no finite bound, among those refused. */
  unbounded(): void {
    this.#refused.unbounded = (this.#refused.unbounded ?? 0) + 1;
  }

  /** Counts the error of class `refusal` that `attempt` must throw; anything else fails the row. */
  refuse(refusal: new (message: string) => Error, attempt: () => unknown): void {
    try {
      attempt();
    } catch (error) {
      if (!(error instanceof refusal)) throw error;
      this.#refused[error.name] = (this.#refused[error.name] ?? 0) + 1;
      return;
    }
    this.#accepted = true;
  }

  /**
   * The row: it holds if every bound is kept and every control exceeds its own. One whose trials have
   * neither bound nor exact residual does not: nothing was judged.
   */
  row(verification: Omit<Verification, 'run'>): VerifyRow {
    const negativeControls = [...this.#controls].map(([name, control]) => ({
      name,
      residual: finite(control.residual),
      mustExceed: finite(control.mustExceed),
      ok: control.residual > control.mustExceed && Number.isFinite(control.residual),
    }));
    // A NaN stays one in Math.max, fails every comparison, and is written as the largest double.
    const overBound = this.#overBounds.reduce((max, x) => Math.max(max, x), 0);
    const exactError = this.#exactError;
    return {
      theorem: verification.theorem,
      title: verification.title,
      layer: verification.layer,
      block: verification.block,
      variant: verification.variant,
      trials: this.#trials,
      maxResidual: finite(this.#maxResidual),
      maxResidualOverBound: this.#bounded ? finite(overBound) : null,
      medianResidualOverBound: this.#bounded ? finite(middle(this.#overBounds)) : null,
      exactErrorOverBound: exactError === null ? null : finite(exactError),
      exactResidual: this.#exactResidual,
      negativeControls,
      refused: this.#refused,
      ok:
        this.#trials > 0 &&
        !this.#accepted &&
        Number.isFinite(this.#maxResidual) &&
        overBound <= 1 &&
        // Trials without any bound can not fail, unless they are judged in fractions.
        (this.#overBounds.length > 0 || this.#exactResidual !== null) &&
        (exactError === null || exactError <= 1) &&
        (this.#exactResidual === null || this.#exactResidual === '0') &&
        // A control that never ran is none; in a handful of trials it may find no case to run on.
        (negativeControls.length > 0 || this.#trials < 20) &&
        negativeControls.every(({ ok }) => ok),
    };
  }
}

const finite = (x: number): number => (Number.isFinite(x) ? x : Number.MAX_VALUE);

const middle = (x: readonly number[]): number => (x.length > 0 ? median(x) : 0);
