/**
 * Patches added into the weights: a checkpoint like any other, in float64.
 *
 * @module
 */
import { type NetworkPatches, withNetworkPatch } from '../../icl/index.ts';
import { DomainError } from '../../linalg/index.ts';
import type { Checkpoint } from '../hugging-face/load.ts';
import { writeCheckpoint } from '../hugging-face/write-checkpoint.ts';
import { moduleOf, parameterPlace } from './modules.ts';

/**
 * Writes a checkpoint of the patched weights into `folder`, laid out as that in `source`, and returns its files.
 * Its `config.json` says float64, so that other programs read the numbers as they are.
 *
 * Each weight is fl(W + fl(p·vᵀ)). Of two tensors only one is in memory beside the parameters.
 *
 * @throws DomainError for a mode other than everywhere, and for a change of a bias that the model does not have, naming
 * it; FileError if a file cannot be read or written.
 */
export function writePatchedCheckpoint(
  folder: string,
  source: string,
  checkpoint: Checkpoint,
  found: NetworkPatches,
): string[] {
  requireBiases(checkpoint, found);
  const { network } = checkpoint.model.options;
  const parameters = withNetworkPatch(network, checkpoint.parameters, found);
  return writeCheckpoint(folder, source, checkpoint, parameters);
}

/** A bias that the configuration does not speak of would be read by nobody. */
function requireBiases(checkpoint: Checkpoint, { patches }: NetworkPatches): void {
  patches.forEach(([patch], l) => {
    for (const bias of Object.keys(patch?.biases ?? {})) {
      if (Object.hasOwn(checkpoint.places, `blocks.${l}.mlp.${bias}`)) continue;
      const { inputs, outputs } = checkpoint.model.options.network.blocks[l].feedForward;
      const weight = [...inputs, ...outputs].find((site) => site.bias === bias)?.weight;
      const module = moduleOf(checkpoint, parameterPlace(checkpoint, l, `mlp.${weight}`));
      throw new DomainError(
        `writePatchedCheckpoint: a bias that the model has is required, got a change of that of ${module}, which ` +
          'has none; the variant default leaves it alone',
      );
    }
  });
}
