import type { Refusal } from '../../shared/failure.ts';
import { printable } from '../../shared/printable.ts';

/** "message Next: step" on one line, whatever names are in it, as the command line and the shell say their refusals. */
export function sentence({ message, nextStep, code }: Refusal): string {
  return printable(`${message}${nextStep === undefined ? '' : ` ${nextStep}`} [${code}]`);
}

/**
 * What the rooms below throw when something cannot be used: a `refusal`, or its fields on the error itself. Null for
 * any other error: a bug.
 */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null;
  if ('refusal' in error) return error.refusal as Refusal;
  if ('code' in error && 'nextStep' in error) {
    return { code: String(error.code), message: error.message, nextStep: String(error.nextStep) };
  }
  return null;
}
