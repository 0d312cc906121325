import type { Failure, Refusal } from './failure.ts';
import type { CapabilityName } from './job.ts';
import type { SettingsView } from './settings.ts';
import type { DerivedKind, JobsSummary, JobType, ServerPolicy, Warning } from './wire.ts';

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
  readonly backlog: JobsSummary | null;
  readonly settings: SettingsView;
  readonly disk: DiskState;
}

export const HISTORY_LIMIT = 200;

/** `paused`: claims nothing, finishes nothing new. `draining`: finishes what runs, then stops. */
export type AgentPhase = 'starting' | 'working' | 'paused' | 'draining' | 'stopping' | 'stopped';

export interface AgentState {
  readonly phase: AgentPhase;
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

export interface ServerState {
  readonly url: string;
  readonly link: ServerLink;
  readonly since: string;
  readonly lastContactAt?: string;
  /** One sentence with a next step while the link is not `connected`. */
  readonly problem?: Refusal;
  readonly policy?: ServerPolicy;
}

export type ProofState =
  | { readonly status: 'missing' }
  | { readonly status: 'running'; readonly startedAt: string }
  | { readonly status: 'passed'; readonly ranAt: string; readonly wallMs: number; readonly what: string }
  | {
      readonly status: 'failed';
      readonly ranAt: string;
      readonly wallMs: number;
      readonly what: string;
      readonly reason: Refusal;
    };

export interface CapabilityState {
  readonly name: CapabilityName;
  readonly jobType: JobType;
  /** The person's (or IT's) switch. */
  readonly enabled: boolean;
  readonly proof: ProofState;
  /** Declared to the server right now: enabled, proved and not withdrawn. */
  readonly declared: boolean;
  /** Three machine faults in a row withdrew it; its proof must pass again. */
  readonly withdrawn?: { readonly since: string; readonly because: Failure };
}

export interface ToolState {
  readonly name: 'ffmpeg' | 'ffprobe' | 'speech-engine' | 'speech-model' | 'media-worker';
  readonly found: boolean;
  readonly path?: string;
  readonly version?: string;
  /** Where it was looked up: setting, environment, bundled, ffmpeg-static, PATH. */
  readonly origin?: string;
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
  | { readonly kind: 'unsupported-type'; readonly jobType: string }
  | { readonly kind: 'no-capability'; readonly capability: string }
  | { readonly kind: 'not-allowed' }
  | { readonly kind: 'root-unknown'; readonly path: string }
  | { readonly kind: 'root-unavailable'; readonly root: string }
  | { readonly kind: 'source-growing' }
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

export type Stage =
  | 'claimed'
  | 'probing'
  | 'decoding'
  | 'encoding'
  | 'rendering'
  | 'analysing'
  | 'transcribing'
  | 'verifying'
  | 'uploading'
  | 'reporting';

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
  /** Finished here; waits for the server to take it. */
  readonly delivering: boolean;
  readonly cancelRequested: boolean;
  readonly suspended: boolean;
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
  readonly failed: number;
  readonly givenBack: number;
}

export interface DiskState {
  readonly workFolder: string;
  readonly freeBytes?: number;
  readonly full: boolean;
}
