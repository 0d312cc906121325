import type { CapabilityState } from './capability-state.ts';
import type { JobType } from './job.ts';
import type { Saving } from './result-commands.ts';
import type { SettingsView } from './settings.ts';
import type { ModelDownload, SpeechModels } from './speech-models.ts';
import type { WatchedFolder } from './watch-commands.ts';
import type { ServerPolicy } from './server-policy.ts';
import type {
  AcceleratorState,
  Adding,
  AgentPhase,
  Backlog,
  DiskState,
  EndedJob,
  Pace,
  QueueOverview,
  RootState,
  SandboxState,
  ServerState,
  Stage,
  ToolState,
  WaitingJob,
  Yielding,
} from './snapshot.ts';

/** Facts in the past tense, emitted by the agent alone. `at` is an ISO instant. */
export type AgentEvent =
  /** `endsBy`: running jobs are given back at this instant at the latest. */
  | { readonly type: 'phaseChanged'; readonly phase: AgentPhase; readonly endsBy?: string }
  | { readonly type: 'registered'; readonly agentId: string; readonly policy?: ServerPolicy }
  | { readonly type: 'serverLinkChanged'; readonly server: Omit<ServerState, 'policy' | 'url'> }
  | { readonly type: 'serverAnswered'; readonly at: string; readonly clockAheadMs?: number }
  | { readonly type: 'capabilityChanged'; readonly capability: CapabilityState }
  | { readonly type: 'toolsFound'; readonly tools: readonly ToolState[] }
  | { readonly type: 'acceleratorsFound'; readonly accelerators: readonly AcceleratorState[] }
  | { readonly type: 'speechModelsSeen'; readonly speechModels: Omit<SpeechModels, 'download'> }
  | { readonly type: 'modelDownloadChanged'; readonly download: ModelDownload | null }
  | { readonly type: 'sandboxChecked'; readonly sandbox: SandboxState }
  | { readonly type: 'rootsChecked'; readonly roots: readonly RootState[] }
  | { readonly type: 'offersSeen'; readonly waiting: readonly WaitingJob[] }
  | { readonly type: 'backlogSeen'; readonly backlog: Backlog | null }
  | { readonly type: 'queueSeen'; readonly queue: QueueOverview }
  | {
      readonly type: 'jobClaimed';
      readonly at: string;
      readonly jobId: string;
      readonly jobType: JobType;
      readonly assetUuid: string;
      readonly sourcePath: string;
      readonly alongside?: true;
    }
  | {
      readonly type: 'stageEntered';
      readonly at: string;
      readonly jobId: string;
      readonly stage: Stage;
      readonly encoder?: string;
      readonly pace?: Pace;
    }
  | { readonly type: 'progressMade'; readonly jobId: string; readonly progress: number }
  | { readonly type: 'jobExecuted'; readonly jobId: string }
  | { readonly type: 'cancelRequested'; readonly jobId: string }
  | { readonly type: 'suspensionChanged'; readonly jobId: string; readonly suspended: boolean }
  /** `newFile`: the first that was made of its file. */
  | { readonly type: 'jobEnded'; readonly job: EndedJob; readonly newFile?: boolean }
  /** In the queue again; what it failed of needs nobody any more. */
  | { readonly type: 'jobRetried'; readonly jobId: string }
  /** It is as before: ended as it was. */
  | { readonly type: 'retryTakenBack'; readonly job: EndedJob }
  | { readonly type: 'settingsChanged'; readonly settings: SettingsView }
  | { readonly type: 'diskChecked'; readonly disk: DiskState }
  | { readonly type: 'yieldingChanged'; readonly yielding: Yielding | null }
  | { readonly type: 'addingChanged'; readonly adding: Adding | null }
  | { readonly type: 'watchedSeen'; readonly watched: readonly WatchedFolder[] }
  | { readonly type: 'savingChanged'; readonly saving: Saving };

export type AgentEventType = AgentEvent['type'];
