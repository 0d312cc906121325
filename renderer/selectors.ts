import { FAILURES, type Failure, type FailureCode, type Fault } from '../shared/failure.ts';
import type {
  EndedArtifact,
  EndedJob,
  Ending,
  RunningJob,
  Snapshot,
  Stage,
  WaitingJob,
  WaitReason,
} from '../shared/snapshot.ts';
import type { Warning } from '../shared/facts.ts';

/** What the views show, derived from the snapshot by pure functions. */

interface NavCounts {
  readonly now: number;
  readonly queue: number;
  readonly done: number;
  readonly failures: number;
}

/** Files: a person thinks of them, not of the jobs that each of them has. */
export function navCounts({ running, waiting, queue, totals, done, failures }: Snapshot): NavCounts {
  return {
    now: filesOf(running),
    queue: queue?.files ?? new Set(waiting.map(({ sourcePath }) => sourcePath)).size,
    done: Math.max(totals.doneFiles, filesOf(done)),
    failures: filesOf(failures.filter(needsSomebody)),
  };
}

/** Jobs that fill no slot, because they read along with the proxy of their source that runs. */
export function readAlong({ running }: Pick<Snapshot, 'running'>): number {
  const read = new Set(running.flatMap((job) => (job.alongside ? [] : [job.sourcePath])));
  return running.filter(({ alongside, sourcePath }) => alongside && read.has(sourcePath)).length;
}

/** A failure somebody has to look at; what was interrupted, handed back or cancelled ended as somebody wished. */
export function needsSomebody({ ending }: EndedJob): boolean {
  return ending.kind === 'failed';
}

/** How many files these jobs are about. */
export function filesOf(jobs: readonly { readonly assetUuid: string }[]): number {
  return new Set(jobs.map(({ assetUuid }) => assetUuid)).size;
}

/** One machine on which nothing was ever asked for: the page then shows how to begin. */
export function isFirstRun({ agent, running, waiting, done, failures, totals, backlog }: Snapshot): boolean {
  const known = Object.values(backlog?.byStatus ?? {}).reduce((sum, count) => sum + count, 0);
  const seen = running.length + waiting.length + done.length + failures.length + totals.done + totals.failed;
  const nothing = seen + known === 0;
  return agent.embeddedServer && nothing && agent.phase !== 'draining' && agent.phase !== 'stopping';
}

/** What a held job does, as a key of `stage.*`; what a person or the machine wants of it stands above its step. */
export function stageKey(job: RunningJob): Stage | 'cancelling' | 'suspended' | 'delivering' {
  if (job.cancelRequested) return 'cancelling';
  if (job.suspended) return 'suspended';
  return job.delivering ? 'delivering' : job.stage;
}

/** Everything this agent made from one file, newest job first. */
export interface DoneAsset {
  readonly assetUuid: string;
  readonly sourcePath: string;
  readonly endedAt: string;
  readonly jobs: readonly EndedJob[];
  readonly artifacts: readonly EndedArtifact[];
  readonly warnings: readonly Warning[];
}

/** Groups done jobs by file, in the order of their newest job; a job that ran again counts once, as it ended last. */
export function doneAssets(jobs: readonly EndedJob[]): DoneAsset[] {
  const groups = new Map<string, EndedJob[]>();
  const seen = new Set<string>();
  for (const job of jobs.toSorted((a, b) => b.endedAt.localeCompare(a.endedAt))) {
    if (job.ending.kind !== 'done' || seen.has(job.jobId)) continue;
    seen.add(job.jobId);
    const group = groups.get(job.assetUuid);
    if (group === undefined) groups.set(job.assetUuid, [job]);
    else group.push(job);
  }
  return [...groups.values()].map(toAsset);
}

function toAsset(jobs: readonly EndedJob[]): DoneAsset {
  // A group begins with the job it was made for.
  const newest = jobs[0] as EndedJob;
  const artifacts = new Map<string, EndedArtifact>();
  const warnings: Warning[] = [];
  for (const { ending } of jobs) {
    if (ending.kind !== 'done') continue;
    for (const artifact of ending.artifacts) artifacts.set(`${artifact.kind} ${artifact.ref}`, artifact);
    warnings.push(...ending.warnings);
  }
  return {
    assetUuid: newest.assetUuid,
    sourcePath: newest.sourcePath,
    endedAt: newest.endedAt,
    jobs,
    artifacts: [...artifacts.values()],
    warnings,
  };
}

/** The pictures among artifacts, in time order. */
export function pictures(artifacts: readonly EndedArtifact[]): EndedArtifact[] {
  return artifacts.filter(({ kind }) => kind === 'thumb').sort((a, b) => (a.timeMs ?? 0) - (b.timeMs ?? 0));
}

/** The picture that stands for a file: the middle of its thumbnails, because storyboards begin with slates and black. */
export function poster(artifacts: readonly EndedArtifact[]): EndedArtifact | undefined {
  const thumbs = pictures(artifacts);
  return thumbs[Math.floor((thumbs.length - 1) / 2)];
}

/** The picture of a file that is still being worked on, from jobs done before. */
export function posterOf(done: readonly EndedJob[], assetUuid: string): EndedArtifact | undefined {
  for (const job of done) {
    if (job.assetUuid !== assetUuid || job.ending.kind !== 'done') continue;
    const found = poster(job.ending.artifacts);
    if (found !== undefined) return found;
  }
  return undefined;
}

type WaitKind = WaitReason['kind'];

/** How many files wait for each reason, most first; one of several reasons counts with each. */
export function waitGroups(waiting: readonly WaitingJob[]): { readonly kind: WaitKind; readonly count: number }[] {
  const files = new Map<WaitKind, Set<string>>();
  for (const { reason, sourcePath } of waiting) {
    const known = files.get(reason.kind);
    if (known === undefined) files.set(reason.kind, new Set([sourcePath]));
    else known.add(sourcePath);
  }
  return [...files].map(([kind, { size }]) => ({ kind, count: size })).sort((a, b) => b.count - a.count);
}

/** Capability → number of jobs on the server that no agent can do, most first. */
export function withoutCapability({ backlog }: Pick<Snapshot, 'backlog'>): [capability: string, count: number][] {
  return Object.entries(backlog?.byMissingCapability ?? {})
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
}

export interface Explanation {
  readonly fault: Fault | 'server';
  readonly code?: FailureCode;
  readonly failure?: Failure;
}

/** Whose fault an ending was, and the failure behind it. */
export function explain(ending: Exclude<Ending, { kind: 'done' }>): Explanation {
  switch (ending.kind) {
    case 'failed':
    case 'given-back': {
      const { failure } = ending;
      // An upload fails at the other side or on the way to it.
      const fault = failure.code === 'UPLOAD_FAILED' ? 'server' : FAILURES[failure.code].fault;
      return { fault, code: failure.code, failure };
    }
    case 'lease-lost':
      return { fault: 'server' };
    case 'cancelled':
      return { fault: 'person' };
  }
}

/** Joins what the snapshot holds with older pages; a job appears once, the snapshot wins. */
export function joinHistory(recent: readonly EndedJob[], older: readonly EndedJob[]): EndedJob[] {
  const seen = new Set(recent.map((job) => job.jobId));
  const rest = older.filter((job) => !seen.has(job.jobId) && seen.add(job.jobId));
  return [...recent, ...rest];
}
