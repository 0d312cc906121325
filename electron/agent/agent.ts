import type { Answer } from '../../shared/bridge.ts';
import type { CommandName, Parsed } from '../../shared/commands.ts';
import { RUNNING_PICTURE } from '../../shared/running-picture.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { createActiveRuns, type ActiveRuns } from './jobs/active-runs.ts';
import { recordYieldTime } from './yield/record-yield-time.ts';
import { abortAfter, withTimeout } from '../work/clock.ts';
import { agentHandlers, executeBy } from './commands/handlers.ts';
import { saveRoots } from './commands/change-settings.ts';
import type { OperatorPart } from './commands/operator-part.ts';
import type { ServerAccessDeps } from './commands/server-access.ts';
import { createAssembly, fetchOf, type AgentDeps, type Assembly } from './assembly.ts';
import { logLife } from './diagnostics/log-life.ts';
import { createProxySaver, type ProxySaver } from './exports/save-proxies.ts';
import { readInstallation } from './server/installation-id.ts';
import { createIntake, type Intake } from './intake/intake.ts';
import { createRetention, type RetentionServices } from './jobs/retention.ts';
import type { AgentServices } from './jobs/services.ts';
import { respondWith } from './results/open-kept.ts';
import { createRunningPictures } from './jobs/running-picture.ts';
import { sweepStrayChildren } from '../work/process/sweep.ts';
import { shutDown } from './shutdown.ts';
import type { StoreListener } from './store/store.ts';
import { sweepWorkspaces } from '../work/workspace/workspace.ts';
import { agentYielding } from './yield/agent-yielding.ts';
import { createLoadHistory, type LoadHistory } from './yield/load-history.ts';
import type { Yielding } from './yield/yielding.ts';

/** A server that has not begun to answer by then is away. */
const DERIVED_ANSWER_MS = 20_000;

export interface Agent {
  /** Finds tools, proves capabilities, takes up unfinished runs, begins to poll. Resolves when polling began. */
  start(): Promise<void>;
  snapshot(): Snapshot;
  subscribe(listener: StoreListener): () => void;
  execute<N extends CommandName>(name: N, input: Parsed<N>): Promise<Answer<N>>;
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response | null>;
  /** Looks for work now. */
  wake(): void;
  /** Resolves when a drain that was asked for by a command is over. */
  readonly drained: Promise<void>;
  /** Drains for at most `graceMs`, gives the rest back, signs off and closes. `hurry` ends the grace. */
  stop(graceMs: number, hurry?: AbortSignal): Promise<void>;
}

/** What retention no longer keeps is removed this often, and at the start. */
const HOUSEKEEPING_MS = 3_600_000;
/** After the last word a stopping agent waits no longer than this for what is still under way. */
const LAST_WAIT_MS = 600;

/** One agent. Throws StartError when the work folder cannot be used. */
export function createAgent(deps: AgentDeps): Agent {
  return assemble(deps, createAssembly(deps));
}

function assemble(deps: AgentDeps, assembly: Assembly): Agent {
  const { services, capabilities, owner, proofs, registerAgent } = assembly;
  const { store } = services;
  const stopping = new AbortController();
  const drained = Promise.withResolvers<void>();
  const wake = (): void => intake.wake();
  const runs: ActiveRuns = createActiveRuns({
    services,
    stopping: stopping.signal,
    mayStart: () => intake.open(),
    isSuspended: () => yielding.suspends(),
    onChange: wake,
    onEnded: (since) => intake.pollNow(since),
  });
  const yielding = agentYielding({ services, runs: () => runs, proofs, sources: deps.activitySources, onChange: wake });
  const intake: Intake = createIntake({ services, runs, capabilities, registerAgent, yielding });
  const drain = (): void => {
    intake.close();
    store.emit({ type: 'phaseChanged', phase: 'draining' });
    void runs.settled(stopping.signal).then(() => drained.resolve());
  };
  const changing = { services, capabilities, settings: deps.settings, wake };
  const operator = deps.operator?.({
    ...changing,
    reasonOf: intake.reasonOf,
    saveRoots: (roots) => saveRoots(changing, roots),
  });
  const openFile = fileOpener(operator, services);
  const saver = saverOf(services, openFile);
  const load = createLoadHistory();
  const handlers = agentHandlers({
    ...serverAccess(deps, services),
    ...changing,
    runs,
    models: assembly.models,
    yielding,
    saver,
    load,
    drain,
    operator,
  });
  let stopped: Promise<void> | undefined;
  const isStopped = (): boolean => stopped !== undefined;
  let starting: Promise<void> = Promise.resolve();
  return {
    snapshot: store.snapshot,
    subscribe: store.subscribe,
    drained: drained.promise,
    wake: () => intake.pollNow(),
    async start() {
      starting = begin({ services, owner, capabilities, runs, intake, yielding, operator, load, stopping, isStopped });
      try {
        await starting;
      } catch (error) {
        // Of an agent that was stopped meanwhile, whose journal is closed, there is nothing to begin.
        if (!isStopped()) throw error;
      }
    },
    execute: executeBy(handlers),
    openDerived: openFile,
    stop(graceMs, hurry) {
      stopped ??= end(deps, assembly, { runs, intake, yielding, saver, operator, stopping, starting }, graceMs, hurry);
      return stopped;
    },
  };
}

interface Beginning extends Pick<Running, 'runs' | 'intake' | 'yielding' | 'operator' | 'stopping'> {
  readonly services: AgentServices;
  readonly owner: string;
  readonly capabilities: Assembly['capabilities'];
  readonly load: LoadHistory;
  readonly isStopped: () => boolean;
}

/** Takes up what an earlier life left, then the work. It looks after each wait whether it was stopped meanwhile. */
async function begin({ services, isStopped, runs, operator, ...parts }: Beginning): Promise<void> {
  logLife(services);
  await clearLeftovers(services, parts.owner, isStopped);
  if (isStopped()) return;
  watch(services, operator, parts.load, parts.stopping.signal);
  parts.yielding.start();
  // The server is asked about unfinished runs at once: finding tools starts programs, which takes seconds on a busy
  // machine. A job that has to go on waits for its tools by itself, and not for their proofs.
  await runs.resume();
  if (isStopped()) return;
  const ready = parts.capabilities.start();
  await Promise.race([ready, services.toolsKnown]);
  if (isStopped()) return;
  services.store.emit({ type: 'phaseChanged', phase: 'working' });
  parts.intake.start(ready);
  operator?.resume();
}

/** What goes on beside the work until the agent stops. */
function watch(
  services: AgentServices,
  operator: OperatorPart | undefined,
  load: LoadHistory,
  signal: AbortSignal,
): void {
  const { store, clock, journal } = services;
  void runRetention(services, signal);
  recordYieldTime({ store, clock, activity: journal.activity, signal });
  operator?.watch(signal);
  load.start(signal);
}

function fileOpener(operator: OperatorPart | undefined, services: AgentServices): Agent['openDerived'] {
  const pictures = createRunningPictures(services);
  return (asset, ref, range) => {
    if (ref === RUNNING_PICTURE) return pictures.find(asset);
    return operator?.openDerived(asset, ref, range) ?? openDerived(services, asset, ref, range);
  };
}

async function openDerived(
  services: Pick<AgentServices, 'client' | 'clock' | 'results'>,
  asset: string,
  ref: string,
  range?: string,
): Promise<Response | null> {
  const kept = await services.results?.find(asset, ref);
  if (kept) return respondWith(kept, range);
  // Only the answer is bounded: a paused player reads its body for as long as it likes.
  const unanswered = abortAfter(services.clock, DERIVED_ANSWER_MS);
  return services.client.derived(asset, ref, range, unanswered.signal).finally(unanswered.stop);
}

function saverOf({ store, clock, journal, settings, log }: AgentServices, openFile: Agent['openDerived']): ProxySaver {
  return createProxySaver({
    store,
    clock,
    proxiesOf: (assetUuids) => journal.proxiesOf(assetUuids),
    savedFiles: journal.activity,
    roots: () => settings().mediaRoots,
    openDerived: (asset, ref) => openFile(asset, ref),
    log,
  });
}

function serverAccess(
  deps: AgentDeps,
  { journal }: Pick<AgentServices, 'journal'>,
): Omit<ServerAccessDeps, 'services'> {
  return {
    settings: deps.settings,
    fetch: fetchOf(deps),
    token: () => deps.token.current(),
    serverUrl: deps.serverUrl,
    tokenStore: deps.tokenStore ?? null,
    installation: () => readInstallation(journal),
  };
}

interface Running {
  readonly runs: ActiveRuns;
  readonly intake: Intake;
  readonly yielding: Yielding;
  readonly saver: ProxySaver;
  readonly operator: OperatorPart | undefined;
  readonly stopping: AbortController;
  /** What the start still does; it rejects where it could not end. */
  readonly starting: Promise<void>;
}

/** Intake → runs → outbox, bounded → sign-off → journal: the order in which everything owed is written down. */
async function end(
  deps: AgentDeps,
  { services, capabilities, models, registerAgent }: Assembly,
  { runs, intake, yielding, saver, operator, stopping, starting }: Running,
  graceMs: number,
  hurry: AbortSignal = new AbortController().signal,
): Promise<void> {
  const endsBy = new Date(services.clock.now() + graceMs).toISOString();
  services.store.emit({ type: 'phaseChanged', phase: 'draining', endsBy });
  // What stands still for the editor goes on for the grace, or it could not finish.
  yielding.stop();
  saver.cancel();
  const operatorStopped = operator?.stop();
  // From now on nothing new is proved; a proof that runs is ended beside the draining.
  const proofsEnded = capabilities.stop();
  const downloadEnded = models.stop();
  await shutDown(
    {
      clock: services.clock,
      runs,
      stopIntake: () => intake.close(),
      interrupt: () => stopping.abort(),
      deregister: async (timeoutMs) => {
        if (services.connection.link !== 'connected') return;
        const late = abortAfter(services.clock, timeoutMs);
        await registerAgent([], late.signal).finally(late.stop);
      },
    },
    graceMs,
    hurry,
  );
  // Bounded: a proof's child or a share that does not answer must not hold up the end.
  const begun = starting.catch(() => undefined);
  const ended = Promise.all([begun, proofsEnded, downloadEnded, intake.ended(), saver.settled(), operatorStopped]);
  await withTimeout(services.clock, LAST_WAIT_MS, ended, undefined);
  await services.leases.close();
  deps.token.close();
  services.store.emit({ type: 'phaseChanged', phase: 'stopped' });
  services.journal.close();
}

async function runRetention(services: RetentionServices, signal: AbortSignal): Promise<void> {
  const removeExpired = createRetention(services);
  while (!signal.aborted) {
    await removeExpired().catch((error: unknown) => services.log.warn({ err: error }, 'house-keeping failed'));
    await services.clock.sleep(HOUSEKEEPING_MS, signal);
  }
}

/** What an earlier life left behind: its children and its folders. The journal of an agent that was stopped is closed. */
async function clearLeftovers(
  { journal, log, workFolder }: Pick<AgentServices, 'journal' | 'log' | 'workFolder'>,
  owner: string,
  isStopped: () => boolean,
): Promise<void> {
  const { ended } = await sweepStrayChildren(owner);
  if (isStopped()) return;
  if (ended.length > 0) log.warn({ ended: ended.length }, 'ended processes that an earlier run left behind');
  await sweepWorkspaces(workFolder, new Set(journal.runs().map((run) => run.runId)));
}
