import type { CapabilityState, ProofState } from '../../../shared/capability-state.ts';
import type { AgentEvent } from '../../../shared/event.ts';
import type { Failure } from '../../../shared/failure.ts';
import type { CapabilityName, JobType } from '../../../shared/job.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { AcceleratorState, ToolState } from '../../../shared/snapshot.ts';
import type { HardwareEncoders, Toolbox } from '../execution.ts';
import type { ExecutorRegistry } from '../executors/registry.ts';
import type { SandboxPort } from '../process/sandbox-port.ts';
import type { TextStore } from '../storage/text-store.ts';
import type { GraphicsDevice } from './accelerators.ts';
import type { ProcessMaker } from './process-maker.ts';
import type { After } from './retests.ts';

export interface CapabilityDeps {
  readonly executors: ExecutorRegistry;
  /** The settings of this moment. */
  readonly settings: () => Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly bundledDir?: string;
  readonly workFolder: string;
  readonly agentVersion: string;
  /** Gives its children a nice value below normal: proofs run beside an editor. */
  readonly processes: ProcessMaker;
  readonly store: TextStore;
  /** The agent's own folder of speech models. */
  readonly modelsFolder?: string;
  /** Absent: tools run without one. */
  readonly sandbox?: SandboxPort;
  readonly emit: (event: AgentEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Default: asks the system. */
  readonly devices?: () => Promise<readonly GraphicsDevice[]>;
  /** Default: driverMark. */
  readonly driverMark?: (tool: string) => Promise<string>;
  /** Default: a timer that keeps nothing alive. */
  readonly after?: After;
  /** Profiles that jobs wait for, whose proofs come first. Default: none. */
  readonly wanted?: () => ReadonlySet<string>;
  /** Whether graphics cards are tried that no job may use, for a page that shows them. Default: yes. */
  readonly triesUnusedCards?: boolean | undefined;
}

/** A job that ended, as far as its end says something about the machine. */
export interface EndedWork {
  readonly jobType: JobType;
  /** null where its type has none. */
  readonly profile: string | null;
  readonly assetUuid: string;
}

export interface Capabilities {
  /**
   * Finds the tools, takes remembered proofs, runs the missing ones one by one. Resolves when all is known of the
   * capabilities; their other profiles are proved behind that.
   */
  start(): Promise<void>;
  /** Ends a running proof; nothing is proved afterwards. */
  stop(): Promise<void>;
  setEnabled(name: CapabilityName, enabled: boolean): void;
  /** "Test again": looks for tools and devices anew and runs the proof, whatever is remembered. */
  test(name: CapabilityName): Promise<ProofState>;
  /** A path or the encoder setting changed: tools are found anew and what is not proved for them is. */
  refresh(): Promise<void>;
  /**
   * Every end of a job, so that a machine that keeps failing stops claiming.
   * @returns the failure to report instead, where it is this machine's and not the file's
   */
  noteOutcome(ended: EndedWork, outcome: 'success' | Failure): Failure | undefined;
  /** Why jobs of this profile are not taken now, or null. */
  profileProblem(jobType: JobType, profile: string): 'untested' | 'failed' | null;
  /** Resolves when every profile of what is switched on was proved or not. */
  profilesKnown(): Promise<void>;
  declared(): readonly CapabilityName[];
  states(): readonly CapabilityState[];
  tools(): readonly ToolState[];
  accelerators(): readonly AcceleratorState[];
  /** null while a needed tool is missing. */
  toolbox(): Toolbox | null;
  /** Resolves when the hardware trials of the last start or test are over. */
  acceleratorsKnown(): Promise<void>;
  /** What executors may encode with, by the proofs of this moment. */
  readonly hardware: HardwareEncoders;
  /** Called when the list of declared capabilities changed. Returns how to stop listening. */
  onChange(listener: (declared: readonly CapabilityName[]) => void): () => void;
  /** Called when the standing of a profile changed. Returns how to stop listening. */
  onProfile(listener: () => void): () => void;
}
