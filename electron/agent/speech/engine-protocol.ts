import { z } from 'zod';

/** What the agent asks of the speech engine's child: one JSON line on stdin. */
export const EngineRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('describe') }),
  z.object({
    type: z.literal('transcribe'),
    /** whisper.cpp model file. */
    modelPath: z.string(),
    /** Raw s16le, mono, 16 kHz. */
    pcmPath: z.string(),
    /** ISO 639-1, or `auto`. */
    language: z.string(),
    threads: z.int().min(1),
    temperature: z.number(),
    candidates: z.int().min(1),
    gpu: z.boolean(),
  }),
]);
export type EngineRequest = z.infer<typeof EngineRequest>;
export type TranscribeRequest = Extract<EngineRequest, { type: 'transcribe' }>;

/** What the child answers: JSON lines on stdout, ended by `engine`, `end` or `failed`. */
export const EngineMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('engine'), engine: z.string(), version: z.string() }),
  z.object({ type: z.literal('loaded'), wallMs: z.number() }),
  /** Of the whole sound, 0..1 after clamping by the reader: the engine has said 2.72 and 10.03. */
  z.object({ type: z.literal('progress'), fraction: z.number() }),
  z.object({ type: z.literal('segment'), startMs: z.number(), endMs: z.number(), text: z.string() }),
  z.object({
    type: z.literal('end'),
    /** Given or heard; absent when every window was silent. */
    language: z.string().optional(),
    /** Of the binding. */
    version: z.string(),
    windows: z.int(),
    silentWindows: z.int(),
    wallMs: z.number(),
  }),
  z.object({
    type: z.literal('failed'),
    step: z.enum(['request', 'library', 'model', 'sound', 'engine']),
    message: z.string(),
  }),
]);
export type EngineMessage = z.infer<typeof EngineMessage>;

/** null for a line that is none of ours: a library may print. */
export function parseEngineMessage(line: string): EngineMessage | null {
  if (!line.startsWith('{')) return null;
  try {
    return EngineMessage.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
