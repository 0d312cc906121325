import { RefusedError, type Refusal } from '../../shared/failure.ts';

/** Exit codes of the command line, as `--help` documents them. */
export const EXIT = {
  ok: 0,
  /** Some job failed, or something that is needed is broken. */
  failed: 1,
  /** The command was not understood or cannot be carried out as given. */
  usage: 2,
  /** Ended by Ctrl-C, as shells expect it. */
  interrupted: 130,
} as const;

/** Ends the command with one sentence, a next step and a code; never with a stack trace. */
export class CommandError extends RefusedError {
  readonly exitCode: number;
  constructor(refusal: Refusal, exitCode: number = EXIT.usage) {
    super(refusal);
    this.exitCode = exitCode;
  }
}

interface Explained {
  readonly refusal: Refusal;
  readonly exitCode: number;
}

/** What is no RefusedError and no unusable path is a bug, and says where to send it. */
export function explain(error: unknown): Explained {
  if (error instanceof CommandError) return { refusal: error.refusal, exitCode: error.exitCode };
  if (error instanceof RefusedError) return { refusal: error.refusal, exitCode: EXIT.usage };
  const unusable = unusablePath(error);
  if (unusable !== null) return { refusal: unusable, exitCode: EXIT.usage };
  const message = error instanceof Error ? error.message : String(error);
  const nextStep = 'Run it again with RUSHCATALOG_DEBUG=1 and send what it prints to support.';
  return { refusal: { code: 'INTERNAL', message: `Unexpected error: ${message}.`, nextStep }, exitCode: EXIT.failed };
}

/** What the system says about a file or folder that was named, and that only another one or other rights can mend. */
const PATH_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not use it',
  EPERM: 'this user may not use it',
  EEXIST: 'a file of that name is in the way',
  ENOTDIR: 'a part of it is not a folder',
  EISDIR: 'it is a folder',
  EROFS: 'its disk is read-only',
  ENOSPC: 'its disk is full',
  ENOENT: 'it does not exist',
  EBUSY: 'another program has it open',
  ENAMETOOLONG: 'its path is longer than this system allows',
};

function unusablePath(error: unknown): Refusal | null {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return null;
  const why = PATH_ERRORS[String(error.code)];
  if (why === undefined) return null;
  const message = `“${String(error.path)}” cannot be used: ${why}.`;
  return {
    code: 'PATH_UNUSABLE',
    message,
    nextStep: 'Choose another one, or give this user the right to write there.',
  };
}
