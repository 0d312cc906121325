import { InvalidArgumentError } from 'commander';
import { isJobType, JOB_TYPES, type JobType } from '../../shared/job.ts';
import { defined } from '../../shared/objects.ts';
import type { AgentPolicy } from '../compose/operator/studio-client.ts';
import { CommandError } from './exit.ts';

/** The rules of an agent as they are typed. */
export interface RulesSaid {
  readonly jobs?: readonly JobType[];
  readonly roots?: readonly string[];
  readonly hours?: { readonly start: string; readonly end: string };
  readonly timeZone?: string;
  readonly slots?: number;
  /** Of 10⁹ bytes. */
  readonly largestGb?: number;
}

/** As the server is told; null: nothing is said. @throws CommandError where a time zone has no hours */
export function policySaid({ jobs, roots, hours, timeZone, slots, largestGb }: RulesSaid): AgentPolicy | null {
  if (timeZone !== undefined && hours === undefined) {
    throw new CommandError({
      code: 'WHICH_HOURS',
      message: 'A time zone is said, and no hours.',
      nextStep: 'Say them too, such as --hours 18:00-08:00.',
    });
  }
  const timezone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const policy: AgentPolicy = defined({
    job_types: jobs === undefined ? undefined : [...jobs],
    roots: roots === undefined ? undefined : [...roots],
    hours: hours === undefined ? undefined : { ...hours, timezone },
    max_parallel_jobs: slots,
    max_source_bytes: largestGb === undefined ? undefined : Math.round(largestGb * 1e9),
  });
  return Object.keys(policy).length === 0 ? null : policy;
}

/** Takes types of jobs, with commas between. */
export function jobTypesIn(text: string): readonly JobType[] {
  const types = text.split(',').map((each) => each.trim());
  if (types.every(isJobType)) return types;
  throw new InvalidArgumentError(`It takes ${JOB_TYPES.join(', ')}, with commas between.`);
}

/** Takes names of media roots, with commas between. */
export function rootsIn(text: string): readonly string[] {
  const roots = text.split(',').map((each) => each.trim());
  if (roots.every((root) => root !== '' && !root.includes('/'))) return roots;
  throw new InvalidArgumentError('It takes names of media roots, with commas between.');
}

/** Takes hours as 18:00-08:00; an end before the beginning is on the next day. */
export function hoursIn(text: string): { readonly start: string; readonly end: string } {
  const time = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
  const [, start, end] = new RegExp(`^(${time})[-–](${time})$`).exec(text) ?? [];
  if (start !== undefined && end !== undefined && start !== end) return { start, end };
  throw new InvalidArgumentError('It takes two times such as 18:00-08:00.');
}

/** Takes an amount above 0. */
export function gigabytesIn(text: string): number {
  const value = Number(text);
  if (value >= 0.001 && value <= 1e6) return value;
  throw new InvalidArgumentError('It takes gigabytes, from 0.001 to 1000000.');
}
