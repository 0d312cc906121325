import { createRequire } from 'node:module';
import { z } from 'zod';

/** The part of whisper.node that is used: its native libraries, one package each, found without its own fall-backs. */

interface WhisperPiece {
  readonly text: string;
  /** Milliseconds from the start of the data. */
  readonly t0: number;
  readonly t1: number;
}

export interface WhisperResult {
  readonly language?: string;
  /** All texts joined as bytes before they became a string: whole where a piece of it is cut inside a character. */
  readonly result: string;
  readonly segments: readonly WhisperPiece[];
  readonly isAborted: boolean;
}

interface WhisperOptions {
  readonly language: string;
  readonly maxThreads: number;
  readonly temperature: number;
  readonly temperatureInc: number;
  readonly bestOf: number;
  /** Both together, with 1: every token comes as a segment of its own, with its own times. */
  readonly maxLen?: number;
  readonly tokenTimestamps?: boolean;
  readonly onProgress: (percent: number) => void;
}

export interface WhisperContext {
  /** @param data s16, mono, 16 kHz. */
  transcribeData(
    data: ArrayBuffer,
    options: WhisperOptions,
  ): { readonly promise: Promise<WhisperResult>; readonly stop: () => Promise<void> };
  release(): Promise<void>;
}

interface WhisperVadOptions {
  readonly threshold: number;
  readonly minSpeechDurationMs: number;
  readonly minSilenceDurationMs: number;
  readonly speechPadMs: number;
}

export interface WhisperVadContext {
  /** Answers stretches of speech; t0 and t1 in hundredths of a second. @param data s16, mono, 16 kHz. */
  detectSpeechData(
    data: ArrayBuffer,
    options: WhisperVadOptions,
  ): Promise<readonly { readonly t0: number; readonly t1: number }[]>;
  release(): Promise<void>;
}

/** Builds of the library; one per process. `default`: the processor, on Apple silicon also Metal. */
export const VARIANTS = ['default', 'cuda', 'vulkan'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface WhisperLibrary {
  readonly version: string;
  /** Throws when the file is no model the engine takes. */
  open(model: { readonly filePath: string; readonly useGpu: boolean }): WhisperContext;
  openDetector(model: { readonly filePath: string; readonly nThreads: number }): WhisperVadContext;
  /** Passes on what the engine says about itself; must be called with null before the process can end. */
  listen(onLine: ((line: string) => void) | null): void;
}

type ToggleLog = (enable: boolean, callback?: (level: string, text: string) => void) => void;
interface NativeModule {
  readonly WhisperContext: {
    new (model: { readonly filePath: string; readonly useGpu: boolean }): WhisperContext;
    readonly toggleNativeLog: ToggleLog;
  };
  readonly WhisperVadContext: new (model: {
    readonly filePath: string;
    readonly useGpu: boolean;
    readonly nThreads: number;
  }) => WhisperVadContext;
}

const PackageFacts = z.object({ version: z.string() });

/**
 * Loads one variant for this platform. The package's own loader takes another variant when the wanted one is missing,
 * and then tries a local build; here the wanted one is loaded or the sentence names what is missing.
 */
export function loadWhisper(variant: Variant): WhisperLibrary {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}${variant === 'default' ? '' : `-${variant}`}`;
  let native: unknown;
  try {
    native = require(`@fugood/node-whisper-${platform}`);
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new Error(`its library for ${platform} cannot be loaded (${why})`, { cause });
  }
  if (!isNativeModule(native)) throw new Error(`its library for ${platform} is not the one expected`);
  const { WhisperContext, WhisperVadContext } = native;
  const { version } = PackageFacts.parse(require(`@fugood/node-whisper-${platform}/package.json`));
  return {
    version,
    open: (model) => new WhisperContext(model),
    openDetector: (model) => new WhisperVadContext({ ...model, useGpu: false }),
    listen(onLine) {
      if (onLine === null) WhisperContext.toggleNativeLog(false);
      else WhisperContext.toggleNativeLog(true, (_level, text) => onLine(text.trimEnd()));
    },
  };
}

function isNativeModule(value: unknown): value is NativeModule {
  if (typeof value !== 'object' || value === null) return false;
  return ['WhisperContext', 'WhisperVadContext'].every((name) => typeof Reflect.get(value, name) === 'function');
}

/** What the engine says when it takes a graphics device (whisper.cpp, `whisper_backend_init_gpu`); CPU otherwise. */
export function deviceIn(line: string): string | null {
  return /whisper_backend_init_gpu: using (\S+) backend/.exec(line)?.[1] ?? null;
}

/** Whether it has said by now which device it took, or that it found none. */
export function settlesDevice(line: string): boolean {
  return /whisper_backend_init_gpu: (using|no GPU|failed)/.test(line);
}

export const PROCESSOR = 'CPU';
