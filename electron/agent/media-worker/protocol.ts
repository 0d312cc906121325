import { z } from 'zod';

/** What the agent asks the media worker, as one JSON document on its stdin, and the one JSON line it answers. */

export const WorkerRequest = z.object({
  task: z.literal('photo'),
  /** `/dev/fd/3`, or an absolute path where descriptors cannot be passed. */
  input: z.string().min(1),
  /** Absolute path of the file to write. */
  output: z.string().min(1),
  /** Pixels; a narrower photo keeps its width. */
  width: z.int().min(1),
  quality: z.int().min(1).max(100),
  effort: z.int().min(0).max(6),
});
export type WorkerRequest = z.infer<typeof WorkerRequest>;

export const WorkerAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), width: z.int().min(1), height: z.int().min(1), library: z.string() }),
  z.object({
    ok: z.literal(false),
    code: z.enum(['SOURCE_UNREADABLE', 'RENDER_FAILED']),
    /** The library's own words, for the report's last lines. */
    reason: z.string(),
  }),
]);
export type WorkerAnswer = z.infer<typeof WorkerAnswer>;
