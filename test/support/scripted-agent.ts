import { planOfDone } from './scripted-saving.ts';
import { performSetup } from './scripted-setup.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import type { AgentPort } from '../../electron/gateway/agent-port.ts';
import type { Answer } from '../../shared/bridge.ts';
import type { CommandName, JobLogLine, Parsed } from '../../shared/commands.ts';
import type { AgentEvent } from '../../shared/event.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { LoadSample } from '../../shared/result-commands.ts';
import { RUNNING_PICTURE } from '../../shared/running-picture.ts';
import { containsText } from '../../shared/text-search.ts';
import type { CapabilityName } from '../../shared/job.ts';
import type { CapabilityState } from '../../shared/capability-state.ts';
import type { EndedJob, Snapshot, WaitingJob } from '../../shared/snapshot.ts';

export interface DerivedFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ScriptedAgent extends AgentPort {
  emit(event: AgentEvent): void;
  /** Commands in the order in which they arrived. */
  readonly executed: { readonly name: CommandName; readonly input: unknown }[];
  /** Makes the next commands of this name answer with a refusal. */
  refuse(name: CommandName, refusal: Refusal): void;
  /** `asset/ref` → file. */
  readonly derived: Map<string, DerivedFile>;
  readonly reports: Map<string, unknown>;
  readonly logs: Map<string, readonly JobLogLine[]>;
  /** Older than what the snapshot holds; answered by `history`. */
  readonly older: EndedJob[];
  /** All that waits on the server; answered by `searchQueue`. Empty: what the snapshot holds. */
  readonly queued: WaitingJob[];
  /** What `machineLoad` answers. */
  readonly load: LoadSample[];
}

/**
 * An agent without jobs of its own: tests say what happens by `emit`, and state changes by the real `reduce`.
 * Commands have the same visible effect as in the real agent, a moment later, as events.
 */
export function createScriptedAgent(initial: Snapshot): ScriptedAgent {
  const store = createStore(initial);
  const refusals = new Map<CommandName, Refusal>();
  const agent: ScriptedAgent = {
    ...store,
    executed: [],
    derived: new Map(),
    reports: new Map(),
    logs: new Map(),
    older: [],
    queued: [],
    load: [],
    refuse: (name, refusal) => void refusals.set(name, refusal),
    execute: async <N extends CommandName>(name: N, input: Parsed<N>): Promise<Answer<N>> => {
      // A page asks for it by itself, again and again: nobody's wish.
      if (name !== 'machineLoad') agent.executed.push({ name, input });
      const refusal = refusals.get(name);
      if (refusal !== undefined) return { ok: false, refusal };
      // The table below answers each name with that name's output; the compiler cannot follow N through it.
      return { ok: true, output: await perform(agent, name, input as PlainInput) } as Answer<N>;
    },
    openDerived: async (assetUuid, ref, range) => {
      const file = agent.derived.get(`${assetUuid}/${ref}`);
      return file === undefined && ref === RUNNING_PICTURE ? new Response(null, { status: 204 }) : respond(file, range);
    },
  };
  return agent;
}

interface PlainInput {
  readonly jobId?: string;
  readonly capability?: CapabilityName;
  readonly enabled?: boolean;
  readonly ending?: 'done' | 'failed';
  readonly cursor?: string;
  readonly limit?: number;
  readonly search?: string;
  readonly jobIds?: readonly string[];
  readonly operation?: string;
}

/** Failures whose jobs are in the queue again. */
const settled = new Map<string, EndedJob>();

function perform(agent: ScriptedAgent, name: CommandName, input: PlainInput): unknown {
  const later = (event: AgentEvent): void => void setTimeout(() => agent.emit(event), 20);
  const { jobId = '' } = input;
  switch (name) {
    case 'finishThenPause':
    case 'stopNow':
    case 'pause':
    case 'resume':
    case 'drain':
      later({
        type: 'phaseChanged',
        phase: ({ resume: 'working', drain: 'draining' } as const)[name as 'resume'] ?? 'paused',
      });
      return {};
    case 'setCapability':
      later({ type: 'capabilityChanged', capability: switched(agent, input) });
      return {};
    case 'testCapability':
      later({
        type: 'capabilityChanged',
        capability: {
          ...capabilityOf(agent, input),
          proof: { status: 'running', startedAt: new Date().toISOString() },
        },
      });
      return {};
    case 'cancelJob':
      later({ type: 'cancelRequested', jobId });
      return {};
    case 'retryJob': {
      const failed = agent.snapshot().failures.find((job) => job.jobId === jobId);
      if (failed !== undefined) settled.set(jobId, failed);
      later({ type: 'jobRetried', jobId });
      return {};
    }
    case 'takeBackRetry': {
      const job = settled.get(jobId);
      if (job !== undefined) later({ type: 'retryTakenBack', job });
      return {};
    }
    case 'jobLog':
      return { lines: agent.logs.get(jobId) ?? [] };
    case 'report':
      return { report: agent.reports.get(jobId) ?? null };
    case 'history': {
      const from = Number(input.cursor ?? 0);
      const limit = input.limit ?? 50;
      const fitting = agent.older.filter(({ sourcePath }) => containsText(sourcePath, input.search ?? ''));
      const items = fitting.slice(from, from + limit);
      return from + limit < fitting.length ? { items, nextCursor: String(from + limit) } : { items };
    }
    case 'searchQueue': {
      const from = Number(input.cursor ?? 0);
      const limit = input.limit ?? 200;
      const all = agent.queued.length > 0 ? agent.queued : agent.snapshot().waiting;
      const fitting = all.filter(({ sourcePath }) => containsText(sourcePath, input.search ?? ''));
      const page = { items: fitting.slice(from, from + limit), total: fitting.length };
      return from + limit < fitting.length ? { ...page, nextCursor: String(from + limit) } : page;
    }
    case 'operateJobs': {
      const chosen = new Set(input.jobIds);
      const { waiting } = agent.snapshot();
      const changed = waiting.filter((job) => chosen.has(job.jobId));
      if (input.operation === 'cancel' || input.operation === 'hold') {
        later({ type: 'offersSeen', waiting: waiting.filter((job) => !chosen.has(job.jobId)) });
      }
      return { jobs: changed.map((job) => ({ jobId: job.jobId, priority: job.priority })) };
    }
    case 'planSaving':
      return planOfDone(agent.snapshot().done, input as unknown as Parsed<'planSaving'>);
    case 'machineLoad':
      return { samples: agent.load };
    case 'activity':
      return { days: [] };
    case 'diagnostics':
      return { fileName: 'diagnostics.zip', zipBase64: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==' };
    default:
      return performSetup(agent, name, { ...input }) ?? {};
  }
}

function capabilityOf(agent: ScriptedAgent, input: PlainInput): CapabilityState {
  const capability = agent.snapshot().capabilities.find(({ name }) => name === input.capability);
  if (capability === undefined) throw new Error(`no such capability: ${input.capability}`);
  return capability;
}

function switched(agent: ScriptedAgent, input: PlainInput): CapabilityState {
  const capability = capabilityOf(agent, input);
  const enabled = input.enabled === true;
  return { ...capability, enabled, declared: enabled && capability.proof.status === 'passed' };
}

/** Answers like a file server: 200, 206 or 416. */
function respond(file: DerivedFile | undefined, range: string | undefined): Response {
  if (file === undefined) return new Response(null, { status: 404 });
  const headers = { 'content-type': file.contentType, 'accept-ranges': 'bytes' };
  const size = file.bytes.length;
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
  if (match === null) return new Response(file.bytes, { headers: { ...headers, 'content-length': String(size) } });
  const suffix = match[1] === '';
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start >= size) return new Response(null, { status: 416, headers: { 'content-range': `bytes */${size}` } });
  const bytes = file.bytes.slice(start, end + 1);
  return new Response(bytes, {
    status: 206,
    headers: { ...headers, 'content-length': String(bytes.length), 'content-range': `bytes ${start}-${end}/${size}` },
  });
}
