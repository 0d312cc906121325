import { createRequire } from 'node:module';
import { z } from 'zod';

/** The part of `@fugood/whisper.node` that is used, and its native library found without its own fall-backs. */

export interface WhisperSegment {
  readonly text: string;
  /** Milliseconds from the start of the data. */
  readonly t0: number;
  readonly t1: number;
}

export interface WhisperResult {
  readonly language?: string;
  readonly segments: readonly WhisperSegment[];
  readonly isAborted: boolean;
}

export interface WhisperOptions {
  readonly language: string;
  readonly maxThreads: number;
  readonly temperature: number;
  readonly bestOf: number;
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

export interface WhisperLibrary {
  readonly version: string;
  /** Throws when the file is no model the engine takes. */
  open(model: { readonly filePath: string; readonly useGpu: boolean }): WhisperContext;
}

interface NativeModule {
  readonly WhisperContext: new (model: { readonly filePath: string; readonly useGpu: boolean }) => WhisperContext;
}

const PackageFacts = z.object({ version: z.string() });

/**
 * Loads the processor variant for this platform. The package's own loader tries a local build when the platform's
 * package is missing and then names that build in its error; here the sentence names the platform.
 */
export function loadWhisper(): WhisperLibrary {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  let native: unknown;
  try {
    native = require(`@fugood/node-whisper-${platform}`);
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new Error(`its library for ${platform} cannot be loaded (${why})`, { cause });
  }
  if (!isNativeModule(native)) throw new Error(`its library for ${platform} is not the one expected`);
  const { WhisperContext } = native;
  const { version } = PackageFacts.parse(require('@fugood/whisper.node/package.json'));
  return { version, open: (model) => new WhisperContext(model) };
}

function isNativeModule(value: unknown): value is NativeModule {
  return (
    typeof value === 'object' &&
    value !== null &&
    'WhisperContext' in value &&
    typeof value.WhisperContext === 'function'
  );
}
