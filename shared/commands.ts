import { z } from 'zod';
import type { Refusal } from './failure.ts';
import { CAPABILITIES, JOB_TYPES } from './job.ts';
import { RESULT_COMMANDS } from './result-commands.ts';
import { SETUP_COMMANDS } from './setup-commands.ts';
import type { EndedJob, PauseLength, WaitingJob } from './snapshot.ts';
import { OPERATIONS } from './job.ts';
import { WATCH_COMMANDS } from './watch-commands.ts';

const capability = z.enum(CAPABILITIES);
const jobId = z.guid();
const nothing = z.object({});
const pauseLength = z.enum(['30m', '1h', 'tomorrow', 'until-resumed'] satisfies PauseLength[]);

const JobLogLineSchema = z.object({
  at: z.string(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
});
export type JobLogLine = z.infer<typeof JobLogLineSchema>;

/** What is true of a command wherever it is asked for. */
interface CommandFacts {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Answered when it is done, which takes longer than a look at what the agent knows. */
  readonly slow?: true;
  /**
   * Whoever sits at the machine may ask it of the machine's service: what gives the machine back, and what tells. Nothing
   * that decides for whom, with which programs or in which folders the service works: that would be its account's rights.
   */
  readonly forEditors?: true;
  /** Only where the server is embedded: another one makes the jobs and decides about retries. */
  readonly operatorOnly?: true;
}

/**
 * All a UI can ask for: name → input and output. A command changes state or is refused; state itself arrives by
 * `watch` alone. The last ones are reads of what the snapshot leaves out.
 */
export const COMMANDS = {
  ...SETUP_COMMANDS,
  ...RESULT_COMMANDS,
  ...WATCH_COMMANDS,
  setCapability: { input: z.object({ capability, enabled: z.boolean() }), output: nothing },
  testCapability: { input: z.object({ capability }), output: nothing, forEditors: true },
  /** Children stand still, nothing is claimed; without `for` until somebody resumes. */
  pause: { input: z.object({ for: pauseLength.optional() }), output: nothing, forEditors: true },
  /** Claims nothing more, finishes what runs, then pauses. */
  finishThenPause: { input: z.object({ for: pauseLength.optional() }), output: nothing, forEditors: true },
  /** Gives running jobs back at once, then pauses until somebody resumes. */
  stopNow: { input: nothing, output: nothing, forEditors: true },
  /** Ends a pause, and takes back "finish, then pause". */
  resume: { input: nothing, output: nothing, forEditors: true },
  /** Finish what runs, claim nothing more. */
  drain: { input: nothing, output: nothing },
  cancelJob: { input: z.object({ jobId }), output: nothing, forEditors: true },
  /** Asks the server to run an ended job again. */
  retryJob: { input: z.object({ jobId }), output: nothing, operatorOnly: true },
  /** Undoes `retryJob` as long as nobody has begun with the job. */
  takeBackRetry: { input: z.object({ jobId }), output: nothing, operatorOnly: true },
  /** Looks at the model folders again. */
  refreshModels: { input: nothing, output: nothing },
  /** By its name in shared/speech-models.ts; one at a time, its course arrives by `watch`. `consent`: to one without a known hash. */
  downloadModel: {
    input: z.object({ name: z.string().max(100), consent: z.boolean().default(false) }),
    output: nothing,
  },
  /** Stops it; what has arrived is kept, and a later download goes on from there. */
  cancelModelDownload: { input: nothing, output: nothing },
  /** Only models in the agent's own folder. */
  removeModel: { input: z.object({ path: z.string().max(4096) }), output: nothing },
  /** A model file, or null: the agent takes the newest one it finds. `consent`: to a file whose hash nobody published. */
  chooseModel: {
    input: z.object({ path: z.string().max(4096).nullable(), consent: z.boolean().default(false) }),
    output: nothing,
  },
  jobLog: { input: z.object({ jobId }), output: z.object({ lines: z.array(JobLogLineSchema) }), forEditors: true },
  /**
   * One operation on waiting jobs; those that are not waiting any more are left as they are. Answers what was changed
   * with the priority it had, which is what it takes to undo it.
   */
  operateJobs: {
    input: z.object({
      operation: z.enum(OPERATIONS),
      jobIds: z.array(jobId).min(1).max(1000),
      /** With `priority` only. */
      priority: z.int().optional(),
    }),
    output: z.object({ jobs: z.array(z.object({ jobId: z.string(), priority: z.number() })) }),
    slow: true,
    operatorOnly: true,
  },
  /** Waiting jobs of files with this in their path, of all that the server has, in the order in which they start. */
  searchQueue: {
    input: z.object({
      search: z.string().min(1).max(200).optional(),
      /** Only those on hold, or only the others. */
      held: z.boolean().optional(),
      cursor: z.string().max(500).optional(),
      limit: z.int().min(1).max(200).default(200),
    }),
    output: z.object({
      items: z.array(z.custom<WaitingJob>()),
      /** On all pages. */
      total: z.number(),
      nextCursor: z.string().optional(),
    }),
  },
  history: {
    input: z.object({
      ending: z.enum(['done', 'failed']).optional(),
      /** Only jobs whose source path contains this, whatever its case and accents. */
      search: z.string().max(200).optional(),
      jobType: z.enum(JOB_TYPES).optional(),
      cursor: z.string().optional(),
      limit: z.int().min(1).max(200).default(50),
    }),
    output: z.object({ items: z.array(z.custom<EndedJob>()), nextCursor: z.string().optional() }),
    forEditors: true,
  },
  /** One redacted ZIP for support, as base64: a page has no other way to keep it. */
  diagnostics: { input: nothing, output: z.object({ fileName: z.string(), zipBase64: z.string() }), forEditors: true },
  /** What was submitted for a job, or how it failed, as it went over the wire. */
  report: { input: z.object({ jobId }), output: z.object({ report: z.unknown() }), forEditors: true },
} as const satisfies Readonly<Record<string, CommandFacts>>;

export type CommandName = keyof typeof COMMANDS;
export type CommandInput<N extends CommandName> = z.input<(typeof COMMANDS)[N]['input']>;
export type CommandOutput<N extends CommandName> = z.output<(typeof COMMANDS)[N]['output']>;
/** A command's input after its schema filled in the defaults. */
export type Parsed<N extends CommandName> = z.output<(typeof COMMANDS)[N]['input']>;
export type Outcome<N extends CommandName> = CommandOutput<N> | { readonly refusal: Refusal };
/** What carries commands out; every room of the agent returns its part. */
export type Handlers<N extends CommandName> = { readonly [K in N]: (input: Parsed<K>) => Promise<Outcome<K>> };
export type OperatorCommand = {
  [N in CommandName]: (typeof COMMANDS)[N] extends { readonly operatorOnly: true } ? N : never;
}[CommandName];

export function isCommandName(value: string): value is CommandName {
  return Object.hasOwn(COMMANDS, value);
}

export function commandFacts(name: CommandName): CommandFacts {
  return COMMANDS[name];
}

/** How long a caller waits: samples are encoded, a share may be slow to look through, and a server is given 10 s. */
export function callTimeoutMs(name: CommandName): number {
  return commandFacts(name).slow === true ? 180_000 : 15_000;
}

/** The outcome of a command that has nothing to tell but why it was not done. */
export function refusedOrDone(refusal: Refusal | null): { readonly refusal: Refusal } | Record<string, never> {
  return refusal === null ? {} : { refusal };
}
