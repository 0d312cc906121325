/** SQLITE_FULL: the write was rolled back, the database is whole. */
const SQLITE_FULL = 13;

/** True for the errors by which SQLite and the file system say that there is no room. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('errcode' in error && typeof error.errcode === 'number') return (error.errcode & 0xff) === SQLITE_FULL;
  return 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
