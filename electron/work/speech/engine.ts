import type { Warning } from '../../../shared/facts.ts';
import type { ProgramRunner } from '../process/child.ts';
import type { RawSegment } from './clean-segments.ts';
import type { Variant } from './whisper-binding.ts';

/** A speech engine as the executor sees it; the library in a child of ours is one, a program like whisper-cli another. */
export interface SpeechEngine {
  transcribe(task: SpeechTask, hooks: SpeechHooks): Promise<SpeechAnswer>;
}

/** Which engine was found and proved to start. */
export type SpeechEngineChoice =
  | {
      readonly kind: 'binding';
      /** Proved with the chosen model; `default` where no graphics device was. */
      readonly variant: Variant;
      /** Why variants for graphics devices are not used, by variant. */
      readonly passedOver: readonly { readonly variant: Variant; readonly why: string }[];
    }
  | { readonly kind: 'whisper-cli'; readonly path: string; readonly version: string };

export interface SpeechTask {
  readonly processes: ProgramRunner;
  readonly modelPath: string;
  /** Silero model for whisper.cpp's own speech detector. */
  readonly detectorPath?: string;
  /** Raw s16le, mono, 16 kHz. */
  readonly pcmPath: string;
  /** Where the engine may write; its files are gone when it answers. */
  readonly folder: string;
  /** The engine's own name, or `auto`. */
  readonly language: string;
  readonly threads: number;
  readonly temperature: number;
  readonly temperatureStep: number;
  /** Guesses compared when the first decoding at `temperature` is not good enough. */
  readonly candidates: number;
  readonly noSpeechThreshold: number;
  /** A graphics device may be used where the engine finds one. */
  readonly gpu: boolean;
}

export interface SpeechHooks {
  /** 0..1 of the sound; may jump and go back, callers keep it in order. */
  readonly onProgress: (fraction: number) => void;
}

/** Throws JobFailure where there is no answer. */
export interface SpeechAnswer {
  /** In the order in which they were heard; times from the start of the sound. */
  readonly segments: readonly RawSegment[];
  /** Given or heard; absent when all was silence and the model was never asked. */
  readonly language?: string;
  /** Mean probability of all tokens, 0..1; absent where the engine gives none. */
  readonly confidence?: number;
  /** All of it was digital silence. */
  readonly heardNothing: boolean;
  /** For metrics: engine, engine_version, and the parameters it really used. */
  readonly engine: string;
  readonly engineVersion: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly wallMs: number;
  readonly warnings: readonly Warning[];
}
