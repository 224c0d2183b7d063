/**
 * Gradients of several problems from one pool of threads: every message says which problem it is about.
 *
 * @module
 */
import { type GradientTask, gradientsOn } from '../io/index.ts';
import type { GradientSource } from '../model/index.ts';

/** Micro-batches of one problem; the handler of a service answers with what `gradientHandlers` does. */
export interface GradientsOf<Key> {
  readonly key: Key;
  readonly task: GradientTask;
}

/** Workers of such a service, as far as gradients go. */
interface Workers<Key> {
  readonly count: number;
  run(name: 'gradientsOf', tasks: readonly GradientsOf<Key>[]): Promise<(readonly number[])[]>;
}

/** The source of a training on the problem `key`: nothing where there are no threads. */
export const sourceOf = <Key>(
  workers: Workers<Key>,
  key: Key,
): { readonly source?: GradientSource } => {
  if (workers.count === 1) return {};
  const { count } = workers;
  return {
    source: gradientsOn({
      count,
      run: (_, tasks) =>
        workers.run(
          'gradientsOf',
          tasks.map((task) => ({ key, task })),
        ),
    }),
  };
};
