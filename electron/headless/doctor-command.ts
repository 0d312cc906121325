import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { SandboxState } from '../../shared/snapshot.ts';
import { defined } from '../../shared/objects.ts';
import { jobConfinement } from '../work/capabilities/process-maker.ts';
import { workspacePath } from '../work/workspace/workspace.ts';
import { createCapabilities } from '../work/capabilities/capabilities.ts';
import { diagnose, formatReport, type DoctorReport, type ServerCheck } from '../work/capabilities/doctor.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { createJobProcesses } from '../work/process/job-processes.ts';
import { createSandboxPort } from '../work/process/sandbox-port.ts';
import { createClient } from '../agent/server/client.ts';
import { createNetworkFetch } from '../agent/server/network-fetch.ts';
import { tokenFromFile } from '../agent/server/token-source.ts';
import { systemClock } from '../work/clock.ts';
import { VERSION } from '../agent/version.ts';
import type { EncoderChoice, Settings } from '../../shared/settings.ts';
import { parseServerUrl } from './agent-options.ts';
import { defaultTokenFile } from './agent-setup.ts';
import { EXIT } from './exit.ts';
import { allExecutors } from '../work/executors/registry.ts';
import { createFileStore } from './file-store.ts';
import { cacheFolder, dataFolder, modelsFolder } from './folders.ts';
import { printOut, printJson } from './print.ts';

interface DoctorCommandOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly work?: string;
  /** Absolute. */
  readonly speechModel?: string;
  readonly encoder?: EncoderChoice;
  readonly json: boolean;
}

/** `rushcatalog-agent doctor`: looks at everything the agent depends on. Returns 1 when something needed is broken. */
export async function doctorCommand(options: DoctorCommandOptions): Promise<number> {
  const report = await examine(options);
  if (options.json) printJson(report);
  else printOut(formatReport(report));
  return report.healthy ? EXIT.ok : EXIT.failed;
}

/** What the doctor finds on this machine, with the settings of this work folder. */
export async function examine(options: Omit<DoctorCommandOptions, 'json'>): Promise<DoctorReport> {
  const workFolder = options.work ?? join(dataFolder(), 'agent');
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const settings = openSettings(
    join(workFolder, 'settings.json'),
    readManaged(defined({ speechModelPath: options.speechModel, encoder: options.encoder })),
  );
  const places = { settings: () => settings.view().values, modelsFolder: modelsFolder(workFolder) };
  const sandbox = createSandboxPort({ policy: () => places.settings().sandbox, env: process.env });
  let state: SandboxState | undefined;
  const capabilities = createCapabilities({
    executors: allExecutors(),
    ...places,
    env: process.env,
    workFolder,
    agentVersion: VERSION,
    processes: (jobId) => {
      const confinement = jobConfinement(sandbox, workspacePath(workFolder, jobId), places);
      return createJobProcesses({ runId: `doctor-${randomUUID()}`, owner: 'doctor', jobId, nice: 10, confinement });
    },
    sandbox,
    store: createFileStore(join(cacheFolder(), 'proofs.json')),
    emit: (event) => {
      if (event.type === 'sandboxChecked') state = event.sandbox;
    },
    now: systemClock.now,
  });
  const report = await diagnose({
    capabilities,
    sandbox: () => state,
    workFolder,
    checkServer: () => checkServer(options, settings.view().values, workFolder),
  });
  await capabilities.stop();
  return report;
}

/** Asks for the queue, the cheapest call that needs a valid token. */
async function checkServer(
  { server, tokenFile }: Omit<DoctorCommandOptions, 'json'>,
  values: Settings,
  workFolder: string,
): Promise<ServerCheck> {
  const url = server === undefined ? values.serverUrl : parseServerUrl(server);
  if (url === '') return { kind: 'embedded' };
  const { facts: network } = await networkFacts(values, url);
  const token = tokenFromFile(tokenFile ?? defaultTokenFile(workFolder));
  token.close();
  const client = createClient({
    serverUrl: url,
    fetch: createNetworkFetch(network),
    proxyUrl: network.proxyUrl,
    credentials: () => ({ token: token.current() }),
    monotonic: systemClock.monotonic,
    timeoutMs: 10_000,
  });
  const sentAt = systemClock.now();
  const reply = await client.summary();
  const answeredAt = systemClock.now();
  if (reply.status === 0) {
    const nextStep = 'Check the address and that the server runs.';
    return {
      kind: 'silent',
      url,
      problem: reply.problem ?? {
        code: 'SERVER_UNREACHABLE',
        message: `${url} does not answer (${reply.summary}).`,
        nextStep,
      },
    };
  }
  const date = reply.serverDate === undefined ? {} : { date: new Date(reply.serverDate).toUTCString() };
  const refused = reply.answer === '401' || reply.answer === '403';
  return {
    kind: 'answered',
    url,
    sentAt,
    answeredAt,
    ...date,
    ...(refused
      ? {
          problem: {
            code: 'TOKEN_REFUSED',
            message: `${url} refuses the token.`,
            nextStep: 'Give the server’s agent token with --token-file.',
          },
        }
      : {}),
  };
}
