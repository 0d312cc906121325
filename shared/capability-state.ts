import type { Failure, Refusal } from './failure.ts';
import type { CapabilityName, JobType } from './job.ts';

export type ProofState =
  /** Not tried yet; `reason`: something that a person still has to choose. That is no failure. */
  | { readonly status: 'missing'; readonly reason?: Refusal }
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
  readonly withdrawn?: Withdrawal;
  /** Where it has several: each one's own standing, in the order of the registry. Jobs of one that fails wait. */
  readonly profiles?: readonly ProfileState[];
}

export interface Withdrawal {
  readonly since: string;
  readonly because: Failure;
}

/** One set of options of a capability. Its failing takes nothing from the others. */
export interface ProfileState {
  readonly name: string;
  readonly proof: ProofState;
  /** It failed on three different files in a row; its proof must pass again. */
  readonly withdrawn?: Withdrawal;
}

/** Jobs of this profile may be taken: what it asks of the tool was proved here, and works. */
export function isMade({ proof, withdrawn }: Pick<ProfileState, 'proof' | 'withdrawn'>): boolean {
  return proof.status === 'passed' && withdrawn === undefined;
}

/** Jobs of this profile wait: its proof failed, or it was withdrawn. */
export function isFailing({ proof, withdrawn }: Pick<ProfileState, 'proof' | 'withdrawn'>): boolean {
  return proof.status === 'failed' || withdrawn !== undefined;
}
