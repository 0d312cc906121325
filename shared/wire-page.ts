import { z } from 'zod';
import { PART_ROLES } from './camera-cards.ts';
import { DerivedRef } from './facts.ts';
import { JOB_STATUSES } from './job.ts';
import { OPERATOR_ROLES } from './operator-roles.ts';
import { AgentPolicy } from './wire-agent-policy.ts';
import { QueueBatch, RetryRequest } from './wire.ts';

/** What the server's own page asks and is answered, beside the calls that every tool has (wire.ts). */

const Count = z.int().min(0);
const Instant = z.iso.datetime();

export const SignInRequest = z.object({ name: z.string().min(1).max(64), token: z.string().min(1).max(200) });

export const PageCaller = z.object({
  name: z.string(),
  role: z.enum(OPERATOR_ROLES),
});

export const SignInAnswer = PageCaller.extend({
  /** The bearer of every call of the page, good at its origin alone. */
  session: z.string(),
  expires_at: Instant,
});
export type SignInAnswer = z.infer<typeof SignInAnswer>;

// ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What an operator wants of an agent: it finishes what it has, and takes nothing new. */
const AgentPause = z.object({
  by: z.string(),
  note: z.string(),
  since: Instant,
  /** Absent: until somebody ends it. */
  until: Instant.optional(),
});

export const PauseAgentRequest = z.object({
  note: z.string().trim().max(300).default(''),
  /** Absent: until somebody ends it. */
  until: Instant.optional(),
});

const AgentRules = z.object({ ...AgentPolicy.shape, by: z.string(), since: Instant });

/** What an agent is working on. */
const RunningJob = z.object({
  job_id: z.guid(),
  job_type: z.string(),
  source_path: z.string(),
  progress: z.number().optional(),
  stage: z.string().optional(),
  heard_at: Instant,
  cancel_requested: z.boolean(),
});

/**
 * How an agent is, the first that is true. `standsBy`: it says so itself, for its editor. `nothing`: nothing waits that
 * it could do. `rules`: what waits for it, its rules keep from it now. `roots`: … lies where it cannot read. `full`:
 * every slot is taken. `looks`: it takes something with its next look.
 */
const AGENT_STATES = [
  'revoked',
  'away',
  'signedOff',
  'full',
  'paused',
  'standsBy',
  'works',
  'nothing',
  'rules',
  'roots',
  'looks',
] as const;
export type AgentStateName = (typeof AGENT_STATES)[number];

export const PageAgent = z.object({
  agent_id: z.guid(),
  agent_name: z.string(),
  agent_version: z.string(),
  platform: z.string().optional(),
  capabilities: z.array(z.string()),
  last_seen_at: Instant,
  state: z.enum(AGENT_STATES),
  /** With `standsBy`: why, in the agent's own word for it. */
  reason: z.string().optional(),
  slots: Count,
  running: z.array(RunningJob),
  pause: AgentPause.optional(),
  /** What an operator said for it; absent: nothing. */
  rules: AgentRules.optional(),
  revoked_at: Instant.optional(),
  /** Media roots that it can read; absent: it does not tell. */
  roots: z.array(z.string()).optional(),
  /** False: it is let in by the token that agents share. */
  own_token: z.boolean(),
});
export type PageAgent = z.infer<typeof PageAgent>;

export const PageAgents = z.object({ items: z.array(PageAgent) });
export type PageAgents = z.infer<typeof PageAgents>;

// ── what waits ──────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Why jobs wait. `capability`: no agent that is there can. `root`: no agent that is there reads the media root. `paused`:
 * every agent that could is paused here; `rules`: … is kept from it by what operators said for it; `standsBy`: … gives
 * its machine to its editor; `busy`: … has all slots taken.
 * `soon`: an agent takes them with its next look. `heldOff`: after a failure. `held`: an operator put them on hold.
 */
const WAIT_REASONS = ['capability', 'root', 'rules', 'paused', 'standsBy', 'busy', 'soon', 'heldOff', 'held'] as const;
export type WaitReasonName = (typeof WAIT_REASONS)[number];

export const WaitGroup = z.object({
  reason: z.enum(WAIT_REASONS),
  jobs: Count,
  /** `jobs` is the least: more were not counted. */
  at_least: z.boolean(),
  job_type: z.string().optional(),
  /** Of agents that are there. */
  able: Count,
  /** Names of agents that could do them, and are away. */
  away: z.array(z.string()),
  /** Agents that are there at all. */
  here: Count,
  root: z.string().optional(),
  /** `rules`: which of them, and of which agents. */
  rule: z.enum(['job_types', 'roots', 'hours', 'max_parallel_jobs']).optional(),
  agents: z.array(z.string()).optional(),
  /** `paused`, `held`: by whom, and why. */
  by: z.string().optional(),
  note: z.string().optional(),
  /** When it ends, or the first of it. */
  until: Instant.optional(),
  /** The oldest of them, and since when it waits. */
  oldest: z.object({ job_id: z.guid(), source_path: z.string(), since: Instant }).optional(),
});
export type WaitGroup = z.infer<typeof WaitGroup>;

export const PageState = z.object({
  at: Instant,
  by_status: z.record(z.enum(JOB_STATUSES), Count),
  /** Failed jobs that somebody has to look at. */
  failures: Count,
  agents: z.object({ known: Count, here: Count, working: Count, running: Count, slots: Count }),
  /** What no job is part of any more ended since an hour ago. */
  completed_lately: Count,
  waiting: z.array(WaitGroup),
  batches: z.array(QueueBatch),
});
export type PageState = z.infer<typeof PageState>;

// ── failures ────────────────────────────────────────────────────────────────────────────────────────────────────

export const FailureCause = z.object({
  /** Names the cause in other calls. */
  cause: z.string(),
  jobs: Count,
  last_at: Instant,
  /** Agents on which they failed last, those with most first. */
  agents: z.array(z.object({ agent_name: z.string(), jobs: Count })),
  /** One of them, which stands for all. */
  example: z.object({
    job_id: z.guid(),
    job_type: z.string(),
    source_path: z.string(),
    error_code: z.string(),
    message: z.string(),
  }),
});
export type FailureCause = z.infer<typeof FailureCause>;

/** `at`: when it was looked. */
export const FailureCauses = z.object({ at: Instant, items: z.array(FailureCause) });
export type FailureCauses = z.infer<typeof FailureCauses>;

export const FailedJob = z.object({
  job_id: z.guid(),
  job_type: z.string(),
  source_path: z.string(),
  agent_name: z.string().optional(),
  failed_at: Instant,
  message: z.string(),
});
export type FailedJob = z.infer<typeof FailedJob>;

export const RetryCauseRequest = z.object({
  cause: z.string().min(1).max(400),
  /** What failed later is left alone: nobody has seen it. */
  until: Instant,
  elsewhere_first: RetryRequest.shape.elsewhere_first,
});
export type RetryCauseRequest = z.output<typeof RetryCauseRequest>;
/** `jobs` wait again; `more`: ask once more for the others. */
export const RetryCauseAnswer = z.object({ jobs: Count, more: z.boolean() });
export type RetryCauseAnswer = z.infer<typeof RetryCauseAnswer>;

// ── assets and jobs ─────────────────────────────────────────────────────────────────────────────────────────────

export const GRID_STATES = ['waiting', 'held', 'running', 'done', 'failed', 'cancelled'] as const;
export type GridState = (typeof GRID_STATES)[number];

export const PurgeRequest = z.object({ asset_uuids: z.array(z.guid()).min(1).max(200) });
/** What is gone: of so many files so many results. */
export const PurgeAnswer = z.object({ assets: Count, files: Count });
export type PurgeAnswer = z.infer<typeof PurgeAnswer>;

/** A file and how its jobs are, the newest of each type. */
export const GridAsset = z.object({
  uuid: z.guid(),
  source_path: z.string(),
  jobs: z.record(z.string(), z.object({ job_id: z.guid(), state: z.enum(GRID_STATES) })),
});
export type GridAsset = z.infer<typeof GridAsset>;

export const GridPage = z.object({
  items: z.array(GridAsset),
  next_cursor: z.string().optional(),
});
export type GridPage = z.infer<typeof GridPage>;

const LedgerLine = z.object({
  sequence: z.int(),
  at: Instant,
  event: z.string(),
  agent_name: z.string().optional(),
  operator: z.string().optional(),
  detail: z.record(z.string(), z.unknown()),
});

/** What part its file is of a clip that a camera wrote as several files; told of files of watched folders. */
export const ClipPart = z.object({
  /** The clip's name on its card. */
  clip: z.string(),
  role: z.enum(PART_ROLES).exclude(['take']),
  /** Which of the clip's parts of this role, from 1. */
  number: Count,
});
export type ClipPart = z.infer<typeof ClipPart>;

/** One job with its file, what was made and everything that happened to it, oldest first. */
export const PageJob = z.object({
  job_id: z.guid(),
  job_type: z.string(),
  asset_uuid: z.guid().optional(),
  source_path: z.string(),
  part: ClipPart.optional(),
  state: z.enum(GRID_STATES),
  priority: z.int(),
  attempts: Count,
  max_attempts: Count,
  not_before: Instant.optional(),
  /** It is tried again elsewhere first: until then this agent leaves it to others. */
  left: z.object({ agent_name: z.string(), until: Instant }).optional(),
  agent_name: z.string().optional(),
  progress: z.number().optional(),
  stage: z.string().optional(),
  failure: z.object({ error_code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
  created_at: Instant,
  updated_at: Instant,
  derived: z.array(DerivedRef),
  ledger: z.array(LedgerLine),
  /** There is more of the ledger than is shown. */
  more_ledger: z.boolean(),
});
export type PageJob = z.infer<typeof PageJob>;
