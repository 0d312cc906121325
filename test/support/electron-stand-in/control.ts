import { runInThisContext } from 'node:vm';
import { bareApp } from './app.ts';
import { debuggerUrl } from './browser-window.ts';

/** What a test asks of the program that runs on the stand-in. */
export type Ask =
  | { readonly id: number; readonly kind: 'evaluate'; readonly source: string; readonly argument: unknown }
  | { readonly id: number; readonly kind: 'debugger' };

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** Lets a test run functions in the main script's process, as Playwright's ElectronApplication.evaluate does. */
export function obeyTests(electron: object): void {
  if (process.send === undefined) return;
  process.on('message', (ask: Ask) => {
    void perform(electron, ask)
      .then(
        (value): Reply => ({ id: ask.id, ok: true, value }),
        (error: unknown): Reply => ({ id: ask.id, ok: false, error: String(error) }),
      )
      .then((reply) => process.connected && process.send?.(reply));
  });
  // The pipe must not keep the program alive; when the test is gone, nobody else would end it.
  process.channel?.unref();
  process.on('disconnect', () => bareApp.exit(1));
}

async function perform(electron: object, ask: Ask): Promise<unknown> {
  if (ask.kind === 'debugger') return debuggerUrl();
  const call = runInThisContext(`(${ask.source})`) as (electron: object, argument: unknown) => unknown;
  return call(electron, ask.argument);
}
