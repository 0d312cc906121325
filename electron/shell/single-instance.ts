import type { App } from 'electron';

/**
 * One machine account has one desktop agent. The first instance gets true; a second one hands over to it (its window
 * comes to the front there) and gets false.
 */
export function isFirstInstance(
  app: Pick<App, 'requestSingleInstanceLock'> & { on(event: 'second-instance', listener: () => void): unknown },
  onSecond: () => void,
): boolean {
  if (!app.requestSingleInstanceLock()) return false;
  app.on('second-instance', onSecond);
  return true;
}
