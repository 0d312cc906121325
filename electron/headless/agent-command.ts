import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Refusal } from '../../shared/failure.ts';
import type { MediaRootSetting } from '../../shared/settings.ts';
import { createAgent, type Agent } from '../agent/agent.ts';
import { createSettingsStore } from '../agent/settings-store.ts';
import { tokenFromFile } from '../agent/token-source.ts';
import { startWebView, type WebView } from '../gateway/http.ts';
import { refuseOpenHttp } from '../compose/open-http.ts';
import { givenSettings, parseServerUrl } from './agent-options.ts';
import { EXIT } from './exit.ts';
import { allExecutors } from '../compose/executors.ts';
import { dataFolder } from './folders.ts';
import { createFileLog } from '../compose/log-file.ts';
import { sentence } from '../compose/sentence.ts';
import { pageFolder } from './page-folder.ts';
import { listenForStop } from './signals.ts';

export interface AgentCommandOptions {
  readonly server: string;
  readonly tokenFile?: string;
  readonly mediaRoot: readonly MediaRootSetting[];
  readonly work?: string;
  readonly grace: number;
  readonly web?: number;
  readonly name?: string;
  readonly parallel?: number;
  readonly speechModel?: string;
  readonly allowInsecureHttp: boolean;
}

/** `rushcatalog-agent agent`: the agent without a window, until a signal or a drain. Returns the exit code. */
export async function agentCommand(options: AgentCommandOptions): Promise<number> {
  const signals = listenForStop();
  const serverUrl = parseServerUrl(options.server);
  refuseOpenHttp(serverUrl, options.allowInsecureHttp);
  const workFolder = options.work ?? join(dataFolder(), 'agent');
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const log = createFileLog(join(workFolder, 'logs'), 'agent');
  const settings = createSettingsStore(join(workFolder, 'settings.json'), {
    origin: 'argument',
    values: givenSettings({
      serverUrl,
      mediaRoots: options.mediaRoot.length > 0 ? [...options.mediaRoot] : undefined,
      agentName: options.name,
      maxParallelJobs: options.parallel,
      speechModelPath: options.speechModel,
      allowInsecureHttp: options.allowInsecureHttp || undefined,
    }),
  });
  const token = tokenFromFile(options.tokenFile ?? join(dataFolder(), 'server', 'agent-token'));
  const agent = createAgent({ serverUrl, token, settings, workFolder, executors: allExecutors(), log });
  tellState(agent);
  const web = options.web === undefined ? undefined : await openWeb(agent, options.web, workFolder, log);
  say(`Working for ${serverUrl}; log in ${join(workFolder, 'logs', 'agent.log')}`);
  if (web !== undefined) process.stdout.write(`Page: ${web.url}\n`);
  // A tool or a share that keeps the start waiting must not keep the end waiting.
  await Promise.race([signals.first, agent.start().then(() => agent.drained)]);
  say(`Stopping: running jobs have ${options.grace} s to finish; a second signal stops at once.`);
  await agent.stop(options.grace * 1_000, signals.second);
  await web?.close();
  return EXIT.ok;
}

function openWeb(
  agent: Agent,
  port: number,
  workFolder: string,
  log: ReturnType<typeof createFileLog>,
): Promise<WebView> {
  return startWebView({ agent, staticDir: pageFolder(), port, tokenFile: join(workFolder, 'web-token'), log });
}

/** One line per change that a person at a terminal, or a service's journal, should see. */
export function tellState(agent: Agent): void {
  let told = '';
  const tell = (problem: Refusal): void => {
    const line = sentence(problem);
    if (line !== told) say(line);
    told = line;
  };
  agent.subscribe((event) => {
    if (event.type === 'serverLinkChanged') {
      if (event.server.problem !== undefined) tell(event.server.problem);
      else if (event.server.link === 'connected') {
        say(told === '' ? 'Connected.' : 'Connected again.');
        told = '';
      }
    } else if (event.type === 'capabilityChanged') {
      const { capability } = event;
      if (capability.enabled && capability.proof.status === 'failed') {
        say(`${capability.name} is not offered: ${sentence(capability.proof.reason)}`);
      }
    } else if (event.type === 'rootsChecked') {
      for (const root of event.roots) if (root.problem !== undefined) say(sentence(root.problem));
    } else if (event.type === 'jobEnded') {
      const { job } = event;
      const how =
        job.ending.kind === 'failed'
          ? `failed: ${job.ending.failure.message} [${job.ending.failure.code}]`
          : job.ending.kind;
      say(`${job.jobType} ${job.sourcePath}: ${how}`);
    }
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
