import { relative } from 'node:path';
import { FAILURES, isFailureCode } from '../../../shared/failure.ts';
import { printable } from '../../../shared/printable.ts';
import { labelOf } from './progress-bars.ts';
import type { OutputFolder } from './output-folders.ts';
import type { ResultSummary } from './write-results.ts';

/** The last lines of a run, for a person: one per file, failures with their next step, a sum. */
export function summaryLines(results: readonly ResultSummary[], folders: ReadonlyMap<string, OutputFolder>): string[] {
  const bySource = Map.groupBy(results, ({ source }) => source);
  const lines = [...bySource].flatMap(([source, entries]) => linesOf(source, entries, folders.get(source)?.folder));
  const count = (status: ResultSummary['status']): number => results.filter((entry) => entry.status === status).length;
  const waiting = count('waiting');
  // A capability that is missing is missing for every file: said once, with how many jobs wait for it.
  const idle = results.filter((entry) => entry.status === 'waiting');
  for (const [cause, group] of Map.groupBy(idle, (entry) => `${labelOf(entry.job_type)}: ${entry.reason}`)) {
    lines.push(`waiting  ${group.length} × ${cause}`);
  }
  const sum = `${count('completed')} done, ${count('failed')} failed${waiting === 0 ? '' : `, ${waiting} waiting`}`;
  return [...lines, sum];
}

function linesOf(source: string, entries: readonly ResultSummary[], folder: string | undefined): string[] {
  const lines: string[] = [];
  const done = entries.filter(({ status }) => status === 'completed').map(({ job_type: type }) => labelOf(type));
  if (done.length > 0) {
    lines.push(`done     ${short(source)}: ${done.join(', ')}${folder === undefined ? '' : ` → ${short(folder)}`}`);
  }
  // One cause, one line: a broken file fails each of its jobs for the same reason.
  const failures = entries.filter((entry) => entry.status === 'failed');
  for (const [cause, group] of Map.groupBy(failures, ({ error_code, message }) => `${error_code}\n${message}`)) {
    const [code = '', message = ''] = cause.split('\n');
    const jobs = group.map(({ job_type: type }) => labelOf(type)).join(', ');
    const next = isFailureCode(code) ? ` ${FAILURES[code].nextStep}` : '';
    lines.push(`failed   ${short(source)}: ${jobs}: ${message} [${code}]${next}`);
  }
  return lines;
}

/** Relative where that is shorter; control characters of hostile names are shown, not obeyed. */
function short(path: string): string {
  const fromHere = relative(process.cwd(), path);
  const name = fromHere !== '' && fromHere.length < path.length ? fromHere : path;
  return printable(name);
}
