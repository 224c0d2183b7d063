/**
 * io: files, for Node.
 *
 *   files.ts    whole files or none
 *
 * @module
 */
export {
  FileError,
  readIfThere,
  removeIfThere,
  requireWritableFolder,
  writeWhole,
} from './files.ts';
