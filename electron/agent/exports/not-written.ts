import { isDiskFull } from '../../../shared/disk-full.ts';

/** Ends the sentence “… could not be written: …” for an error of the file system. */
export function reasonNotWritten(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isDiskFull(error)) return 'the disk is full';
  switch ('code' in error ? error.code : undefined) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'this user may not write there';
    case 'EBUSY':
      return 'another program has it open';
    case 'ENAMETOOLONG':
      return 'its path is longer than this disk allows';
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
      return 'something else has its name there';
    default:
      return error.message;
  }
}
