import { z } from 'zod';

/** What the agent asks the media worker, as one JSON document on its stdin, and the one JSON line it answers. */

const PhotoRequest = z.object({
  task: z.literal('photo'),
  /** `plain`: whatever the image library reads by itself. */
  kind: z.enum(['plain', 'heif', 'avif', 'camera-raw']),
  /** `/dev/fd/3`, or an absolute path where descriptors cannot be passed. */
  input: z.string().min(1),
  /** Absolute path of the file to write. */
  output: z.string().min(1),
  /** Pixels; a narrower photo keeps its width. */
  width: z.int().min(1),
  quality: z.int().min(1).max(100),
  effort: z.int().min(0).max(6),
});
export type PhotoRequest = z.infer<typeof PhotoRequest>;

const MetadataRequest = z.object({ task: z.literal('metadata'), input: z.string().min(1) });
export type MetadataRequest = z.infer<typeof MetadataRequest>;

/** Shows that the image library works on this machine; needs no file. */
const ProofRequest = z.object({ task: z.literal('proof') });

export const WorkerRequest = z.discriminatedUnion('task', [PhotoRequest, MetadataRequest, ProofRequest]);
export type WorkerRequest = z.infer<typeof WorkerRequest>;

const Refused = z.object({
  ok: z.literal(false),
  code: z.enum(['SOURCE_UNREADABLE', 'UNSUPPORTED_MEDIA', 'RENDER_FAILED']),
  /** The library's own words, for the report's last lines. */
  reason: z.string(),
  /** Ends the sentence “… cannot be read: it …” where the reason is known. */
  because: z.string().optional(),
});

export const PhotoAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), width: z.int().min(1), height: z.int().min(1), library: z.string() }),
  Refused,
]);
export type PhotoAnswer = z.infer<typeof PhotoAnswer>;

/** What the metadata library says, under its own names: MediaInfo's tracks, texts only. */
export const MetadataAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), library: z.string(), tracks: z.array(z.record(z.string(), z.string())) }),
  Refused,
]);
export type MetadataAnswer = z.infer<typeof MetadataAnswer>;

/** The libraries and their versions. A library that does not work ends the worker instead. */
export const ProofAnswer = z.object({ ok: z.literal(true), libraries: z.array(z.string()).min(1) });
export type ProofAnswer = z.infer<typeof ProofAnswer>;
