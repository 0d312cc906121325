import { app, dialog } from 'electron';
import { RefusedError, type Refusal } from '../../shared/failure.ts';

let complained = false;

/** Ends the process with one sentence, a next step and a code in a window; never with a stack trace. */
export function showErrorAndExit(error: unknown): void {
  // What fails because the process is ending is no news, and must not bring this window again and again.
  if (complained) return;
  complained = true;
  const unexpected = (): Refusal => ({
    code: 'INTERNAL',
    message: `Unexpected error: ${error instanceof Error ? error.message : String(error)}.`,
    nextStep: 'Start again; if it happens again, send the agent’s log to support.',
  });
  const refusal = error instanceof RefusedError ? error.refusal : unexpected();
  const { message, nextStep, code } = refusal;
  dialog.showErrorBox('RushCatalog Agent', [message, nextStep, `[${code}]`].filter(Boolean).join('\n\n'));
  app.exit(1);
}
