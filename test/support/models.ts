/**
 * Real checkpoints, where the machine has them.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULT = join(import.meta.dirname, '..', '..', '..', 'shared', 'models');

/** The folder of real checkpoints: DELTAW_MODELS, or ../shared/models beside the project if it is there. */
export const MODELS: string | undefined =
  process.env.DELTAW_MODELS || (existsSync(DEFAULT) ? DEFAULT : undefined);

if (MODELS === undefined) {
  console.log('DELTAW_MODELS is unset: tests on real checkpoints are left out.');
}
