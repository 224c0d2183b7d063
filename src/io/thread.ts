/**
 * What a thread of `Workers` does: it answers messages with the functions of a service.
 *
 * @module
 */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type PackedError, packError } from './thread-errors.ts';

/** The functions of a service by name, each from a message to its result. */
export type Handlers = Readonly<Record<string, (message: never) => unknown>>;

/** What threads do: functions that answer messages, and the module in which a thread finds them. */
export interface Service<Setup, H extends Handlers> {
  /** The `import.meta.url` of the module that calls `answerThreads` with this service. */
  readonly url: string;
  /** Makes the functions: once in each thread, before the first message. */
  serve(setup: Setup): H;
}

/** What a thread is started with. */
export interface ThreadData<Setup> {
  readonly deltawService: string;
  readonly setup: Setup;
}

/** What a thread is sent; one at a time. */
export interface Request {
  readonly name: string;
  readonly message: unknown;
}

/** What it answers. */
export type Reply = { readonly result: unknown } | { readonly error: PackedError };

/**
 * In a thread that `Workers` started for this service: answers, until the thread is ended. Anywhere
 * else: nothing. To be called once at the end of the module that `service.url` names.
 */
export function answerThreads<Setup, H extends Handlers>(service: Service<Setup, H>): void {
  const port = parentPort;
  if (isMainThread || !port || workerData?.deltawService !== service.url) return;
  const { setup } = workerData as ThreadData<Setup>; // what Workers started the thread with
  let handlers: H | undefined;
  port.on('message', ({ name, message }: Request) => {
    try {
      handlers ??= service.serve(setup);
      const result = handlers[name](message as never); // typed where it was sent, in Workers
      port.postMessage({ result } satisfies Reply, buffersOf(result));
    } catch (error) {
      sendError(port, packError(error));
    }
  });
  // A message that cannot be read has no answer: an error that nobody catches ends the pool, where
  // silence would leave it waiting.
  port.on('messageerror', (error) => {
    throw error;
  });
}

/** Sends an error, without its fields if they cannot be copied. */
function sendError(port: MessagePort, error: PackedError): void {
  try {
    port.postMessage({ error } satisfies Reply);
  } catch (refusal) {
    if (!(refusal instanceof Error && refusal.name === 'DataCloneError')) throw refusal;
    port.postMessage({ error: { ...error, fields: {} } } satisfies Reply);
  }
}

/** The buffers below a plain value that arrays fill: they can be handed over instead of copied. */
export function buffersOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (each: unknown): void => {
    if (typeof each !== 'object' || each === null) return;
    if (!ArrayBuffer.isView(each)) {
      Object.values(each).forEach(visit);
    } else if (each.buffer instanceof ArrayBuffer && each.byteLength === each.buffer.byteLength) {
      found.add(each.buffer);
    }
  };
  visit(value);
  return [...found];
}
