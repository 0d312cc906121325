import { assertNever } from './assert-never.ts';
import type { AgentEvent } from './event.ts';
import { HISTORY_LIMIT, type EndedJob, type RunningJob, type Snapshot, type Totals } from './snapshot.ts';
import { defined } from './objects.ts';

/** (snapshot, event) → snapshot. Pure; the only place state changes, in the agent and in every replica. */
export function reduce(snapshot: Snapshot, event: AgentEvent): Snapshot {
  return { ...snapshot, ...change(snapshot, event), revision: snapshot.revision + 1 };
}

function inPhase(
  { endsBy: _before, ...agent }: Snapshot['agent'],
  { phase, endsBy }: { readonly phase: Snapshot['agent']['phase']; readonly endsBy?: string },
): Snapshot['agent'] {
  return { ...agent, phase, ...(endsBy === undefined ? {} : { endsBy }) };
}

function change(s: Snapshot, event: AgentEvent): Partial<Snapshot> {
  switch (event.type) {
    case 'phaseChanged':
      return { agent: inPhase(s.agent, event) };
    case 'registered':
      return {
        agent: { ...s.agent, agentId: event.agentId },
        server: event.policy === undefined ? s.server : { ...s.server, policy: event.policy },
      };
    case 'serverLinkChanged': {
      const { url, policy, clockAheadMs } = s.server;
      const kept = {
        ...defined({ policy, clockAheadMs }),
      };
      return { server: { url, ...kept, ...event.server } };
    }
    case 'serverAnswered':
      return {
        server: {
          ...s.server,
          lastContactAt: event.at,
          ...(event.clockAheadMs === undefined ? {} : { clockAheadMs: event.clockAheadMs }),
        },
      };
    case 'capabilityChanged':
      return { capabilities: replaceOrAppend(s.capabilities, event.capability, (entry) => entry.name) };
    case 'toolsFound':
      return { tools: event.tools };
    case 'acceleratorsFound':
      return { accelerators: event.accelerators };
    case 'speechModelsSeen':
      return { speechModels: { ...event.speechModels, download: s.speechModels.download } };
    case 'modelDownloadChanged':
      return { speechModels: { ...s.speechModels, download: event.download } };
    case 'sandboxChecked':
      return { sandbox: event.sandbox };
    case 'rootsChecked':
      return { roots: event.roots };
    case 'offersSeen':
      return { waiting: event.waiting };
    case 'backlogSeen':
      return { backlog: event.backlog };
    case 'queueSeen':
      return { queue: event.queue };
    case 'settingsChanged':
      return withSettings(s, event.settings);
    case 'diskChecked':
      return { disk: event.disk };
    case 'yieldingChanged':
      return { yielding: event.yielding };
    case 'addingChanged':
      return { adding: event.adding };
    case 'watchedSeen':
      return { watched: event.watched };
    case 'savingChanged':
      return { saving: event.saving };
    case 'jobClaimed':
    case 'stageEntered':
    case 'progressMade':
    case 'jobExecuted':
    case 'cancelRequested':
    case 'suspensionChanged':
    case 'jobEnded':
    case 'jobRetried':
    case 'retryTakenBack':
      return changeJobs(s, event);
    default:
      return assertNever(event);
  }
}

/** In its place again, newest first. */
function restored(failures: readonly EndedJob[], job: EndedJob): EndedJob[] {
  return [...failures.filter(({ jobId }) => jobId !== job.jobId), job]
    .sort((a, b) => b.endedAt.localeCompare(a.endedAt))
    .slice(0, HISTORY_LIMIT);
}

function withSettings({ agent }: Snapshot, settings: Snapshot['settings']): Partial<Snapshot> {
  return { settings, agent: { ...agent, maxParallelJobs: settings.values.maxParallelJobs } };
}

type JobEvent = Extract<AgentEvent, { jobId: string } | { job: EndedJob }>;

function changeJobs(s: Snapshot, event: JobEvent): Partial<Snapshot> {
  switch (event.type) {
    case 'jobClaimed':
      return { running: claim(s.running, event), waiting: s.waiting.filter((job) => job.jobId !== event.jobId) };
    case 'stageEntered':
      return { running: s.running.map((job) => (job.jobId === event.jobId ? inStage(job, event) : job)) };
    case 'progressMade':
      return patch(s, event.jobId, { progress: event.progress });
    case 'jobExecuted':
      return patch(s, event.jobId, { delivering: true });
    case 'cancelRequested':
      return patch(s, event.jobId, { cancelRequested: true });
    case 'suspensionChanged':
      return patch(s, event.jobId, { suspended: event.suspended });
    case 'jobEnded':
      return end(s, event);
    case 'jobRetried':
      return { failures: s.failures.filter(({ jobId }) => jobId !== event.jobId) };
    case 'retryTakenBack':
      return { failures: restored(s.failures, event.job) };
    default:
      return assertNever(event);
  }
}

function inStage(
  { pace: _before, ...job }: RunningJob,
  { stage, at, encoder, pace }: Extract<AgentEvent, { type: 'stageEntered' }>,
): RunningJob {
  return {
    ...job,
    stage,
    stageSince: at,
    ...defined({ encoder, pace }),
  };
}

function claim(running: readonly RunningJob[], event: Extract<AgentEvent, { type: 'jobClaimed' }>): RunningJob[] {
  const { jobId, jobType, assetUuid, sourcePath, alongside, at } = event;
  const job: RunningJob = {
    jobId,
    jobType,
    assetUuid,
    sourcePath,
    stage: 'claimed',
    claimedAt: at,
    stageSince: at,
    delivering: false,
    cancelRequested: false,
    suspended: false,
    ...defined({ alongside }),
  };
  return [...running.filter((entry) => entry.jobId !== jobId), job];
}

function patch(s: Snapshot, jobId: string, change: Partial<RunningJob>): Partial<Snapshot> {
  return { running: s.running.map((job) => (job.jobId === jobId ? { ...job, ...change } : job)) };
}

function end(s: Snapshot, { job, newFile = false }: Extract<AgentEvent, { type: 'jobEnded' }>): Partial<Snapshot> {
  const running = s.running.filter((entry) => entry.jobId !== job.jobId);
  const push = (list: readonly EndedJob[]): EndedJob[] =>
    [job, ...list.filter((entry) => entry.jobId !== job.jobId)].slice(0, HISTORY_LIMIT);
  const totals = count(s.totals, job, newFile);
  return job.ending.kind === 'done'
    ? { running, totals, done: push(s.done), failures: s.failures.filter((entry) => entry.jobId !== job.jobId) }
    : { running, totals, failures: push(s.failures) };
}

function count(totals: Totals, { ending }: EndedJob, newFile: boolean): Totals {
  switch (ending.kind) {
    case 'done':
      return { ...totals, done: totals.done + 1, doneFiles: totals.doneFiles + (newFile ? 1 : 0) };
    case 'failed':
      return { ...totals, failed: totals.failed + 1 };
    case 'given-back':
    case 'lease-lost':
    case 'cancelled':
      return { ...totals, givenBack: totals.givenBack + 1 };
    default:
      return assertNever(ending);
  }
}

function replaceOrAppend<T>(list: readonly T[], entry: T, key: (entry: T) => string): readonly T[] {
  return list.some((other) => key(other) === key(entry))
    ? list.map((other) => (key(other) === key(entry) ? entry : other))
    : [...list, entry];
}
