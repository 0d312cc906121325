import { FAILURES, type Failure } from '../../../shared/failure.ts';
import type { CapabilityName, JobType } from '../../../shared/job.ts';
import { isMade, type CapabilityState, type ProfileState, type ProofState } from '../../../shared/capability-state.ts';

/** protocol.md, "Job": three machine-fault failures in a row withdraw a capability until its proof passes again. */
export const FAULTS_THAT_WITHDRAW = 3;

/** What is known about one capability; `declared` follows from it and is never stored. */
export interface CapabilityRecord {
  readonly name: CapabilityName;
  readonly jobType: JobType;
  readonly enabled: boolean;
  readonly proof: ProofState;
  /** Machine faults since the last success. Faults of a file or a job say nothing about the machine and change nothing. */
  readonly faultsInARow: number;
  /** Withdrawals since the last success: a proof that passes while the work fails must not flap. */
  readonly withdrawals: number;
  /** Proofs that failed since the last one that passed. */
  readonly failedProofs: number;
  readonly withdrawn?: { readonly since: string; readonly because: Failure };
}

export function newRecord(name: CapabilityName, jobType: JobType, enabled: boolean): CapabilityRecord {
  return { name, jobType, enabled, proof: { status: 'missing' }, faultsInARow: 0, withdrawals: 0, failedProofs: 0 };
}

/**
 * Switched on, proved on this machine, and not withdrawn (protocol.md, "Job"). Of several profiles one is enough: jobs of
 * the others wait.
 */
export function isDeclared(
  { enabled, proof, withdrawn }: CapabilityRecord,
  profiles: readonly ProfileState[] = [],
): boolean {
  if (!enabled || withdrawn !== undefined) return false;
  return profiles.length === 0 ? proof.status === 'passed' : profiles.some(isMade);
}

export function capabilityState(record: CapabilityRecord, profiles: readonly ProfileState[] = []): CapabilityState {
  const { name, jobType, enabled, proof, withdrawn } = record;
  return {
    name,
    jobType,
    enabled,
    proof,
    declared: isDeclared(record, profiles),
    ...(withdrawn === undefined ? {} : { withdrawn }),
    ...(profiles.length === 0 ? {} : { profiles }),
  };
}

/** @param at ISO instant of the outcome. */
export function withOutcome(record: CapabilityRecord, outcome: 'success' | Failure, at: string): CapabilityRecord {
  if (outcome === 'success') return { ...record, faultsInARow: 0, withdrawals: 0 };
  if (!FAILURES[outcome.code].machineFault) return record;
  // The job's own input asked for what the choices made here cannot give (another language): nothing is broken.
  if (outcome.detail?.subject?.startsWith('inputs.') === true) return record;
  const faultsInARow = record.faultsInARow + 1;
  if (faultsInARow < FAULTS_THAT_WITHDRAW || record.withdrawn !== undefined) return { ...record, faultsInARow };
  return { ...record, faultsInARow, withdrawals: record.withdrawals + 1, withdrawn: { since: at, because: outcome } };
}

/** A proof that passed again restores the capability; one that failed leaves the withdrawal standing. */
export function withProof(record: CapabilityRecord, proof: ProofState): CapabilityRecord {
  if (proof.status === 'failed') return { ...record, proof, failedProofs: record.failedProofs + 1 };
  if (proof.status !== 'passed') return { ...record, proof };
  const { withdrawn: _over, ...rest } = record;
  return { ...rest, proof, faultsInARow: 0, failedProofs: 0 };
}

/** Longest wait before a capability that was withdrawn, or whose proof failed, is proved again by itself. */
const LONGEST_RETEST_MS = 3_600_000;

/** At once after the first withdrawal, then 1, 2, 4 … minutes, at most an hour; a person may test at any time. */
export function retestDelayMs({ withdrawals }: Pick<CapabilityRecord, 'withdrawals'>): number {
  return withdrawals <= 1 ? 0 : Math.min(LONGEST_RETEST_MS, 60_000 * 2 ** (withdrawals - 2));
}

/**
 * A proof that failed is tried again after 1, 2, 4 … minutes, at most an hour: a machine that was too busy when the agent
 * started, or a tool that was installed since, must not need a person.
 */
export function proveAgainMs({ failedProofs }: Pick<CapabilityRecord, 'failedProofs'>): number {
  return Math.min(LONGEST_RETEST_MS, 60_000 * 2 ** Math.max(0, failedProofs - 1));
}
