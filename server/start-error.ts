import { RefusedError } from '../shared/failure.ts';

type ServerStartCode =
  | 'PORT_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'PLAIN_HTTP_EXPOSED'
  | 'TLS_UNUSABLE'
  | 'TLS_KEY_OPEN'
  | 'DATA_FOLDER_UNUSABLE'
  | 'DATABASE_IN_USE'
  | 'DATABASE_ELSEWHERE'
  | 'DATABASE_NOT_MOVED'
  | 'DATABASE_NEWER'
  | 'DATABASE_DAMAGED'
  | 'DATABASE_ADDRESS'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_UNTRUSTED'
  | 'DATABASE_PASSWORD'
  | 'DATABASE_REFUSED'
  | 'DATABASE_OLD'
  | 'DATABASE_UNUSABLE'
  | 'DERIVED_ADDRESS'
  | 'DERIVED_CREDENTIALS'
  | 'DERIVED_UNREACHABLE'
  | 'DERIVED_REFUSED'
  | 'DERIVED_NOT_MOVED'
  | 'DERIVED_ELSEWHERE'
  | 'DERIVED_OF_ANOTHER'
  | 'TELL_FILE_UNUSABLE';

/** Why the server did not start. */
export class ServerStartError extends RefusedError {
  constructor(code: ServerStartCode, message: string, nextStep: string, options?: { cause?: unknown }) {
    super({ code, message, nextStep }, options);
  }
}

/** `what` somebody may choose in place of this one: a data folder, a database. @throws ServerStartError DATABASE_NEWER */
export function refuseNewerSchema(current: number, newest: number, what: string): void {
  if (current <= newest) return;
  throw new ServerStartError(
    'DATABASE_NEWER',
    `The database was written by a newer RushCatalog (schema ${current}, this one knows ${newest}).`,
    `Update this program, or choose another ${what}.`,
  );
}
