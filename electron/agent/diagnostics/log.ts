import type { Logger } from 'pino';

/** Structured log; `job_id` is a field of every line that concerns a job. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;
