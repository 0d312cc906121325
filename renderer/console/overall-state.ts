import type { PageState, WaitGroup } from '../../shared/wire-page.ts';

/** Reasons that somebody has to end: nothing happens by itself. */
const STUCK: ReadonlySet<WaitGroup['reason']> = new Set(['capability', 'root', 'paused']);

/** How the whole is, the worst first; what is on hold waits because somebody wants it so. */
type OverallState =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'stuck'; readonly group: WaitGroup; readonly jobs: number }
  | { readonly kind: 'working'; readonly jobs: number }
  | { readonly kind: 'starting'; readonly jobs: number }
  | { readonly kind: 'idle' };

export function overallState({ waiting, agents, by_status }: PageState): OverallState {
  const first = waiting.find(({ reason }) => STUCK.has(reason));
  const open = waiting.filter(({ reason }) => reason !== 'held');
  if (agents.here === 0 && agents.known > 0 && open.length > 0) return { kind: 'nobody' };
  if (first !== undefined)
    return { kind: 'stuck', group: first, jobs: sumOf(waiting.filter(({ reason }) => reason === first.reason)) };
  if (by_status.claimed > 0) return { kind: 'working', jobs: by_status.claimed };
  const jobs = sumOf(open);
  return jobs > 0 ? { kind: 'starting', jobs } : { kind: 'idle' };
}

const sumOf = (groups: readonly WaitGroup[]): number => groups.reduce((sum, { jobs }) => sum + jobs, 0);

/** What waits for longest, of what nobody put on hold. */
export function longestWait({ waiting }: PageState): WaitGroup | null {
  const open = waiting.filter(({ reason, oldest }) => reason !== 'held' && oldest !== undefined);
  const since = ({ oldest }: WaitGroup): string => oldest?.since ?? '';
  return open.toSorted((one, other) => since(one).localeCompare(since(other)))[0] ?? null;
}

/** Names a group in an address, for as long as it is there. */
export function groupKey({ reason, job_type, root }: WaitGroup): string {
  return [reason, job_type ?? '', root ?? ''].join(' ').trim();
}
