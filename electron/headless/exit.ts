import type { Refusal } from '../../shared/failure.ts';

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
export class CommandError extends Error {
  readonly refusal: Refusal;
  readonly exitCode: number;
  constructor(refusal: Refusal, exitCode: number = EXIT.usage) {
    super(refusal.message);
    this.name = 'CommandError';
    this.refusal = refusal;
    this.exitCode = exitCode;
  }
}

/** "message Next: step" on one line, as every command prints its refusals. */
export function sentence({ message, nextStep, code }: Refusal): string {
  return `${message}${nextStep === undefined ? '' : ` ${nextStep}`} [${code}]`;
}

interface Explained {
  readonly refusal: Refusal;
  readonly exitCode: number;
}

/** Errors of the rooms below carry a refusal, or its fields; anything else is a bug and says where to send it. */
export function explain(error: unknown): Explained {
  if (error instanceof CommandError) return { refusal: error.refusal, exitCode: error.exitCode };
  if (error instanceof Error && 'refusal' in error) {
    return { refusal: error.refusal as Refusal, exitCode: EXIT.usage };
  }
  if (error instanceof Error && 'code' in error && 'nextStep' in error) {
    const refusal = { code: String(error.code), message: error.message, nextStep: String(error.nextStep) };
    return { refusal, exitCode: EXIT.usage };
  }
  const message = error instanceof Error ? error.message : String(error);
  const nextStep = 'Run it again with RUSHCATALOG_DEBUG=1 and send what it prints to support.';
  return { refusal: { code: 'INTERNAL', message: `Unexpected error: ${message}.`, nextStep }, exitCode: EXIT.failed };
}
