import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { createAgent, type Agent } from '../../electron/agent/agent.ts';
import type { AgentDeps } from '../../electron/agent/assembly.ts';
import { createSettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { fixedToken } from '../../electron/agent/server/token-source.ts';
import type { ActivitySources } from '../../electron/agent/yield/activity-sources.ts';
import { createOperatorClient } from '../../electron/compose/operator/operator-client.ts';
import { operatorPart } from '../../electron/compose/operator/operator-part.ts';
import { createRulesClient } from '../../electron/compose/operator/rules-client.ts';
import { createWorkPort } from '../../electron/compose/work/work-port.ts';
import { createSandboxPort } from '../../electron/work/process/sandbox-port.ts';
import { allExecutors } from '../../electron/work/executors/registry.ts';
import { CAPABILITIES, type CapabilityName } from '../../shared/job.ts';
import type { Settings } from '../../shared/settings.ts';
import { made } from '../support/made-media.ts';
import { age, openStudio, type Operator, type Studio } from '../support/studio.ts';

/** A name no program of this machine has; the setting is how a watched program is told. */
export const EDITING_PROGRAM = 'RushTestEditor';

/** An agent with real executors beside an editor whose hands, programs and wishes the test moves. */
export interface EditRoom {
  readonly studio: Studio;
  readonly operator: Operator;
  /** Another agent on the same server; every capability but `capability` is off. */
  agent(name: string, more?: Partial<Settings>, capability?: CapabilityName): Agent;
  /** The same as the only agent of the built-in server. */
  lonely(name: string, more?: Partial<Settings>): Agent;
  /** The editor touches the machine, or went away for an hour. */
  touch(isThere: boolean): void;
  /** Opens a program outside our own process tree; answers how to close it. */
  openProgram(): () => void;
  /** The same clip under another name. Answers its source path. */
  addClip(name: string): string;
  close(): Promise<void>;
}

export async function openEditRoom(clip: string, leaseSeconds = 6): Promise<EditRoom> {
  const studio = await openStudio({ leaseSeconds });
  let idleMs = 3_600_000;
  const activitySources: Partial<ActivitySources> = {
    idleTime: { read: async () => idleMs },
    power: { onBattery: async () => false },
  };
  const agents: Agent[] = [];
  const open = (
    name: string,
    more: Partial<Settings>,
    capability: CapabilityName,
    deps: Pick<AgentDeps, 'operator'> = {},
  ): Agent => {
    const workFolder = join(studio.folder, name);
    mkdirSync(workFolder, { recursive: true });
    const capabilities = Object.fromEntries(CAPABILITIES.map((entry) => [entry, entry === capability]));
    const values: Partial<Settings> = {
      mediaRoots: [{ name: 'MEDIA', path: studio.media }],
      capabilities: capabilities as Settings['capabilities'],
      maxParallelJobs: 1,
      watchedPrograms: [EDITING_PROGRAM],
      minFreeMemoryMb: 0,
      ...more,
    };
    const agent = createAgent({
      serverUrl: studio.server.url,
      token: fixedToken(studio.server.agentToken),
      settings: createSettingsStore(null, { origin: 'user', values }),
      workFolder,
      executors: allExecutors(),
      log: pino({ level: 'silent' }),
      activitySources,
      ...deps,
    });
    agents.push(agent);
    return agent;
  };
  return {
    studio,
    operator: studio.operator,
    agent: (name, more = {}, capability = 'media.proxies.video@1') => open(name, more, capability),
    lonely(name, more = {}) {
      const client = createOperatorClient(studio.server.url, studio.server.operatorToken);
      const sandbox = createSandboxPort({ policy: () => 'auto', env: process.env });
      const rules = createRulesClient(fetch, studio.server.url, studio.server.operatorToken);
      const work = createWorkPort(client, join(studio.folder, 'samples'), { settings: () => ({}), sandbox });
      return open(name, more, 'media.proxies.video@1', { operator: operatorPart(client, rules, work) });
    },
    touch(isThere) {
      idleMs = isThere ? 0 : 3_600_000;
    },
    openProgram: () => openProgram(studio.folder),
    addClip(name) {
      copyFileSync(clip, join(studio.media, name));
      age(join(studio.media, name));
      return `MEDIA/${name}`;
    },
    async close() {
      await Promise.all(agents.map((agent) => agent.stop(0)));
      await studio.close();
    },
  };
}

/** Through a shell that ends at once, so that the program is nobody's child, as when it is started from a desktop. */
function openProgram(folder: string): () => void {
  const program = join(folder, EDITING_PROGRAM);
  copyFileSync('/bin/sleep', program);
  const script = 'setsid "$1" 600 >/dev/null 2>&1 & echo $!';
  const pid = Number(execFileSync('/bin/sh', ['-c', script, 'sh', program], { encoding: 'utf8' }));
  return () => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // closed already
    }
  };
}

/**
 * Pictures an encoder has to work for, yet well below its bit-rate limit: at the limit x264 with threads for several
 * pictures makes other bytes on every run, disturbed or not.
 */
export function restlessClip(seconds: number): Promise<string> {
  return made(`restless-${seconds}.mp4`, [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=960x540:rate=25',
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440:sample_rate=48000',
    '-t',
    String(seconds),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
    '-shortest',
  ]);
}
