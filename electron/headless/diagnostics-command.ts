import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../work/clock.ts';
import type { DoctorReport } from '../work/capabilities/doctor.ts';
import { makeDiagnostics } from '../agent/diagnostics/bundle.ts';
import { reasonNotWritten } from '../agent/exports/not-written.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { examine } from './doctor-command.ts';
import { CommandError, EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { printOut, printError } from './print.ts';

interface DiagnosticsCommandOptions {
  readonly out: string;
  readonly work?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  /** False: only what lies on the disk, nothing is run. */
  readonly doctor: boolean;
}

/** `rushcatalog-agent diagnostics --out F`: one redacted ZIP for support, also while an agent runs. Returns the exit code. */
export async function diagnosticsCommand(options: DiagnosticsCommandOptions): Promise<number> {
  const workFolder = resolve(options.work ?? join(dataFolder(), 'agent'));
  const settings = openSettings(join(workFolder, 'settings.json'), readManaged({})).view();
  const doctor: DoctorReport | undefined = options.doctor ? await examine({ ...options, work: workFolder }) : undefined;
  const bundle = makeDiagnostics({
    workFolder,
    logFolder: join(workFolder, 'logs'),
    settings,
    ...(doctor === undefined ? {} : { doctor }),
    secrets: tokensOf(workFolder, options.tokenFile),
    now: new Date(systemClock.now()),
    salt: randomUUID(),
  });
  const out = resolve(options.out);
  writeNew(out, bundle);
  printOut(out);
  printError(
    `Names of people, machines, folders and clips were replaced, tokens left out; look into it before you send it (${Math.ceil(bundle.length / 1024)} kB).`,
  );
  return EXIT.ok;
}

/** Never over a file that is there, nor through a link: who writes tells what may be replaced. */
function writeNew(out: string, bundle: Uint8Array): void {
  try {
    writeFileSync(out, bundle, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw new CommandError({
      code: 'OUT_UNUSABLE',
      message: `${out} cannot be written: ${reasonNotWritten(error)}.`,
      nextStep: 'Name a file that is not there yet, in a folder this user may write to.',
    });
  }
}

/** Every token a log could have caught, so that it is found and taken out. */
function tokensOf(workFolder: string, tokenFile: string | undefined): string[] {
  const server = join(workFolder, '..', 'server');
  const files = [join(workFolder, 'web-token'), join(server, 'agent-token'), join(server, 'operator-token'), tokenFile];
  return files.flatMap((file) => {
    if (file === undefined || !existsSync(file)) return [];
    const token = readFileSync(file, 'utf8').trim();
    return token === '' ? [] : [token];
  });
}
