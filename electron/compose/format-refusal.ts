import type { Refusal } from '../../shared/failure.ts';
import { printable } from '../../shared/printable.ts';

/** "message Next: step" on one line, whatever names are in it, as the command line and the shell say their refusals. */
export function formatRefusal({ message, nextStep, code }: Refusal): string {
  return printable(`${message}${nextStep === undefined ? '' : ` ${nextStep}`} [${code}]`);
}
