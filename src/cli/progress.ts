/**
 * Progress on standard error, and the wish to stop.
 *
 * On a terminal: one line with a bar, the rate and the time left. Elsewhere: a line every tenth. Standard output is for results only.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises';

const REDRAW_MS = 100;
const BAR = 24;

/** Draws how far a stage is. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #tty: boolean;
  #stage = '';
  #stageFrom = 0;
  #stageBegan = 0;
  #drawn = 0;
  #tenth = -1;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#tty = stream.isTTY === true;
  }

  /** Stage `stage` has done `done` of `total`. Cheap to call often. */
  update(stage: string, done: number, total: number): void {
    const now = performance.now();
    if (stage !== this.#stage) {
      this.clear();
      this.#stage = stage;
      this.#stageFrom = done;
      this.#stageBegan = now;
      this.#drawn = 0;
      this.#tenth = -1;
    }
    const tenth = Math.floor((10 * done) / total);
    if (!this.#tty && tenth > this.#tenth) {
      this.#tenth = tenth;
      this.#stream.write(`${stage}: ${done} of ${total}\n`);
    }
    if (!this.#tty || (now - this.#drawn < REDRAW_MS && done < total)) return;
    this.#drawn = now;
    const filled = Math.round((BAR * done) / total);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
    const rate = (1000 * (done - this.#stageFrom)) / (now - this.#stageBegan);
    const left = rate > 0 ? `, ${rate.toFixed(0)}/s, ${clock((total - done) / rate)} left` : '';
    const line = `${stage} ${bar} ${done}/${total}${left}`;
    this.#stream.write(`\r\x1b[K${line.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}`);
  }

  /** Takes the line off the terminal, so that something else can be printed. */
  clear(): void {
    if (this.#tty && this.#stage !== '') this.#stream.write('\r\x1b[K');
    this.#stage = '';
  }
}

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/**
 * Notices SIGINT and SIGTERM until it is closed. The first asks the work to stop where
 * it can be continued; a second one ends the process at once, which is safe because files are only
 * ever renamed into place.
 */
export class Interrupt {
  #asked = false;
  readonly #handler = (): void => {
    if (this.#asked) process.exit(130);
    this.#asked = true;
  };

  constructor() {
    process.on('SIGINT', this.#handler);
    process.on('SIGTERM', this.#handler);
  }

  /** Leaves signals to others again. */
  close(): void {
    process.off('SIGINT', this.#handler);
    process.off('SIGTERM', this.#handler);
  }

  /** Lets signals in, then tells whether one asked to stop. */
  async asked(): Promise<boolean> {
    await setImmediate();
    return this.#asked;
  }
}
