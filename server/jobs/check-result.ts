import type { DerivedRef } from '../../shared/facts.ts';
import { differences, formsDisagree, type SubmitRequest } from '../../shared/wire-results.ts';
import { KINDS_OF } from '../../shared/job.ts';
import type { DerivedRow, JobRow } from '../database/schema.ts';
import { validationFailed, type FieldIssue } from '../problem.ts';

/**
 * Holds a result against what was really uploaded for this job, and its two forms against each other: `output` and
 * `result` "never disagree" (protocol.md, Results). @throws Problem 422 with every disagreement
 */
export function refuseWrongResult(job: JobRow, derived: readonly DerivedRow[], request: SubmitRequest): void {
  const issues: FieldIssue[] = [];
  if (request.job_type !== job.job_type) issues.push({ field: 'job_type', message: `the job is a ${job.job_type}` });
  if (job.invalid === 1) issues.push({ field: 'job_type', message: 'an invalid job can only be failed' });
  issues.push(...formsDisagree(request));
  const manifest = request.result.derived_manifest;
  const uploaded = new Map<string, DerivedRef>(derived.map((row) => [row.ref, row]));
  for (const [index, entry] of manifest.entries()) {
    const field = `result.derived_manifest.${index}`;
    if (!KINDS_OF[request.job_type].includes(entry.kind)) {
      issues.push({ field: `${field}.kind`, message: `a ${request.job_type} job has no ${entry.kind}` });
    }
    issues.push(...differences(field, entry, uploaded.get(entry.ref), 'was not uploaded for this job'));
  }
  if (issues.length > 0) throw validationFailed(issues);
}
