import { JOB_TYPES, type JobType } from '../../shared/job.ts';
import type { PageAgent } from '../../shared/wire-page.ts';

/** The rules of an agent as they are being written: texts as typed, empty for what is left to the agent. */
export interface RulesDraft {
  /** All: no rule. */
  readonly jobTypes: readonly JobType[];
  readonly roots: string;
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
  readonly slots: string;
  /** Of 10⁹ bytes. */
  readonly largestGb: string;
}

/** As the server names what can be wrong. */
const NAMES = ['job_types', 'roots', 'hours', 'max_parallel_jobs', 'max_source_bytes'] as const;
export type RuleName = (typeof NAMES)[number];

/** Those that are one line of text. */
export const RULE_FIELDS = [
  ['roots', 'roots'],
  ['max_parallel_jobs', 'slots'],
  ['max_source_bytes', 'largestGb'],
] as const satisfies readonly (readonly [RuleName, keyof RulesDraft])[];

const GB = 1e9;

export function draftOf(rules: PageAgent['rules']): RulesDraft {
  const { job_types = JOB_TYPES, roots = [], hours, max_parallel_jobs: slots, max_source_bytes: bytes } = rules ?? {};
  return {
    jobTypes: job_types,
    roots: roots.join(', '),
    start: hours?.start ?? '',
    end: hours?.end ?? '',
    timezone: hours?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    slots: slots === undefined ? '' : String(slots),
    largestGb: bytes === undefined ? '' : String(bytes / GB),
  };
}

/** What is asked of the server; what is wrong with it, the server says. */
export function policyIn({ jobTypes, roots, start, end, timezone, slots, largestGb }: RulesDraft) {
  const names = roots
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    ...(JOB_TYPES.every((type) => jobTypes.includes(type)) ? {} : { job_types: jobTypes }),
    ...(names.length === 0 ? {} : { roots: names }),
    ...(start === '' && end === '' ? {} : { hours: { start, end, timezone: timezone.trim() } }),
    ...(slots.trim() === '' ? {} : { max_parallel_jobs: numberIn(slots) }),
    ...(largestGb.trim() === '' ? {} : { max_source_bytes: Math.round(numberIn(largestGb) * GB) }),
  };
}

/** With a comma, too. */
const numberIn = (text: string): number => Number(text.trim().replace(',', '.'));

/** Which rules a refusal is about; none: it is about something else. */
export function fieldsWrong(fields: readonly { readonly field: string }[]): readonly RuleName[] {
  return NAMES.filter((name) => fields.some(({ field }) => field === name || field.startsWith(`${name}.`)));
}
