import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Refusal } from '../../shared/failure.ts';
import { defined } from '../../shared/objects.ts';
import type { EncoderChoice, MediaRootSetting, Settings } from '../../shared/settings.ts';
import type { Agent } from '../agent/agent.ts';
import { tokenFromFile } from '../agent/server/token-source.ts';
import { startWebView, type WebView } from '../gateway/http.ts';
import { parseServerUrl } from './agent-options.ts';
import { prepareAgent, whenChanged, type Setup } from './agent-setup.ts';
import { CommandError, EXIT } from './exit.ts';
import { openControl, openSharedControl } from '../compose/control.ts';
import { openComposition } from '../compose/composition.ts';
import { dataFolder } from './folders.ts';
import { createFileLog } from '../compose/log-file.ts';
import { policyFile } from '../compose/policy/read-policy.ts';
import { formatRefusal } from '../compose/format-refusal.ts';
import { tokenFileStore } from '../compose/token-file.ts';
import { removePageLink, writePageLink, printPageAddress } from './page-link.ts';
import { pageFolder } from './page-folder.ts';
import { listenForStop, type StopSignals } from './signals.ts';
import { printError } from './print.ts';

interface AgentCommandOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly mediaRoot: readonly MediaRootSetting[];
  readonly work?: string;
  readonly grace: number;
  readonly web?: number;
  readonly name?: string;
  readonly parallel?: number;
  /** Absolute. */
  readonly speechModel?: string;
  readonly encoder?: EncoderChoice;
  readonly proxy?: string;
  readonly caFile?: string;
  readonly allowInsecureHttp: boolean;
}

/** How long an agent that waits for its configuration goes on before it tries again without a change. */
const TRY_AGAIN_MS = 60_000;

/**
 * `rushcatalog-agent agent`: the agent without a window, until a signal or a drain. Returns the exit code. A policy that
 * changes makes it drain and begin anew; where something is missing that only a person can bring, it waits for that.
 */
export async function agentCommand(options: AgentCommandOptions): Promise<number> {
  const signals = listenForStop();
  const stopped = new AbortController();
  void signals.first.then(() => stopped.abort());
  const given = givenByArguments(options);
  const workFolder = resolve(options.work ?? join(dataFolder(), 'agent'));
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const log = createFileLog(join(workFolder, 'logs'), 'agent');
  let told = '';
  while (!stopped.signal.aborted) {
    const prepared = await prepareAgent({ workFolder, given, tokenFile: options.tokenFile });
    if (prepared.kind === 'ready') {
      const ending = await runAgent(options, { ...prepared.setup, workFolder, log, signals });
      if (ending === 'ended') return EXIT.ok;
      printError('The policy changed; starting anew with it.');
      continue;
    }
    // At a terminal it is a mistake in the command; for a service it is a machine that is not set up yet.
    if (process.stdin.isTTY || !isManagedElsewhere()) throw new CommandError(prepared.refusal);
    const line = formatRefusal(prepared.refusal);
    if (line !== told) printError(line);
    if (line !== told) log.error({ code: prepared.refusal.code }, prepared.refusal.message);
    told = line;
    await whenChanged(prepared.files, stopped.signal, TRY_AGAIN_MS);
  }
  return EXIT.ok;
}

/** A policy file tells that this machine is set up from afar: what is missing will come. */
function isManagedElsewhere(): boolean {
  return existsSync(policyFile());
}

function givenByArguments(options: AgentCommandOptions): Partial<Settings> {
  return defined({
    serverUrl: options.server === undefined ? undefined : parseServerUrl(options.server),
    mediaRoots: options.mediaRoot.length > 0 ? [...options.mediaRoot] : undefined,
    agentName: options.name,
    maxParallelJobs: options.parallel,
    speechModelPath: options.speechModel,
    encoder: options.encoder,
    allowInsecureHttp: options.allowInsecureHttp || undefined,
    proxyMode: options.proxy === undefined ? undefined : 'manual',
    proxyUrl: options.proxy,
    caFile: options.caFile === undefined ? undefined : resolve(options.caFile),
  });
}

interface AgentRun extends Setup {
  readonly workFolder: string;
  readonly log: ReturnType<typeof createFileLog>;
  readonly signals: StopSignals;
}

/** One life of the agent: until it is told to stop, or until the policy says something new. */
async function runAgent(options: AgentCommandOptions, run: AgentRun): Promise<'ended' | 'policy-changed'> {
  const { serverUrl, settings, network, tokenFile, workFolder, log, signals } = run;
  const token = tokenFromFile(tokenFile);
  const tokenStore = tokenFileStore(tokenFile, { source: token, serverUrl });
  const server = { kind: 'remote', serverUrl, token } as const;
  const { agent } = await openComposition({ server, tokenStore, network, settings, workFolder, log });
  const controls = [
    await openControl(agent, workFolder, log),
    await openSharedControl(agent, process.env['RUNTIME_DIRECTORY'], log),
  ];
  printState(agent);
  for (const problem of run.problems) printError(formatRefusal(problem));
  const web = options.web === undefined ? undefined : await openWeb(agent, options.web, workFolder, log);
  printError(`Working for ${serverUrl}; log in ${join(workFolder, 'logs', 'agent.log')}`);
  removePageLink(workFolder);
  if (web !== undefined) {
    writePageLink(workFolder, web);
    printPageAddress(web, workFolder);
  }
  const over = new AbortController();
  const changed = whenChanged([run.policy], over.signal).then(() => 'policy-changed' as const);
  // A tool or a share that keeps the start waiting must not keep the end waiting.
  const ending = await Promise.race([
    signals.first.then(() => 'ended' as const),
    agent.start().then(async () => {
      await agent.drained;
      return 'ended' as const;
    }),
    changed,
  ]);
  over.abort();
  printError(`Stopping: running jobs have ${options.grace} s to finish; a second signal stops at once.`);
  await agent.stop(options.grace * 1_000, signals.second);
  await web?.close();
  removePageLink(workFolder);
  for (const control of controls) await control?.close();
  return ending;
}

function openWeb(
  agent: Agent,
  port: number,
  workFolder: string,
  log: ReturnType<typeof createFileLog>,
): Promise<WebView> {
  return startWebView({
    agent,
    staticDir: pageFolder('renderer'),
    port,
    tokenFile: join(workFolder, 'web-token'),
    log,
  });
}

/** One line per change that a person at a terminal, or a service's journal, should see. */
export function printState(agent: Agent): void {
  let told = '';
  const tellProblem = (problem: Refusal): void => {
    const line = formatRefusal(problem);
    if (line !== told) printError(line);
    told = line;
  };
  agent.subscribe((event) => {
    if (event.type === 'serverLinkChanged') {
      if (event.server.problem !== undefined) tellProblem(event.server.problem);
      else if (event.server.link === 'connected') {
        printError(told === '' ? 'Connected.' : 'Connected again.');
        told = '';
      }
    } else if (event.type === 'capabilityChanged') {
      const { capability } = event;
      if (capability.enabled && capability.proof.status === 'failed') {
        printError(`${capability.name} is not offered: ${formatRefusal(capability.proof.reason)}`);
      }
    } else if (event.type === 'rootsChecked') {
      for (const root of event.roots) if (root.problem !== undefined) printError(formatRefusal(root.problem));
    } else if (event.type === 'jobEnded') {
      const { job } = event;
      const how =
        job.ending.kind === 'failed'
          ? `failed: ${job.ending.failure.message} [${job.ending.failure.code}]`
          : job.ending.kind;
      printError(`${job.jobType} ${job.sourcePath}: ${how}`);
    }
  });
}
