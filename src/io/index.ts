/**
 * io: files, for Node.
 *
 *   files.ts    whole files or none
 *   lock.ts     one run a folder
 *
 * @module
 */
export {
  FileError,
  readIfThere,
  removeIfThere,
  requireWritableFolder,
  writeTogether,
  writeWhole,
} from './files.ts';
export { lockFolder } from './lock.ts';
