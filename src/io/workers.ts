/**
 * A few threads that answer messages, for Node.
 *
 * One worker is no thread at all: the same calls are answered here, so code is written once for any
 * number of workers.
 *
 * @module
 */
import type { Worker } from 'node:worker_threads';
import { DomainError } from '../linalg/index.ts';
import { startThread } from './start-thread.ts';
import type { Handlers, Reply, Request, Service, ThreadData } from './thread.ts';
import { unpackError } from './thread-errors.ts';

/** The most threads that may be asked for; each reserves a gibibyte of addresses. */
export const MOST_WORKERS = 64;

/** Threads that ended before their time, or a pool that was closed. */
export class WorkerError extends Error {
  override readonly name: string = 'WorkerError';
}

type Message<H extends Handlers, K extends keyof H> = Parameters<H[K]>[0];
type Result<H extends Handlers, K extends keyof H> = ReturnType<H[K]>;

interface Job extends Request {
  /** The call it belongs to. */
  readonly call: symbol;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/**
 *   const workers = new Workers(2, SERVICE, setup);
 *   const results = await workers.run('measure', messages);
 *   await workers.close();
 *
 * Messages and results are plain values: numbers, strings, whole Float64Arrays, and arrays and records
 * of them. Messages are copied; the arrays of results are handed over, so a function must not keep what
 * it returns; arrays on a SharedArrayBuffer are shared. The threads keep the process alive only while
 * they have something to do.
 */
export class Workers<Setup, H extends Handlers> {
  readonly count: number;
  readonly #serve: () => H;
  #here: H | undefined;
  readonly #threads: readonly Worker[];
  /** The threads that answer at present, each with its job. */
  readonly #busy = new Map<Worker, Job>();
  #waiting: Job[] = [];
  /** Why there will be no more results. */
  #ended: WorkerError | undefined;

  /** @throws DomainError unless count is an integer from 1 to 64. */
  constructor(count: number, service: Service<Setup, H>, setup: Setup) {
    if (!(Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS)) {
      throw new DomainError(
        `Workers: an integer from 1 to ${MOST_WORKERS} is required, got ${count}`,
      );
    }
    this.count = count;
    this.#serve = () => service.serve(setup);
    const data: ThreadData<Setup> = { deltawService: service.url, setup };
    this.#threads = Array.from({ length: count === 1 ? 0 : count }, () => this.#start(data));
  }

  /**
   * The result of the function `name` for every message, in the order of the messages. Whichever
   * thread is free takes the next one.
   *
   * Rejects with the error that the first message in that order failed with, of the same class; with
   * WorkerError if a thread ends before its time or the pool is closed.
   */
  async run<K extends keyof H & string>(
    name: K,
    messages: readonly Message<H, K>[],
  ): Promise<Result<H, K>[]> {
    const results: Result<H, K>[] = [];
    for await (const result of this.each(name, messages)) results.push(result);
    return results;
  }

  /** `run`, one result after another. A loop that is left early leaves the rest undone. */
  async *each<K extends keyof H & string>(
    name: K,
    messages: readonly Message<H, K>[],
  ): AsyncGenerator<Result<H, K>, void, void> {
    if (this.count === 1) {
      for (const message of messages) yield this.#answerHere(name, message);
      return;
    }
    const call = Symbol(name);
    const results = messages.map((message) => this.#submit({ call, name, message }));
    try {
      // A thread answers `name` with what `H` says it does: the cast is the edge between threads.
      for (const result of results) yield (await result) as Result<H, K>;
    } finally {
      this.#waiting = this.#waiting.filter((job) => job.call !== call);
    }
  }

  /** Ends the threads, whatever they are doing; what is undone rejects. May be called again. */
  async close(): Promise<void> {
    this.#end(new WorkerError('Workers: an open pool is required, got one that was closed'));
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #answerHere<K extends keyof H & string>(name: K, message: Message<H, K>): Result<H, K> {
    if (this.#ended) throw this.#ended;
    this.#here ??= this.#serve();
    return this.#here[name](message as never) as Result<H, K>; // by the definitions of both types
  }

  #start(data: ThreadData<Setup>): Worker {
    const thread = startThread(data);
    thread.on('message', (reply: Reply) => this.#settle(thread, reply));
    thread.on('messageerror', (error) => this.#end(died(error.message)));
    thread.on('error', (error) => this.#end(died(String(error))));
    thread.on('exit', (code) => this.#end(died(`exit code ${code}`)));
    thread.unref();
    return thread;
  }

  #submit(request: Omit<Job, 'resolve' | 'reject'>): Promise<unknown> {
    const result = new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended);
      else this.#waiting.push({ ...request, resolve, reject });
    });
    result.catch(() => {}); // it may fail before anybody waits for it
    this.#dispatch();
    return result;
  }

  /** Gives waiting jobs to free threads. */
  #dispatch(): void {
    for (const thread of this.#threads) {
      while (!this.#busy.has(thread)) {
        const job = this.#waiting.shift();
        if (!job) return;
        const { name, message } = job;
        try {
          thread.postMessage({ name, message } satisfies Request);
          this.#busy.set(thread, job);
          thread.ref();
        } catch (error) {
          job.reject(error); // a message that cannot be copied
        }
      }
    }
  }

  #settle(thread: Worker, reply: Reply): void {
    // Too late. And while threads are being ended each must keep the process alive, or it would end with
    // somebody still waiting for `close`.
    if (this.#ended) return;
    const job = this.#busy.get(thread);
    this.#busy.delete(thread);
    thread.unref();
    if ('error' in reply) job?.reject(unpackError(reply.error));
    else job?.resolve(reply.result);
    this.#dispatch();
  }

  /** The first reason counts; whatever is undone rejects with it. */
  #end(reason: WorkerError): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const job of [...this.#busy.values(), ...this.#waiting]) job.reject(reason);
    this.#busy.clear();
    this.#waiting = [];
    for (const thread of this.#threads) thread.unref();
  }
}

const died = (how: string): WorkerError =>
  new WorkerError(`Workers: threads must live until they are closed, got ${how}`);
