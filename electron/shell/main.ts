import './thread-pool.ts';
import { app, protocol } from 'electron';
import { readArguments } from './arguments.ts';
import { showErrorAndExit } from './fatal-error.ts';
import { openDesktop, type Desktop } from './desktop.ts';
import { OWN_SCHEME } from './own-page.ts';
import { isFirstInstance } from './single-instance.ts';

/** Runs to its end before Electron is ready: schemes and the sandbox can be set up only until then. */
function main(): void {
  // Electron's own answer to an unexpected error is a window with a stack trace.
  process.on('uncaughtException', showErrorAndExit);
  process.on('unhandledRejection', showErrorAndExit);
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([OWN_SCHEME]);
  const given = readArguments(process.argv);
  if (given.data !== undefined) app.setPath('userData', given.data);

  let desktop: Promise<Desktop> | undefined;
  const first = isFirstInstance(app, () => void desktop?.then(({ show }) => show()));
  if (!first) return app.quit();
  desktop = openDesktop(given);
  desktop.catch(showErrorAndExit);
}

try {
  main();
} catch (error) {
  showErrorAndExit(error);
}
