import { z } from 'zod';
import { VARIANTS } from './whisper-binding.ts';

const variant = z.enum(VARIANTS);

/** What the agent asks of the speech engine's child: one JSON line on stdin. */
export const EngineRequest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('describe'), variant }),
  /** Opens the model on a graphics device and lets it listen to one second of a tone. */
  z.object({ type: z.literal('probe'), variant, modelPath: z.string() }),
  /** Finds the windows in which something is to be heard, for an engine that is another program. */
  z.object({ type: z.literal('plan'), pcmPath: z.string() }),
  z.object({
    type: z.literal('transcribe'),
    variant,
    /** whisper.cpp model file. */
    modelPath: z.string(),
    /** Silero model file for whisper.cpp. */
    detectorPath: z.string().optional(),
    /** Raw s16le, mono, 16 kHz. */
    pcmPath: z.string(),
    /** ISO 639-1, or `auto`. */
    language: z.string(),
    threads: z.int().min(1),
    temperature: z.number(),
    temperatureStep: z.number(),
    candidates: z.int().min(1),
    gpu: z.boolean(),
  }),
]);
export type EngineRequest = z.infer<typeof EngineRequest>;
export type TranscribeRequest = Extract<EngineRequest, { type: 'transcribe' }>;

const Word = z.object({ startMs: z.number(), endMs: z.number(), text: z.string(), p: z.number().optional() });

/** What the child answers: JSON lines on stdout, ended by `engine`, `device`, `planned`, `end` or `failed`. */
export const EngineMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('engine'), engine: z.string(), version: z.string() }),
  /** Of a probe: `CPU` where no graphics device was taken. */
  z.object({ type: z.literal('device'), device: z.string(), wallMs: z.number() }),
  /** Of a plan, in samples. `overlap`: so much of its start was also in the window before. */
  z.object({ type: z.literal('window'), offset: z.int(), length: z.int(), overlap: z.int(), silent: z.boolean() }),
  z.object({ type: z.literal('planned') }),
  z.object({ type: z.literal('loaded'), wallMs: z.number(), device: z.string() }),
  /** Of the whole sound, 0..1 after clamping by the reader: the engine has said 2.72 and 10.03. */
  z.object({ type: z.literal('progress'), fraction: z.number() }),
  z.object({
    type: z.literal('segment'),
    startMs: z.number(),
    endMs: z.number(),
    text: z.string(),
    words: z.array(Word).optional(),
  }),
  z.object({
    type: z.literal('end'),
    /** Given or heard; absent when every window was silent. */
    language: z.string().optional(),
    /** Of the binding. */
    version: z.string(),
    windows: z.int(),
    /** Digital silence. */
    silentWindows: z.int(),
    /** Sound in which the detector found no speech. */
    speechlessWindows: z.int(),
    /** Cuts where no pause was found. */
    forcedCuts: z.int(),
    wallMs: z.number(),
  }),
  z.object({
    type: z.literal('failed'),
    step: z.enum(['request', 'library', 'model', 'detector', 'sound', 'engine']),
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
