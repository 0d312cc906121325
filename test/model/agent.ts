import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { createActiveRuns } from '../../electron/agent/jobs/active-runs.ts';
import type { Capabilities } from '../../electron/work/capabilities/capabilities-port.ts';
import { createConnection } from '../../electron/agent/server/connection.ts';
import type { ExecutionContext, ExecutionSuccess } from '../../electron/work/execution.ts';
import { createIntake, type Intake } from '../../electron/agent/intake/intake.ts';
import { register } from '../../electron/agent/intake/register.ts';
import { createJobLogs } from '../../electron/agent/jobs/job-log.ts';
import type { AgentServices } from '../../electron/agent/jobs/services.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { createLeaseLoop } from '../../electron/agent/lease/lease-loop.ts';
import { createLeases, type LeaseThread } from '../../electron/agent/lease/leases.ts';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { createClient, type Credentials } from '../../electron/agent/server/client.ts';
import type { MediaRoots } from '../../electron/work/storage/media-roots.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import { sweepWorkspaces } from '../../electron/work/workspace/workspace.ts';
import { createSourceProbes } from '../../electron/work/media/source-probes.ts';
import { createSourceReaders } from '../../electron/work/media/source-readers.ts';
import { sha256 } from '../../server/hash.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import type { FakeTime, Owner } from '../support/fake-time.ts';
import type { Line, Network } from './network.ts';
import type { Oracle } from './oracle.ts';

/** The main loop's sign of life, as leases.ts gives it. */
const ALIVE_MS = 10_000;
/** An executor looks up this often. */
const STEP_MS = 1_000;

export interface AgentWorld {
  readonly time: FakeTime;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly folder: string;
  readonly token: string;
}

/** One agent as its machine sees it: programs that start and die, over a work folder that stays. */
export interface ModelAgent {
  readonly line: Line;
  readonly owner: () => Owner;
  readonly alive: () => boolean;
  boot(): Promise<void>;
  /** kill -9: nothing it had under way goes on. */
  kill(): void;
  close(): void;
}

/**
 * An agent of the real parts: journal, leases, lease loop, client, claims, runs and deliveries. Made up are its
 * executor, which takes fake time, and its capabilities, which need no proof.
 */
export function createModelAgent(index: number, world: AgentWorld, line: Line): ModelAgent {
  const workFolder = join(world.folder, `agent-${index}`);
  const media = join(world.folder, 'media');
  mkdirSync(workFolder, { recursive: true });
  let owner: Owner = { frozen: false, dead: true, wallOffset: 0, asleepMs: 0 };
  let journal: Journal | undefined;
  let stop: (() => void) | undefined;
  return {
    line,
    owner: () => owner,
    alive: () => !owner.dead,
    async boot() {
      owner = { frozen: false, dead: false, wallOffset: owner.wallOffset, asleepMs: 0 };
      journal = new Journal(join(workFolder, 'journal.sqlite'));
      stop = await bootParts(index, world, { owner, line, journal, workFolder, media });
    },
    kill() {
      if (owner.dead) return;
      owner.dead = true;
      journal?.close();
    },
    close() {
      if (owner.dead) return;
      stop?.();
      owner.dead = true;
      journal?.close();
    },
  };
}

interface Machine {
  readonly owner: Owner;
  readonly line: Line;
  readonly journal: Journal;
  readonly workFolder: string;
  readonly media: string;
}

/** What agent.ts does at a start, without tools and proofs. Answers how to end its loops. */
async function bootParts(index: number, world: AgentWorld, machine: Machine): Promise<() => void> {
  const { services, credentials } = makeServices(index, world, machine);
  const { journal } = machine;
  const stopping = new AbortController();
  await sweepWorkspaces(machine.workFolder, new Set(journal.runs().map(({ runId }) => runId)));
  const runs = createActiveRuns({
    services,
    stopping: stopping.signal,
    mayStart: () => true,
    isSuspended: () => false,
    onChange: () => intake.wake(),
    onEnded: (since) => intake.pollNow(since),
  });
  const installationId =
    journal.meta('installation_id') ?? `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`;
  journal.setMeta('installation_id', installationId);
  const setAgentId = (agentId: string): void => {
    credentials.agentId = agentId;
  };
  const intake: Intake = createIntake({
    services,
    runs,
    capabilities: CAPABLE,
    yielding: { blocksIntake: () => false, look: async () => undefined },
    registerAgent: (declared, signal) => register(services, { installationId, setAgentId }, declared, signal),
  });
  await runs.resume();
  intake.start(Promise.resolve());
  return () => {
    intake.close();
    stopping.abort();
  };
}

function makeServices(
  index: number,
  world: AgentWorld,
  { owner, line, journal, workFolder, media }: Machine,
): { readonly services: AgentServices; readonly credentials: { token: string; agentId?: string } } {
  const { time, oracle } = world;
  const clock = time.clockOf(owner);
  const log = pino({ level: 'silent' });
  const store = createStore(sampleSnapshot());
  // Small and even, so that every wait is shorter than what the oracle allows for.
  const random = (): number => 0.1;
  const agentId = journal.meta('agent_id');
  const credentials: { token: string; agentId?: string } = { token: world.token };
  if (agentId !== undefined) credentials.agentId = agentId;
  const serverUrl = 'http://catalogue.model';
  const client = createClient({
    serverUrl,
    fetch: world.network.fetchOf(index, owner, line),
    credentials: (): Credentials => credentials,
    monotonic: clock.monotonic,
    timeout: time.timeoutOf(owner),
  });
  const services: AgentServices = {
    clock,
    uuid: randomUUID,
    log,
    store,
    jobLogs: createJobLogs(),
    journal,
    probes: createSourceProbes(),
    readers: createSourceReaders(clock),
    client,
    connection: createConnection({ store, clock, random, refreshToken: () => false }),
    leases: createLeases({
      threadUrl: new URL('model:'),
      serverUrl,
      credentials: (): Credentials => credentials,
      clock,
      log,
      startThread: ({ onMessage }) => startLoop(time, owner, client, onMessage),
    }),
    roots: rootsAt(join(media, 'clip.mov')),
    executors: {
      generate_thumbnails: {
        jobType: 'generate_thumbnails',
        needs: ['ffmpeg', 'ffprobe', 'media-worker'],
        estimateBytes: () => 1_000,
        execute: (context) => work(context, index, { time, owner, journal, oracle }),
        proof: { what: '', sample: { fileName: '', args: [] }, inputs: {}, check: () => null },
      },
    },
    toolbox: () => ({ ffmpeg: { path: '/nowhere', version: '0' }, ffprobe: { path: '/nowhere', version: '0' } }),
    toolsKnown: Promise.resolve(),
    settings: () => ({ ...defaultSettings(), maxParallelJobs: 2 }),
    workFolder,
    logFolder: join(workFolder, 'logs'),
    createProcesses: () => NO_PROCESSES,
    version: '0.0.0',
    results: null,
    noteOutcome: () => undefined,
  };
  return { services, credentials };
}

function startLoop(
  time: FakeTime,
  owner: Owner,
  client: ReturnType<typeof createClient>,
  onMessage: Parameters<NonNullable<Parameters<typeof createLeases>[0]['startThread']>>[0]['onMessage'],
): LeaseThread {
  const clock = time.clockOf(owner);
  const loop = createLeaseLoop({ client, clock, send: onMessage, killGroup: () => undefined });
  const showLife = async (): Promise<void> => {
    while (!owner.dead) {
      await clock.sleep(ALIVE_MS);
      loop.receive({ type: 'alive' });
    }
  };
  void showLife();
  return { postMessage: (message) => loop.receive(message), terminate: () => Promise.resolve() };
}

interface Workshop {
  readonly time: FakeTime;
  readonly owner: Owner;
  readonly journal: Journal;
  readonly oracle: Oracle;
}

/** Works for as many seconds as the job's profile says, telling the oracle, and makes one small file. */
async function work(
  context: ExecutionContext<'generate_thumbnails'>,
  agent: number,
  { time, owner, journal, oracle }: Workshop,
): Promise<ExecutionSuccess<'generate_thumbnails'>> {
  const clock = time.clockOf(owner);
  const runId = context.workspace.split('/').at(-1);
  const token = journal.runs().find((run) => run.runId === runId)?.lockToken ?? '';
  const until = clock.monotonic() + Number(context.job.thumbnailProfile ?? '0') * 1_000;
  while (clock.monotonic() < until) {
    await clock.sleep(Math.min(STEP_MS, until - clock.monotonic()), context.signal);
    if (context.signal.aborted) throw new Error('stopped');
    oracle.working(agent, token);
  }
  oracle.made(agent, context.job.jobId);
  // At once: how files reach the disk is the power-loss campaign's question, and fake time must not pass meanwhile.
  const content = `made by ${agent} at ${clock.monotonic()}`;
  writeFileSync(join(context.workspace, 'thumb.webp'), content);
  const sealed = { sizeBytes: Buffer.byteLength(content), sha256: sha256(content) };
  return {
    artifacts: [{ kind: 'thumb', file: 'thumb.webp', contentType: 'image/webp', ...sealed }],
    outputs: {
      jobType: 'generate_thumbnails',
      thumbs: [{ artifact: 0, facts: { index: 0, time_ms: 0, width: 16, height: 9 } }],
    },
    warnings: [],
    metrics: {},
  };
}

/** One root that always answers, with one file that never changes: what files do is not this model's question. */
function rootsAt(path: string): MediaRoots {
  const source = { path, fd: -1, input: path, sizeBytes: 17, mtimeMs: 0 };
  return {
    check: () => Promise.resolve([]),
    look: () => Promise.resolve({ kind: 'claimable', sizeBytes: 17 }),
    open: async () => ({ source, handle: await open(path), identity: { sizeBytes: 17, mtimeMs: 0 } }),
    unchanged: () => Promise.resolve(true),
    setRoots: () => undefined,
  };
}

const CAPABLE: Capabilities = {
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  setEnabled: () => undefined,
  test: () => Promise.reject(new Error('not part of the model')),
  refresh: () => Promise.resolve(),
  noteOutcome: () => undefined,
  profileProblem: () => null,
  profilesKnown: () => Promise.resolve(),
  onProfile: () => () => undefined,
  declared: () => ['media.thumbnails@1'],
  states: () => [],
  tools: () => [],
  accelerators: () => [],
  toolbox: () => null,
  acceleratorsKnown: () => Promise.resolve(),
  hardware: { ready: () => Promise.resolve([]), worked: () => undefined, failed: () => undefined },
  onChange: () => () => undefined,
};

const NO_PROCESSES: JobProcesses = {
  run: () => Promise.reject(new Error('the model starts no programs')),
  kill: () => Promise.resolve(),
  terminate: () => Promise.resolve(),
  suspend: () => undefined,
  resume: () => undefined,
  suspended: false,
  groups: () => [],
  onGroupsChanged: () => undefined,
};
