import { RefusedError } from '../shared/failure.ts';

type ServerStartCode =
  | 'PORT_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'DATA_FOLDER_UNUSABLE'
  | 'DATABASE_IN_USE'
  | 'DATABASE_NEWER'
  | 'DATABASE_DAMAGED';

/** Why the server did not start. */
export class ServerStartError extends RefusedError {
  constructor(code: ServerStartCode, message: string, nextStep: string, options?: { cause?: unknown }) {
    super({ code, message, nextStep }, options);
  }
}
