import { z } from 'zod';
import { failure, type Failure } from './failure.ts';
import { INPUTS_OF, isJobType, type Job, type JobBase, type JobType, type ParsedJob } from './job.ts';
import type { WireJob } from './wire.ts';

const optionalText = z
  .string()
  .min(1)
  .nullish()
  .transform((value) => value ?? undefined);

/** The six parts that JOB-TYPES §2 makes mandatory (`job_type` is already a string here). */
const SixParts = z.object({
  asset_uuid: z.guid(),
  required_capabilities: z.array(z.string().min(1)).min(1),
  inputs: z.looseObject({
    asset_uuid: z.guid(),
    source_path: z.string().min(1),
    proxy_profile: optionalText,
    thumbnail_profile: optionalText,
    language: optionalText,
    transcription_profile: optionalText,
  }),
  expected_outputs: z.array(z.unknown()),
  invariants: z.array(z.unknown()),
});

/**
 * Decides whether a job from the wire is one this agent may execute (JOB-TYPES §2, protocol.md "Job").
 * An unknown type is not invalid: it is left to agents that know it.
 */
export function parseJob(wire: WireJob): ParsedJob {
  if (!isJobType(wire.job_type)) return { kind: 'unknown-type', jobType: wire.job_type };
  const parsed = SixParts.safeParse(wire);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') || 'job';
    return { kind: 'invalid', failure: invalid(field, issue?.message ?? 'is wrong') };
  }
  const { asset_uuid: assetUuid, inputs, required_capabilities: requiredCapabilities } = parsed.data;
  if (inputs.asset_uuid !== assetUuid) {
    return { kind: 'invalid', failure: invalid('inputs.asset_uuid', 'differs from asset_uuid') };
  }
  const base: JobBase = {
    jobId: wire.job_id,
    assetUuid,
    requiredCapabilities,
    sourcePath: inputs.source_path,
    priority: wire.priority ?? 0,
  };
  return { kind: 'valid', job: withInputs(wire.job_type, base, inputs) };
}

function withInputs(jobType: JobType, base: JobBase, inputs: z.infer<typeof SixParts>['inputs']): Job {
  const chosen = Object.entries(INPUTS_OF[jobType]).flatMap(([ours, theirs]) =>
    inputs[theirs] === undefined ? [] : [[ours, inputs[theirs]]],
  );
  // The table pairs each type with the inputs of its own member of the union, which the compiler cannot follow.
  return { ...base, jobType, ...Object.fromEntries(chosen) } as Job;
}

function invalid(field: string, why: string): Failure {
  return failure('INVALID_JOB', `The job’s field “${field}” is missing or wrong: ${why}.`, { subject: field });
}
