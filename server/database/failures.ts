/** What a failed statement means for whoever asked, whichever database said it. */
type DatabaseFailure =
  /** No room on the disk of the database. */
  | 'full'
  /** Somebody else was faster, or stood in the way: the same again, from its beginning, finds what they left. */
  | 'raced'
  /** The database is away, has no connection left, or took too long; it passes. */
  | 'away'
  /** A text that this database cannot keep. */
  | 'unstorable';

/** SQLite’s primary result codes; extended ones keep these in the low byte. */
const SQLITE: Readonly<Record<number, DatabaseFailure>> = {
  5: 'away', // SQLITE_BUSY
  6: 'away', // SQLITE_LOCKED
  10: 'full', // SQLITE_IOERR: a flush that found no room
  13: 'full', // SQLITE_FULL
};

/** SQLSTATEs of PostgreSQL (its appendix A), and what Node says of a connection. */
const CODES: Readonly<Record<string, DatabaseFailure>> = {
  '23505': 'raced', // unique_violation
  '40001': 'raced', // serialization_failure
  '40P01': 'raced', // deadlock_detected
  '23503': 'raced', // foreign_key_violation: what it refers to was just removed
  '0A000': 'raced', // feature_not_supported: a plan of before a newer server changed the table (postgres/prepared.ts)
  '53100': 'full', // disk_full
  '53200': 'away', // out_of_memory
  '53300': 'away', // too_many_connections
  '55P03': 'away', // lock_not_available
  '57014': 'away', // query_canceled: the statement’s time was over
  '57P01': 'away', // admin_shutdown
  '57P02': 'away', // crash_shutdown
  '57P03': 'away', // cannot_connect_now
  '57P05': 'away', // idle_session_timeout
  '25P03': 'away', // idle_in_transaction_session_timeout
  '25006': 'away', // read_only_sql_transaction: a standby that was not promoted yet
  '58030': 'away', // io_error
  '22021': 'unstorable', // character_not_in_repertoire: a NUL
  '54000': 'unstorable', // program_limit_exceeded: too long for an index
  ECONNREFUSED: 'away',
  ECONNRESET: 'away',
  EPIPE: 'away',
  ETIMEDOUT: 'away',
  EHOSTUNREACH: 'away',
  ENETUNREACH: 'away',
  ENOTFOUND: 'away',
  EAI_AGAIN: 'away',
};

/** The driver has no code for these. */
const LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The one place that reads the errors of both databases; undefined for what is none, or is a mistake of this program. */
export function databaseFailure(error: unknown): DatabaseFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  // Neither is of every error; both are looked at before they are used.
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR') return typeof errcode === 'number' ? SQLITE[errcode & 0xff] : undefined;
  if (typeof code === 'string') return CODES[code] ?? (code.startsWith('08') ? 'away' : undefined);
  return LOST.test(error.message) ? 'away' : undefined;
}
