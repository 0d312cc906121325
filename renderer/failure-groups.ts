import type { EndedJob } from '../shared/snapshot.ts';

/** Failures of one cause: the same ending, code and sentence, whatever file it names. */
export interface FailureGroup {
  readonly key: string;
  /** Newest first; never empty. */
  readonly jobs: readonly EndedJob[];
}

/** Groups by cause, in the order of each group's newest job. */
export function failureGroups(jobs: readonly EndedJob[]): FailureGroup[] {
  const groups = new Map<string, EndedJob[]>();
  for (const job of jobs) {
    const key = causeOf(job);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [job]);
    else group.push(job);
  }
  return [...groups].map(([key, group]) => ({ key, jobs: group }));
}

function causeOf({ ending }: EndedJob): string {
  if (ending.kind !== 'failed' && ending.kind !== 'given-back') return ending.kind;
  const { code, message } = ending.failure;
  return `${ending.kind} ${code} ${withoutNames(message)}`;
}

/** A sentence that quotes a name or a number is the same cause for another file. */
function withoutNames(message: string): string {
  return message
    .replaceAll(/“[^”]*”|"[^"]*"|'[^']*'/g, '“”')
    .replaceAll(/\(\/[^)]*\)|(?<=\s)\/\S+/g, '/')
    .replaceAll(/\d+(?:[.,]\d+)*/g, '0');
}
