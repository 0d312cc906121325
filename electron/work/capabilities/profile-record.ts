import {
  isFailing,
  isMade,
  type ProfileState,
  type ProofState,
  type Withdrawal,
} from '../../../shared/capability-state.ts';
import { failure, type Failure, type FailureCode } from '../../../shared/failure.ts';
import { FAULTS_THAT_WITHDRAW, proveAgainMs } from './declared.ts';

/** What is known about one profile of a capability. */
export interface ProfileRecord {
  readonly name: string;
  readonly proof: ProofState;
  /** What its last proof was about (`proofKey`): other tools make it one that was never proved. */
  readonly key?: string;
  /** Sources, by asset, that failed since one succeeded; the same again says nothing new about the machine. */
  readonly failedSources: readonly string[];
  /** Withdrawals since the last success: a proof that passes while the work fails must not flap. */
  readonly withdrawals: number;
  /** Proofs that failed since the last one that passed. */
  readonly failedProofs: number;
  readonly withdrawn?: Withdrawal;
}

/** How one job ended, as far as it says something about the machine. */
export interface ProfileOutcome {
  readonly outcome: 'success' | Failure;
  readonly assetUuid: string;
  /** ISO instant. */
  readonly at: string;
}

/** Where the tool ran and gave nothing of use: whatever else a tool can do, this it cannot. */
const OF_PROFILE: ReadonlySet<string> = new Set<FailureCode>(['ENCODE_FAILED', 'RENDER_FAILED', 'OUTPUT_INVALID']);

/** A fault of what the profile asks for, and not of the machine as a whole: its siblings may well work. */
export function isOfProfile({ code }: { readonly code: string }): boolean {
  return OF_PROFILE.has(code);
}

export function newProfile(name: string): ProfileRecord {
  return { name, proof: { status: 'missing' }, failedSources: [], withdrawals: 0, failedProofs: 0 };
}

export function profileState({ name, proof, withdrawn }: ProfileRecord): ProfileState {
  return { name, proof, ...(withdrawn === undefined ? {} : { withdrawn }) };
}

/** A proof that passed again restores the profile; one that failed leaves the withdrawal standing. */
export function withProfileProof(record: ProfileRecord, proof: ProofState, key?: string): ProfileRecord {
  const proved = { ...record, proof, ...(key === undefined ? {} : { key }) };
  if (proof.status === 'failed') return { ...proved, failedProofs: record.failedProofs + 1 };
  if (proof.status !== 'passed') return proved;
  const { withdrawn: _over, ...rest } = proved;
  return { ...rest, failedSources: [], failedProofs: 0 };
}

/** Three different files in a row that the machine failed on withdraw the profile, as if its proof had failed. */
export function withProfileOutcome(record: ProfileRecord, { outcome, assetUuid, at }: ProfileOutcome): ProfileRecord {
  if (outcome === 'success') return { ...record, failedSources: [], withdrawals: 0 };
  if (!isOfProfile(outcome)) return record;
  const failedSources = [...new Set([...record.failedSources, assetUuid])];
  if (failedSources.length < FAULTS_THAT_WITHDRAW || !isMade(record)) return { ...record, failedSources };
  const withdrawals = record.withdrawals + 1;
  return { ...record, failedSources, withdrawals, withdrawn: { since: at, because: outcome } };
}

/**
 * What is reported of a job that failed on its profile: from the third file in a row on it is the machine that cannot
 * make it, whatever the file. Undefined: the failure as it is.
 */
export function blamed({ name, failedSources }: ProfileRecord, value: Failure): Failure | undefined {
  if (!isOfProfile(value) || failedSources.length < FAULTS_THAT_WITHDRAW) return undefined;
  const count = String(failedSources.length);
  const message = `This machine cannot make “${name}” now: it failed on ${count} different files in a row. Of this one: ${value.message}`;
  return failure('ENGINE_UNAVAILABLE', message, { ...value.detail, subject: name });
}

/** Until it is proved again by itself: 1, 2, 4 … minutes, at most an hour; a person may test at any time. */
export function profileRetestMs({ withdrawals, failedProofs }: ProfileRecord): number {
  return proveAgainMs({ failedProofs: Math.max(withdrawals, failedProofs) });
}

/** Why jobs of this profile are not taken now; null: they are, or this profile is none that is proved here. */
export function profileProblem(records: readonly ProfileRecord[], profile: string): 'untested' | 'failed' | null {
  const record = records.find(({ name }) => name === profile);
  if (record === undefined || isMade(record)) return null;
  return isFailing(record) ? 'failed' : 'untested';
}
