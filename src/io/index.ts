/**
 * io: files and threads, for Node.
 *
 *   files.ts                      whole files or none
 *   safetensors-*.ts              weights: header, reader, shards, writer
 *   npy.ts                        arrays for NumPy
 *   hugging-face/                 config.json, a file a family; parameters from tensors and back
 *   patches/                      patches as a LoRA adapter, as a file with provenance, added into a checkpoint
 *   open-file.ts, json-scanner.ts, widening.ts, format-error.ts, sha256.ts   what these stand on
 *   lock.ts                       one run a folder
 *   workers.ts                    messages answered by a few threads
 *   start-thread.ts, thread.ts    how one begins, and what it does
 *   thread-errors.ts              errors that keep their class on the way
 *   gradient-workers.ts           gradients of micro-batches from them
 *
 * @module
 */
export {
  FileError,
  readIfThere,
  removeIfThere,
  requireWritableFolder,
  writeInParts,
  writeTogether,
  writeWhole,
} from './files.ts';
export { FormatError } from './format-error.ts';
export {
  type GradientHandlers,
  type GradientTask,
  type GradientWorkers,
  gradientHandlers,
  gradientsOn,
} from './gradient-workers.ts';
export { describeModel, MODEL_TYPES } from './hugging-face/describe.ts';
export type { Description, Prefix } from './hugging-face/description.ts';
export { type Checkpoint, loadCheckpoint } from './hugging-face/load.ts';
export {
  fullName,
  type Loaded,
  loadParameters,
  type Tensors,
  tensorsOf,
} from './hugging-face/parameters.ts';
export type { Place, Stored } from './hugging-face/places.ts';
export {
  loadTokenizer,
  MissingPackageError,
  type Tokenizer,
  type TokenizersPackage,
} from './hugging-face/tokenizer.ts';
export { holdsForeignCheckpoint, writeCheckpoint } from './hugging-face/write-checkpoint.ts';
export { lockFolder } from './lock.ts';
export { readNpy, writeNpy } from './npy.ts';
export { ADAPTER_FILES, type AdapterOptions, writeAdapter } from './patches/adapter.ts';
export { moduleOf, parameterPlace } from './patches/modules.ts';
export { readPatch, type SavedPatch, writePatch } from './patches/patch-file.ts';
export { writePatchedCheckpoint } from './patches/patched-checkpoint.ts';
export { type Provenance, sha256OfIds, sha256OfModel } from './patches/provenance.ts';
export type { TensorInfo } from './safetensors-header.ts';
export {
  openSafetensors,
  type ReadOptions,
  type Tensor,
  type TensorSource,
} from './safetensors-reader.ts';
export { openShards, openWeights } from './safetensors-shards.ts';
export { type TensorToWrite, writeSafetensors } from './safetensors-writer.ts';
export { answerThreads, type Handlers, type Service } from './thread.ts';
export { MOST_WORKERS, WorkerError, Workers } from './workers.ts';
