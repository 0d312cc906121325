import { z } from 'zod';
import { keysOf } from './objects.ts';

/** Who has to act on a failure; decides the sentence and the next step a person is shown. */
export type Fault = 'job' | 'file' | 'machine' | 'moment' | 'person';

interface CodeFacts {
  readonly retryable: boolean;
  /** Given back rather than failed: the server does not count it as an attempt (protocol.md, Failures). */
  readonly countsAsAttempt: boolean;
  readonly fault: Fault;
  /** Three in a row of one capability withdraw it until its proof passes again (protocol.md, Job). */
  readonly machineFault: boolean;
  /** What a person can do about it, in English; the page translates by code. */
  readonly nextStep: string;
}

const fatal = (fault: Fault, nextStep: string): CodeFacts => ({
  retryable: false,
  countsAsAttempt: true,
  fault,
  machineFault: false,
  nextStep,
});
const retryable = (fault: Fault, nextStep: string, machineFault = false): CodeFacts => ({
  retryable: true,
  countsAsAttempt: true,
  fault,
  machineFault,
  nextStep,
});
const givenBack = (fault: Fault, nextStep: string): CodeFacts => ({
  retryable: true,
  countsAsAttempt: false,
  fault,
  machineFault: false,
  nextStep,
});

/** The one table of failure codes (protocol.md, Failures). */
export const FAILURES = {
  INVALID_JOB: fatal('job', 'Ask whoever runs the RushCatalog server to create the job anew.'),
  UNKNOWN_PROFILE: fatal('job', 'Choose a profile this agent knows, or update the agent.'),
  SOURCE_FORBIDDEN: fatal('job', 'The path leaves the media folders; check the asset’s path on the server.'),
  SOURCE_UNREADABLE: fatal('file', 'Check that the file exists, is complete and plays, then retry.'),
  UNSUPPORTED_MEDIA: fatal(
    'file',
    'If it is a recording, convert it to a supported format first; if not, leave it out.',
  ),
  NO_AUDIO_TRACK: fatal('file', 'The file has no sound; this job needs some.'),
  NO_VIDEO_TRACK: fatal('file', 'The file has no picture; this job needs one.'),
  STORAGE_UNAVAILABLE: retryable('machine', 'Reconnect the share; the job is tried again.'),
  SOURCE_CHANGED: retryable('moment', 'Wait until nothing writes to the file any more, then retry.'),
  ENCODE_FAILED: retryable('machine', 'Retry; if it fails again, send the tool’s last lines to support.', true),
  RENDER_FAILED: retryable('machine', 'Retry; if it fails again, send the tool’s last lines to support.', true),
  OUTPUT_INVALID: retryable(
    'machine',
    'Retry once. If the same is named again, the source is unusual there: use another profile, and send this failure to support.',
    true,
  ),
  TIMEOUT: retryable('moment', 'Retry when the machine is less busy.', true),
  STALLED: retryable('moment', 'Check the share and the disk, then retry.', true),
  OUT_OF_MEMORY: retryable('machine', 'Close other programs or run fewer jobs at once.', true),
  DISK_FULL: retryable('machine', 'Free space on the work folder’s disk, or choose another work folder.'),
  ENGINE_UNAVAILABLE: retryable('machine', 'Open Capabilities and test the function again.', true),
  UPLOAD_FAILED: retryable('moment', 'Check the server’s disk and the network, then retry.'),
  AGENT_CRASHED: retryable('machine', 'The job ended the agent three times; send its log to support.', true),
  INTERNAL: retryable('machine', 'Send a diagnostics bundle to support.', true),
  SOURCE_GROWING: givenBack('moment', 'Nothing to do: the job runs once the file is complete.'),
  AGENT_SHUTDOWN: givenBack('moment', 'Nothing to do: the job runs when an agent is there again.'),
  PREEMPTED: givenBack('moment', 'Nothing to do: the editor needed the machine; the job runs later.'),
  CANCELLED: { ...fatal('person', 'Retry the job if it should run after all.'), countsAsAttempt: false },
} as const satisfies Record<string, CodeFacts>;

export type FailureCode = keyof typeof FAILURES;

export const FAILURE_CODES = keysOf(FAILURES);

export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code);
}

const FailureSchema = z.object({
  code: z.enum(FAILURE_CODES),
  /** One sentence for a person; never empty. */
  message: z.string().min(1),
  retryable: z.boolean(),
  detail: z
    .object({
      /** Argument vector of the tool that failed, program first. */
      command: z.array(z.string()).optional(),
      /** The tool's last lines, oldest first, at most 40. */
      lastLines: z.array(z.string()).optional(),
      exitCode: z.number().int().optional(),
      signal: z.string().optional(),
      /** The named thing at fault: a field, a profile, a path. */
      subject: z.string().optional(),
    })
    .optional(),
});

/** What went wrong with one job or one command. Plain data: it crosses processes and the wire. */
export type Failure = z.infer<typeof FailureSchema>;

/** Builds a failure whose `retryable` comes from the table, or from `overrides` where a server's answer decides. */
export function failure(
  code: FailureCode,
  message: string,
  detail?: Failure['detail'],
  overrides?: { readonly retryable: boolean },
): Failure {
  return {
    code,
    message,
    retryable: overrides?.retryable ?? FAILURES[code].retryable,
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Lets deep code end a job with a typed failure; caught once, in run-job. */
export class JobFailure extends Error {
  readonly failure: Failure;
  constructor(value: Failure, options?: { cause?: unknown }) {
    super(value.message, options);
    this.name = 'JobFailure';
    this.failure = value;
  }
}

/** Cannot go on, for a reason that a person can do something about: caught where it is told. */
export class RefusedError extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    super(refusal.message, options);
    this.name = new.target.name;
    this.refusal = refusal;
  }
}

/** Why a command (not a job) was refused; what a UI or the command line shows. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly nextStep?: string;
  /** The input field at fault, as a path, so that a form can say it there. */
  readonly field?: string;
}
