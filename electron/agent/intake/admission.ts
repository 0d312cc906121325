import { isJobType, profileOf, type JobType } from '../../../shared/job.ts';
import type { AgentPhase, Snapshot, WaitReason } from '../../../shared/snapshot.ts';
import type { SourceLook } from '../../work/storage/media-roots.ts';
import { CRASH_LIMIT } from '../jobs/produce.ts';
import type { Offer } from '../server/offer.ts';

/** Free space wanted before a claim, as a multiple of the estimated outputs (reliability.md, "Disk full"). */
const DISK_MARGIN = 1.5;

/** All that admission may look at; gathered before it decides, so that the decision itself is pure. */
export interface IntakeState {
  readonly phase: AgentPhase;
  readonly freeSlots: number;
  /** Jobs that the server lets this agent hold beyond those it holds. */
  readonly freeLeases: number;
  /** Whether a job of this type would read in step with one that runs on the same source, and so need no slot. */
  readonly readsAlong: (jobType: JobType, sourcePath: string) => boolean;
  readonly declared: ReadonlySet<string>;
  readonly allowedJobTypes: readonly string[] | undefined;
  /** First parts of source paths; undefined: any. */
  readonly allowedRoots: readonly string[] | undefined;
  /** Of a source; undefined: any size. */
  readonly maxSourceBytes: number | undefined;
  /** ISO instant at which the quiet hours end; null when it is not quiet. */
  readonly quietUntil: string | null;
  /** The machine is left to its editor for some reason. */
  readonly yielding: boolean;
  readonly heldOffUntil: (jobId: string) => string | undefined;
  readonly crashes: (jobId: string) => number;
  /** Why jobs of this type and profile are not taken now, or null. */
  readonly profileProblem: (jobType: JobType, profile: string) => 'untested' | 'failed' | null;
}

type Admission =
  /** `invalid`: claimed only to say so. The source is looked at first. */
  | {
      readonly kind: 'candidate';
      readonly jobType: JobType;
      readonly sourcePath: string | null;
      /** Reads along if its source is large enough to be read in step. */
      readonly alongside: boolean;
    }
  | { readonly kind: 'wait'; readonly reason: WaitReason };

/** May this offer be taken now, as far as can be told without touching the disk? */
export function admit(offer: Offer, state: IntakeState): Admission {
  const wait = (reason: WaitReason): Admission => ({ kind: 'wait', reason });
  if (!isJobType(offer.jobType)) return wait({ kind: 'unsupported-type', jobType: offer.jobType });
  const job = offer.job.kind === 'valid' ? offer.job.job : null;
  const missing = job?.requiredCapabilities.find((capability) => !state.declared.has(capability));
  if (missing !== undefined) return wait({ kind: 'no-capability', capability: missing });
  if (state.allowedJobTypes !== undefined && !state.allowedJobTypes.includes(offer.jobType)) {
    return wait({ kind: 'not-allowed' });
  }
  const root = job?.sourcePath.split('/', 1)[0];
  if (root !== undefined && state.allowedRoots?.includes(root) === false) return wait({ kind: 'rule-root', root });
  const profile = job === null ? null : profileOf(job);
  const problem = profile === null ? null : state.profileProblem(offer.jobType, profile);
  if (profile !== null && problem !== null) return wait({ kind: `profile-${problem}`, profile });
  const crashes = state.crashes(offer.jobId);
  if (crashes >= CRASH_LIMIT) return wait({ kind: 'set-aside', crashes });
  const until = state.heldOffUntil(offer.jobId);
  if (until !== undefined) return wait({ kind: 'held-off', until });
  const sourcePath = job?.sourcePath ?? null;
  const alongside = sourcePath !== null && state.freeLeases > 0 && state.readsAlong(offer.jobType, sourcePath);
  const blocked = blockedAltogether(state) ?? (alongside ? null : waitForSlot(state));
  if (blocked !== null) return wait(blocked);
  return { kind: 'candidate', jobType: offer.jobType, sourcePath, alongside };
}

function blockedAltogether(state: IntakeState): WaitReason | null {
  if (state.phase === 'paused') return { kind: 'paused' };
  if (state.phase !== 'working') return { kind: 'draining' };
  if (state.quietUntil !== null) return { kind: 'quiet-hours', until: state.quietUntil };
  return state.yielding ? { kind: 'yielding' } : null;
}

export function waitForSlot({ freeSlots }: Pick<IntakeState, 'freeSlots'>): WaitReason | null {
  return freeSlots > 0 ? null : { kind: 'slot' };
}

/** Why a source keeps its job waiting, or null when it may be claimed. */
export function waitForSource(look: SourceLook, sourcePath: string): WaitReason | null {
  switch (look.kind) {
    case 'claimable':
      return null;
    case 'growing':
      return { kind: 'source-growing' };
    case 'unknown-root':
      return { kind: 'root-unknown', path: sourcePath };
    case 'root-unavailable':
      return { kind: 'root-unavailable', root: look.root };
  }
}

/** Why a source is too large for what the server wants of this agent, or null. */
export function waitForSize(
  sizeBytes: number,
  { maxSourceBytes: mostBytes = Infinity }: Pick<IntakeState, 'maxSourceBytes'>,
): WaitReason | null {
  return sizeBytes <= mostBytes ? null : { kind: 'rule-size', sizeBytes, mostBytes };
}

/** Why the disk keeps a job waiting: estimate × 1.5 must be free, and within the work folder's own limit. */
export function waitForDisk(estimateBytes: number, freeBytes: number): WaitReason | null {
  const neededBytes = Math.ceil(estimateBytes * DISK_MARGIN);
  return neededBytes <= freeBytes ? null : { kind: 'disk', neededBytes, freeBytes };
}

/** Profiles that jobs wait for because they were not proved yet. */
export function wantedProfiles({ waiting }: Pick<Snapshot, 'waiting'>): ReadonlySet<string> {
  return new Set(waiting.flatMap(({ reason }) => (reason.kind === 'profile-untested' ? [reason.profile] : [])));
}
