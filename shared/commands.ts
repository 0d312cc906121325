import { z } from 'zod';
import { CAPABILITIES } from './job.ts';
import type { EndedJob } from './snapshot.ts';

/**
 * All a UI can ask for: name → input and output. A command changes state or is refused; state itself arrives by
 * `watch` alone. The last three are reads of what the snapshot leaves out.
 */
const capability = z.enum(CAPABILITIES as [(typeof CAPABILITIES)[number], ...(typeof CAPABILITIES)[number][]]);
const jobId = z.guid();
const nothing = z.object({});

export const JobLogLineSchema = z.object({
  at: z.string(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
});
export type JobLogLine = z.infer<typeof JobLogLineSchema>;

export const COMMANDS = {
  setCapability: { input: z.object({ capability, enabled: z.boolean() }), output: nothing },
  testCapability: { input: z.object({ capability }), output: nothing },
  pause: { input: nothing, output: nothing },
  resume: { input: nothing, output: nothing },
  /** Finish what runs, claim nothing more. */
  drain: { input: nothing, output: nothing },
  cancelJob: { input: z.object({ jobId }), output: nothing },
  /** Embedded server only: asks the server to run an ended job again. */
  retryJob: { input: z.object({ jobId }), output: nothing },
  jobLog: { input: z.object({ jobId }), output: z.object({ lines: z.array(JobLogLineSchema) }) },
  history: {
    input: z.object({
      ending: z.enum(['done', 'failed']).optional(),
      cursor: z.string().optional(),
      limit: z.int().min(1).max(200).default(50),
    }),
    output: z.object({ items: z.array(z.custom<EndedJob>()), nextCursor: z.string().optional() }),
  },
  /** One redacted ZIP for support, as base64: a page has no other way to keep it. */
  diagnostics: { input: nothing, output: z.object({ fileName: z.string(), zipBase64: z.string() }) },
  /** What was submitted for a job, or how it failed, as it went over the wire. */
  report: { input: z.object({ jobId }), output: z.object({ report: z.unknown() }) },
} as const;

export type CommandName = keyof typeof COMMANDS;
export type CommandInput<N extends CommandName> = z.input<(typeof COMMANDS)[N]['input']>;
export type CommandOutput<N extends CommandName> = z.output<(typeof COMMANDS)[N]['output']>;

export function isCommandName(value: string): value is CommandName {
  return Object.hasOwn(COMMANDS, value);
}
