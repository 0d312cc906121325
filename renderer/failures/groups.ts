import type { EndedJob } from '../../shared/snapshot.ts';
import { withoutNames } from '../../shared/failure-cause.ts';
import { visible } from '../format/name.ts';

/** Newest first. */
type Some = readonly [EndedJob, ...EndedJob[]];

/** Failures of one cause: the same ending, code and sentence, whatever file it names. */
export interface FailureGroup {
  readonly key: string;
  readonly jobs: Some;
}

/** Groups by cause, in the order of each group's newest job. */
export function failureGroups(jobs: readonly EndedJob[]): FailureGroup[] {
  return groupsBy(jobs, causeOf);
}

function groupsBy(jobs: readonly EndedJob[], keyOf: (job: EndedJob) => string): FailureGroup[] {
  const groups = new Map<string, [EndedJob, ...EndedJob[]]>();
  for (const job of jobs) {
    const key = keyOf(job);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [job]);
    else group.push(job);
  }
  return [...groups].map(([key, group]) => ({ key, jobs: group }));
}

export type CauseRow =
  | { readonly kind: 'cause'; readonly key: string; readonly group: FailureGroup; readonly isOpen: boolean }
  /** One file and the jobs of it that the cause befell. */
  | { readonly kind: 'file'; readonly key: string; readonly jobs: Some };

/** A cause with more files begins folded, so that the next cause is in sight. */
const OPEN_FILES = 12;

/**
 * Causes with a row for each of their files. `folds` says which of them a person opened or folded; the one of the
 * `chosen` job is never folded by itself.
 */
export function rowsOf(
  groups: readonly FailureGroup[],
  folds: ReadonlyMap<string, boolean>,
  chosen: string | undefined,
): CauseRow[] {
  return groups.flatMap((group): CauseRow[] => {
    const files = groupsBy(group.jobs, ({ assetUuid }) => assetUuid);
    const fits = groups.length === 1 || files.length <= OPEN_FILES || group.jobs.some(({ jobId }) => jobId === chosen);
    const isOpen = folds.get(group.key) ?? fits;
    const rows = files.map(({ key, jobs }) => ({ kind: 'file' as const, key: `${group.key} ${key}`, jobs }));
    return [{ kind: 'cause', key: group.key, group, isOpen }, ...(isOpen ? rows : [])];
  });
}

function causeOf({ ending }: EndedJob): string {
  if (ending.kind !== 'failed' && ending.kind !== 'given-back') return ending.kind;
  const { code, message } = ending.failure;
  return `${ending.kind} ${code} ${withoutNames(message)}`;
}

/**
 * The cause alone, for above the files that it befell: without the name of the first one, and without the advice that
 * follows behind a semicolon. `thisFile` takes the name's place.
 */
export function causeInShort(sentence: string, sourcePath: string, thisFile: string): string {
  const names = sourcePath.split('/').map((_, at, parts) => visible(parts.slice(at).join('/')));
  const [cause = '', ...advice] = sentence.split(/ ?; /);
  const quoted = names.flatMap((name) => [`“${name}”`, `« ${name} »`]).find((name) => cause.includes(name));
  const short = quoted === undefined ? cause : cause.replace(quoted, () => thisFile);
  return `${short.slice(0, 1).toUpperCase()}${short.slice(1)}${advice.length > 0 ? '.' : ''}`;
}
