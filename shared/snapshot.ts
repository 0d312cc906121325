import type { ServerPolicy } from './server-policy.ts';
import type { CapabilityState } from './capability-state.ts';
import type { Failure, Refusal } from './failure.ts';
import type { JobType } from './job.ts';
import type { Saving } from './result-commands.ts';
import type { SettingsView } from './settings.ts';
import type { SpeechModels } from './speech-models.ts';
import type { WatchedFolder } from './watch-commands.ts';
import type { DerivedKind, Warning } from './facts.ts';

/**
 * All a UI may know, as plain data: no Error, Date, Map or function. Instants are ISO 8601 UTC, durations are
 * milliseconds, progress is 0..1. Changed only by reduce.ts.
 */
export interface Snapshot {
  /** Rises by one with every event. */
  readonly revision: number;
  readonly agent: AgentState;
  readonly server: ServerState;
  readonly capabilities: readonly CapabilityState[];
  readonly tools: readonly ToolState[];
  readonly accelerators: readonly AcceleratorState[];
  /** null until it was looked for. */
  readonly sandbox: SandboxState | null;
  readonly speechModels: SpeechModels;
  readonly roots: readonly RootState[];
  /** Offers that wait here, in the order in which they would be taken. */
  readonly waiting: readonly WaitingJob[];
  /** Jobs held under a lease, oldest claim first. */
  readonly running: readonly RunningJob[];
  /** Newest first, at most HISTORY_LIMIT each; older ones come by the `history` command. */
  readonly done: readonly EndedJob[];
  readonly failures: readonly EndedJob[];
  readonly totals: Totals;
  /** Jobs the server knows, by status and by capability nobody declares; null where the server does not tell. */
  readonly backlog: Backlog | null;
  /** What its own server still has to do, in files and jobs; null with another server, which does not tell. */
  readonly queue: QueueOverview | null;
  readonly settings: SettingsView;
  readonly disk: DiskState;
  /** Why the machine is left to its editor right now; null while nothing speaks against working. */
  readonly yielding: Yielding | null;
  /** Files on their way into the queue, or that came there last; null where there are none. */
  readonly adding: Adding | null;
  /** Folders whose files come into the queue by themselves; none where another server makes the jobs. */
  readonly watched: readonly WatchedFolder[];
  /** The last time proxies were saved for an editing program; null before. */
  readonly saving: Saving | null;
}

/** All files that were added since the last time that none were on their way. */
export interface Adding {
  /** `finding`: folders are still looked through, `found` is not the last word. */
  readonly phase: 'finding' | 'adding' | 'ended' | 'cancelled';
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly found: number;
  /** Looked into and, where something is made of them, in the queue. */
  readonly done: number;
  readonly jobs: number;
  /** Of `done`: not everything that was chosen is made of these. */
  readonly partly: number;
  /** Of `done`: not there any more. */
  readonly gone: number;
  /** Why it stands still; it is tried again by itself. */
  readonly problem?: Refusal;
}

export const HISTORY_LIMIT = 200;

/** `paused`: claims nothing, finishes nothing new. `draining`: finishes what runs, then stops. */
export type AgentPhase = 'starting' | 'working' | 'paused' | 'draining' | 'stopping' | 'stopped';

interface AgentState {
  readonly phase: AgentPhase;
  /** While the agent ends: its running jobs are given back at this instant at the latest. */
  readonly endsBy?: string;
  readonly name: string;
  readonly version: string;
  readonly platform: string;
  readonly installationId: string;
  readonly agentId?: string;
  readonly startedAt: string;
  /** The embedded server runs in this process: work can be added here. */
  readonly embeddedServer: boolean;
  readonly maxParallelJobs: number;
}

export type ServerLink = 'connecting' | 'connected' | 'unreachable' | 'unauthorized' | 'refused';

/** What still has to be done for files that were added at once. */
export interface QueueBatch {
  readonly batch: string;
  /** Of the watched folder that it came from; absent: somebody added it. */
  readonly name?: string | undefined;
  readonly addedAt: string;
  readonly files: number;
  /** Nothing is pending or claimed for these any more. */
  readonly filesEnded: number;
  /** Of `filesEnded`: a job failed. */
  readonly filesFailed: number;
  readonly jobs: number;
  /** Job type → jobs that are neither held nor claimed. */
  readonly pending: Readonly<Record<string, number>>;
}

export interface QueueOverview {
  /** Files of which a job is pending. */
  readonly files: number;
  readonly heldJobs: number;
  readonly heldFiles: number;
  readonly pending: Readonly<Record<string, number>>;
  /** Those with pending or claimed jobs, in the order they came. */
  readonly batches: readonly QueueBatch[];
}

/** What the server has to do, by status, and what nobody it knows can do, by capability. */
export interface Backlog {
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byMissingCapability: Readonly<Record<string, number>>;
}

export interface ServerState {
  readonly url: string;
  readonly link: ServerLink;
  readonly since: string;
  readonly lastContactAt?: string;
  /**
   * This machine's wall clock minus the server's, ms, to about a second: a `Date` has whole seconds, and the answer
   * travels. For people who compare logs; nothing is decided by it.
   */
  readonly clockAheadMs?: number;
  /** One sentence with a next step while the link is not `connected`. */
  readonly problem?: Refusal;
  readonly policy?: ServerPolicy;
}

export interface ToolState {
  readonly name: 'ffmpeg' | 'ffprobe' | 'speech-engine' | 'speech-model' | 'speech-detector' | 'media-worker';
  readonly found: boolean;
  readonly path?: string;
  readonly version?: string;
  /** Where it was looked up: setting, environment, bundled, ffmpeg-static, PATH. */
  readonly origin?: string;
  readonly problem?: Refusal;
}

/** How far the tools that read media are kept away from the rest of this machine, as proved by a run. */
export interface SandboxState {
  /**
   * `full`: they see the system read-only, their source and their job's folder, and no network. `limits-only`: limits,
   * watchdogs and a cleared environment, as always. `none-may-run`: required by a setting, and not to be had.
   */
  readonly level: 'full' | 'limits-only' | 'off' | 'none-may-run';
  readonly tool?: string;
  readonly version?: string;
  readonly path?: string;
  /** What it adds to the start of a tool, ms. */
  readonly startMs?: number;
  readonly problem?: Refusal;
}

export interface EncoderProof {
  readonly encoder: string;
  readonly pixelFormat: string;
  readonly proved: boolean;
  readonly reason?: string;
}

export interface AcceleratorState {
  readonly name: string;
  readonly vendor?: string;
  readonly driver?: string;
  readonly memoryMb?: number;
  readonly encoders: readonly EncoderProof[];
}

export interface RootState {
  readonly name: string;
  readonly path: string;
  readonly readable: boolean;
  readonly checkedAt: string;
  readonly problem?: Refusal;
}

export type WaitReason =
  | { readonly kind: 'slot' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'draining' }
  /** The machine is left to its editor; `Snapshot.yielding` tells why. */
  | { readonly kind: 'yielding' }
  | { readonly kind: 'unsupported-type'; readonly jobType: string }
  | { readonly kind: 'no-capability'; readonly capability: string }
  /** The capability is there; what its profile asks of the tool is still being proved, or does not work here. */
  | { readonly kind: 'profile-untested' | 'profile-failed'; readonly profile: string }
  | { readonly kind: 'not-allowed' }
  /** By the server's rules for this agent. */
  | { readonly kind: 'rule-root'; readonly root: string }
  | { readonly kind: 'rule-size'; readonly sizeBytes: number; readonly mostBytes: number }
  | { readonly kind: 'root-unknown'; readonly path: string }
  | { readonly kind: 'root-unavailable'; readonly root: string }
  | { readonly kind: 'source-growing' }
  /** A person put it on hold. */
  | { readonly kind: 'held' }
  | { readonly kind: 'held-off'; readonly until: string }
  | { readonly kind: 'set-aside'; readonly crashes: number }
  | { readonly kind: 'quiet-hours'; readonly until?: string }
  | { readonly kind: 'disk'; readonly neededBytes: number; readonly freeBytes: number };

export interface WaitingJob {
  readonly jobId: string;
  readonly jobType: string;
  readonly sourcePath: string;
  readonly priority: number;
  readonly reason: WaitReason;
}

export const STAGES = [
  'claimed',
  'probing',
  'decoding',
  'encoding',
  'rendering',
  'analysing',
  'transcribing',
  'verifying',
  'uploading',
  'reporting',
] as const;
export type Stage = (typeof STAGES)[number];

/** What turns progress into speed. */
export interface Pace {
  /** Of media that a progress of 1 in this step stands for. */
  readonly mediaMs: number;
  /** Pictures a second of the source; absent for sound. */
  readonly fps?: number;
}

export interface RunningJob {
  readonly jobId: string;
  readonly jobType: JobType;
  readonly assetUuid: string;
  readonly sourcePath: string;
  readonly stage: Stage;
  /** 0..1 over the whole job; absent while the length is unknown. */
  readonly progress?: number;
  readonly claimedAt: string;
  readonly stageSince: string;
  readonly encoder?: string;
  /** Of the step it is in; absent where its progress is not through the media. */
  readonly pace?: Pace;
  /** Finished here; waits for the server to take it. */
  readonly delivering: boolean;
  readonly cancelRequested: boolean;
  readonly suspended: boolean;
  /** It reads its source in step with that source's proxy, and fills no slot while that one runs. */
  readonly alongside?: true;
}

export interface EndedArtifact {
  readonly kind: DerivedKind;
  readonly ref: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Pictures only. */
  readonly timeMs?: number;
  readonly width?: number;
  readonly height?: number;
  /** Sheets only: the first of many pictures on it; the report names them all. */
  readonly tile?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

export type Ending =
  | { readonly kind: 'done'; readonly artifacts: readonly EndedArtifact[]; readonly warnings: readonly Warning[] }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'given-back'; readonly failure: Failure }
  | { readonly kind: 'lease-lost' }
  | { readonly kind: 'cancelled' };

export interface EndedJob {
  readonly jobId: string;
  readonly jobType: JobType;
  readonly assetUuid: string;
  readonly sourcePath: string;
  readonly claimedAt: string;
  readonly endedAt: string;
  readonly wallMs: number;
  readonly ending: Ending;
}

export interface Totals {
  readonly done: number;
  /** Files of which something was made. */
  readonly doneFiles: number;
  readonly failed: number;
  readonly givenBack: number;
}

/** How long a pause lasts: `tomorrow` ends at 06:00 of the next day, by this machine's clock. */
export type PauseLength = '30m' | '1h' | 'tomorrow' | 'until-resumed';

/** One reason to leave the machine to its editor; `since` and `until` are instants. Without `until` nobody knows yet. */
export type YieldReason =
  /** A person said so; ends by `resume` or at `until`. */
  | { readonly kind: 'paused'; readonly since: string; readonly until?: string }
  /** "Finish, then pause": running jobs go on, nothing new is claimed, and then the pause begins. */
  | { readonly kind: 'finishing'; readonly since: string; readonly pauseFor: PauseLength }
  /** Someone uses the machine; `until` moves on with every touch. */
  | { readonly kind: 'user-input'; readonly since: string; readonly until: string; readonly idleMinutes: number }
  /** Work is wanted only when nobody is there, and this machine cannot tell. */
  | { readonly kind: 'idle-unknown'; readonly since: string }
  | { readonly kind: 'watched-program'; readonly since: string; readonly program: string }
  /** Other programs use `share` of all cores (0..1); ends below `threshold`. */
  | { readonly kind: 'load'; readonly since: string; readonly share: number; readonly threshold: number }
  | { readonly kind: 'battery'; readonly since: string }
  /** Outside the hours that were set here. */
  | { readonly kind: 'hours'; readonly since: string; readonly until?: string }
  /** Quiet hours of the server. */
  | { readonly kind: 'quiet-hours'; readonly since: string; readonly until: string }
  | { readonly kind: 'low-memory'; readonly since: string; readonly freeMb: number; readonly neededMb: number };

export interface Yielding {
  /** At least one, oldest first. */
  readonly reasons: readonly YieldReason[];
  /** Suspended jobs are given back then; absent when none is suspended. */
  readonly giveBackAt?: string;
}

export interface DiskState {
  readonly workFolder: string;
  readonly freeBytes?: number;
  readonly full: boolean;
}
