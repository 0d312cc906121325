import './thread-pool.ts';
import { app, protocol } from 'electron';
import { readArguments } from './arguments.ts';
import { complainAndExit } from './complain.ts';
import { openDesktop, type Desktop } from './desktop.ts';
import { OWN_SCHEME } from './own-page.ts';
import { isFirstInstance } from './single-instance.ts';

/** Runs to its end before Electron is ready: schemes and the sandbox can be set up only until then. */
function main(): void {
  // Electron's own answer to an unexpected error is a window with a stack trace.
  process.on('uncaughtException', complainAndExit);
  process.on('unhandledRejection', complainAndExit);
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([OWN_SCHEME]);
  const given = readArguments(process.argv);
  if (given.data !== undefined) app.setPath('userData', given.data);

  let desktop: Promise<Desktop> | undefined;
  const first = isFirstInstance(app, () => void desktop?.then(({ show }) => show()));
  if (!first) return app.quit();
  desktop = openDesktop(given);
  desktop.catch(complainAndExit);
}

try {
  main();
} catch (error) {
  complainAndExit(error);
}
