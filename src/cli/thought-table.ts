/**
 * What `deltaw thought` found, as tables for a terminal.
 *
 * @module
 */

import type { Checkpoint } from '../io/index.ts';
import { norm } from '../linalg/index.ts';
import { paint } from './paint.ts';
import type { ThoughtFit } from './thought-fit.ts';

/** The change of each block; then both errors and agreements; then the files. */
export function thoughtTable(
  name: string,
  { model, parameters }: Checkpoint,
  { changes, train, heldout }: ThoughtFit,
  files: readonly string[],
): string {
  const { network } = model.options;
  const layers = changes.map(({ norms, ranks, biases }, l) => {
    const own = network.own(parameters, l);
    const weights = Object.entries(norms).map(
      ([weight, size]) => `${weight} ${percent(size / norm(own[`mlp.${weight}`].data))}`,
    );
    const shifts = Object.entries(biases).map(
      ([bias, shift]) => `${bias} ${norm(shift).toPrecision(3)}`,
    );
    const outputs = ranks.outputs === null ? '–' : `${ranks.outputs}`;
    return `${`${l}`.padEnd(7)}${`${ranks.inputs}`.padEnd(8)}${outputs.padEnd(8)}${[...weights, ...shifts].join('  ')}`;
  });
  const line = (what: string, ...values: readonly string[]): string =>
    `${what.padEnd(24)}${values.map((value) => value.padStart(12)).join('')}`;
  const both = (value: (of: typeof train) => string): string[] => [value(train), value(heldout)];
  const sections = [
    paint('bold', name),
    ['block  rank z  rank h  ‖ΔW‖/‖W‖, or ‖Δb‖', ...layers].join('\n'),
    [
      line('', 'calibration', 'held-out'),
      line('tokens', ...both(({ tokens }) => `${tokens}`)),
      line('error (without: 1)', ...both(({ error }) => error.toPrecision(3))),
      line('agreement', ...both(({ agreement }) => percent(agreement.patched))),
      line('agreement without', ...both(({ agreement }) => percent(agreement.without))),
    ].join('\n'),
    ...(files.length > 0 ? [files.map((file) => `wrote ${file}`).join('\n')] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
