import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings } from '../../shared/settings.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import type { OperatorContext, OperatorPart } from './commands/operator-part.ts';
import { jobConfinement } from '../work/capabilities/process-maker.ts';
import { wantedProfiles } from './intake/admission.ts';
import { createCapabilities } from '../work/capabilities/capabilities.ts';
import type { Capabilities } from '../work/capabilities/capabilities-port.ts';
import type { TextStore } from '../work/storage/text-store.ts';
import { instant, systemClock, type Clock } from '../work/clock.ts';
import type { TokenStore } from './commands/server-access.ts';
import { createConnection } from './server/connection.ts';
import { leaseThreadUrl } from './lease/lease-thread-url.ts';
import type { ExecutorRegistry } from '../work/executors/registry.ts';
import { initialSnapshot } from './store/initial-snapshot.ts';
import { readInstallation } from './server/installation-id.ts';
import { META_AGENT_ID, register } from './intake/register.ts';
import { createJobLogs, type JobLogs } from './jobs/job-log.ts';
import type { AgentServices } from './jobs/services.ts';
import { Journal } from './journal/journal.ts';
import { createLeases } from './lease/leases.ts';
import type { Log } from './diagnostics/log.ts';
import { createSourceProbes } from '../work/media/source-probes.ts';
import { createSourceReaders } from '../work/media/source-readers.ts';
import { ownerOf } from '../work/process/environment.ts';
import type { JobProcesses } from '../work/process/child.ts';
import { createJobProcesses } from '../work/process/job-processes.ts';
import { endInWords, listenedProcesses, shellCommand, type ProcessListener } from '../work/process/logged-processes.ts';
import { workNice } from '../work/process/priority.ts';
import { createSandboxPort, type SandboxPort } from '../work/process/sandbox-port.ts';
import { createResults } from './results/results.ts';
import { createClient, type Credentials } from './server/client.ts';
import { createNetworkFetch, type NetworkFacts } from './server/network-fetch.ts';
import type { SettingsStore } from './settings/settings-store.ts';
import { createMediaRoots } from '../work/storage/media-roots.ts';
import { createAgentModels } from './models/agent-models.ts';
import type { ModelCommands } from '../work/speech/model-commands.ts';
import { createStore, nextEvent } from './store/store.ts';
import type { TokenSource } from './server/token-source.ts';
import { VERSION } from './version.ts';
import { workspacePath } from '../work/workspace/workspace.ts';
import { createProofProcesses, type ProofProcesses } from './yield/proof-processes.ts';
import type { ActivitySources } from './yield/activity-sources.ts';

export interface AgentDeps {
  /** Without `/api/v1`. */
  readonly serverUrl: string;
  readonly token: TokenSource;
  readonly settings: SettingsStore;
  /** Journal, run folders and upload state; one agent per work folder. */
  readonly workFolder: string;
  /** The agent's own folder of speech models; default: in the work folder. */
  readonly modelsFolder?: string;
  readonly executors: ExecutorRegistry;
  /** Where `log` writes its files, for diagnostics; default: `logs` in the work folder. */
  readonly logFolder?: string;
  readonly log: Log;
  /** Present when the embedded server runs in this process. */
  readonly operator?: (context: OperatorContext) => OperatorPart;
  /** Where a new token is kept; absent when the token was given for this run only. */
  readonly tokenStore?: TokenStore;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly bundledDir?: string;
  /** What children are shut in by; default: one of its own. */
  readonly sandbox?: SandboxPort;
  /** Whether graphics cards are tried that no job may use, for a page that shows them. Default: yes. */
  readonly triesUnusedCards?: boolean;
  /** Where proofs are remembered; default: the journal. */
  readonly proofs?: TextStore;
  readonly clock?: Clock;
  /** Nice value of children; default: below everything of the editor's (process/priority.ts). */
  readonly nice?: number;
  /** What tells whether the editor needs the machine, where the caller knows better than the system's own sources. */
  readonly activitySources?: Partial<ActivitySources>;
  readonly fetch?: typeof fetch;
  /** Proxy and authorities; default: straight to the server. */
  readonly network?: NetworkFacts;
  /** Reaches what is not the server, such as a publisher of speech models; default: the way to the server. */
  readonly outside?: typeof fetch;
  readonly random?: () => number;
}

/** One `fetch` for all calls of an agent: each that is made has connections of its own. */
export function fetchOf({ fetch: given, network = {} }: Pick<AgentDeps, 'fetch' | 'network'>): typeof fetch {
  return given ?? createNetworkFetch(network);
}

/** The parts of one agent, and what only its owner does with them. */
export interface Assembly {
  readonly services: AgentServices;
  readonly capabilities: Capabilities;
  readonly models: ModelCommands;
  readonly proofs: ProofProcesses;
  readonly owner: string;
  readonly registerAgent: (declared: readonly string[], signal?: AbortSignal) => ReturnType<typeof register>;
}

/** Makes the parts of one agent. Throws StartError when the work folder cannot be used. */
export function createAssembly(given: AgentDeps): Assembly {
  const context = createAssemblyContext(given);
  const { deps, clock, store, owner, identity, credentials, env, modelsFolder } = context;
  const processes = createProcessMaker(context);
  const proofs = createProofProcesses();
  const capabilities = createAgentCapabilities(context, processes, proofs);
  const services = createServices(context, processes, capabilities);
  const renewed = (): void => services.leases.setCredentials(credentials());
  deps.token.onChange(() => {
    renewed();
    services.connection.retryNow();
  });
  const models = createAgentModels({
    folder: modelsFolder,
    settings: deps.settings,
    store,
    clock,
    env,
    fetch: deps.outside ?? fetchOf(deps),
    onChanged: () => void capabilities.refresh(),
  });
  return { services, capabilities, models, proofs, owner, registerAgent: registerAs(services, identity, renewed) };
}

/** What every part of an agent stands on. */
type AssemblyContext = ReturnType<typeof createAssemblyContext>;

function createAssemblyContext(given: AgentDeps) {
  // Children work in folders of their own: a relative work folder would be another one for them.
  const deps = { ...given, workFolder: resolve(given.workFolder) };
  const clock = deps.clock ?? systemClock;
  mkdirSync(deps.workFolder, { recursive: true, mode: 0o700 });
  const journal = new Journal(join(deps.workFolder, 'journal.sqlite'));
  const identity = readIdentity(journal);
  const credentials = (): Credentials => ({
    token: deps.token.current(),
    ...(identity.agentId === undefined ? {} : { agentId: identity.agentId }),
  });
  return {
    deps,
    clock,
    journal,
    identity,
    credentials,
    settings: (): Settings => deps.settings.view().values,
    env: deps.env ?? process.env,
    store: createStore(firstSnapshot(deps, { journal, clock, identity })),
    owner: ownerOf(identity.installationId, deps.workFolder),
    modelsFolder: deps.modelsFolder ?? join(deps.workFolder, 'models'),
  };
}

interface ProcessMaker {
  readonly sandbox: SandboxPort;
  /** `folder`: what the children may write, below the run folders; default: the run's own. */
  make(runId: string, jobId: string, folder?: string): JobProcesses;
}

function createProcessMaker({ deps, settings, env, owner, modelsFolder }: AssemblyContext): ProcessMaker {
  const sandbox = deps.sandbox ?? createSandboxPort({ policy: () => settings().sandbox, env });
  const nice = deps.nice ?? workNice(env);
  return {
    sandbox,
    make(runId, jobId, folder = runId) {
      const workspace = workspacePath(deps.workFolder, folder);
      const confinement = jobConfinement(sandbox, workspace, { settings, modelsFolder });
      return createJobProcesses({ runId, owner, jobId, nice, cpuCores: settings().cpuCores, confinement });
    },
  };
}

function createAgentCapabilities(
  context: AssemblyContext,
  { sandbox, make }: ProcessMaker,
  proofs: ProofProcesses,
): Capabilities {
  const { deps, settings, env, journal, store, clock, modelsFolder } = context;
  return createCapabilities({
    executors: deps.executors,
    settings,
    env,
    ...(deps.bundledDir === undefined ? {} : { bundledDir: deps.bundledDir }),
    workFolder: deps.workFolder,
    agentVersion: VERSION,
    processes: (jobId) => {
      const processes = make(`proof-${randomUUID()}`, jobId, jobId);
      return jobId === 'find-tools' ? processes : proofs.track(processes);
    },
    sandbox,
    modelsFolder,
    store: deps.proofs ?? { get: (key) => journal.proof(key), set: (key, value) => journal.setProof(key, value) },
    emit: store.emit,
    now: clock.now,
    triesUnusedCards: deps.triesUnusedCards,
    wanted: () => wantedProfiles(store.snapshot()),
  });
}

function createServices(context: AssemblyContext, { make }: ProcessMaker, capabilities: Capabilities): AgentServices {
  const { deps, clock, journal, store, settings, credentials } = context;
  const { log, serverUrl, network, workFolder, executors } = deps;
  const random = deps.random ?? Math.random;
  const { monotonic } = clock;
  const jobLogs = createJobLogs();
  const limitBytes = (): number => settings().workLimitGb * 1e9;
  const lease = { threadUrl: leaseThreadUrl(), serverUrl, credentials, clock, log };
  return {
    clock,
    uuid: randomUUID,
    log,
    store,
    jobLogs,
    journal,
    client: createClient({
      serverUrl,
      fetch: fetchOf(deps),
      proxyUrl: network?.proxyUrl,
      credentials,
      monotonic,
      storeOrigins: () => settings().storeOrigins,
    }),
    connection: createConnection({
      store,
      clock,
      random,
      refreshToken: () => deps.token.refresh(),
      tokenProblem: () => deps.token.problem?.() ?? null,
    }),
    leases: createLeases({ ...lease, ...(network === undefined ? {} : { network }) }),
    roots: createMediaRoots(settings().mediaRoots, clock),
    executors,
    toolbox: () => capabilities.toolbox(),
    toolsKnown: nextEvent(store, 'toolsFound'),
    settings,
    hardware: capabilities.hardware,
    probes: createSourceProbes(),
    readers: createSourceReaders(clock),
    workFolder,
    logFolder: deps.logFolder ?? join(workFolder, 'logs'),
    createProcesses: (runId, jobId) => listenedProcesses(make(runId, jobId), logOf(jobLogs, jobId, clock)),
    version: VERSION,
    results: deps.operator === undefined ? createResults({ rows: journal.results, workFolder, limitBytes }) : null,
    noteOutcome: (ended, outcome) => capabilities.noteOutcome(ended, outcome),
  };
}

function firstSnapshot(
  deps: AgentDeps,
  { journal, clock, identity }: { readonly journal: Journal; readonly clock: Clock; readonly identity: Identity },
): Snapshot {
  return initialSnapshot({
    journal,
    clock,
    settings: deps.settings.view(),
    serverUrl: deps.serverUrl,
    installationId: identity.installationId,
    agentId: identity.agentId,
    version: VERSION,
    embeddedServer: deps.operator !== undefined,
    workFolder: deps.workFolder,
  });
}

/** Every command and how it ended, for the person who asks what exactly was run. */
function logOf(jobLogs: JobLogs, jobId: string, clock: Clock): ProcessListener {
  const add = (level: 'debug' | 'info', message: string): void =>
    jobLogs.add(jobId, { at: instant(clock), level, message });
  return {
    started: (command) => add('info', `$ ${shellCommand(command)}`),
    ended: ({ end, wallMs }) => add('debug', `${endInWords(end)} after ${Math.round(wallMs)} ms`),
  };
}

function registerAs(services: AgentServices, identity: Identity, renewed: () => void): Assembly['registerAgent'] {
  const { installationId } = identity;
  const setAgentId = (agentId: string): void => {
    if (identity.agentId === agentId) return;
    identity.agentId = agentId;
    renewed();
  };
  return (declared, signal) => register(services, { installationId, setAgentId }, declared, signal);
}

interface Identity {
  readonly installationId: string;
  agentId: string | undefined;
}

/** Made once; the same after every restart. */
function readIdentity(journal: Journal): Identity {
  return { installationId: readInstallation(journal).id, agentId: journal.meta(META_AGENT_ID) };
}
