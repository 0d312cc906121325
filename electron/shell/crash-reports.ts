import type { App, CrashReporter } from 'electron';

/** Dumps of crashed processes stay on this machine, for the diagnostics a person sends by hand; they hold memory. */
export function keepCrashReportsLocal(
  reporter: Pick<CrashReporter, 'start'>,
  app: Pick<App, 'setPath'>,
  folder: string,
): void {
  app.setPath('crashDumps', folder);
  reporter.start({ uploadToServer: false, compress: true, ignoreSystemCrashHandler: false });
}
