export type ServerStartCode =
  | 'PORT_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'DATA_FOLDER_UNUSABLE'
  | 'DATABASE_IN_USE'
  | 'DATABASE_NEWER'
  | 'DATABASE_DAMAGED';

/** Why the server did not start, in words for a person; print `message` and `nextStep`, never the stack. */
export class ServerStartError extends Error {
  readonly code: ServerStartCode;
  readonly nextStep: string;

  constructor(code: ServerStartCode, message: string, nextStep: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ServerStartError';
    this.code = code;
    this.nextStep = nextStep;
  }
}
