import type { Readable } from 'node:stream';
import type { StdoutUse } from './child.ts';
import { createLineSplitter } from './lines.ts';

/** Kept of stderr for people who ask why: the last lines, each cut. */
const TAIL_LINES = 40;
const TAIL_LINE_CHARACTERS = 2_000;

interface OutputEvents {
  /** `collect` is over its limit. */
  onTooMuch(): void;
  /** A callback of the spec threw or rejected. */
  onConsumerError(error: unknown): void;
}

/** A pipe of a child being read. */
export interface Output {
  /** Bytes read so far. */
  readonly bytes: number;
  /** The consumer's promise is pending: silence is ours, not the child's. */
  readonly heldBack: boolean;
  /** Hands over what is incomplete and reads nothing more. */
  finish(): void;
}

export interface CollectedOutput extends Output {
  collected(): Buffer;
}

export function readStdout(stream: Readable, use: StdoutUse, events: OutputEvents): CollectedOutput {
  const chunks: Buffer[] = [];
  let kept = 0;
  const collect = (maxBytes: number) => (chunk: Buffer) => {
    const room = maxBytes - kept;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    kept = Math.min(maxBytes, kept + chunk.length);
    if (chunk.length > room) events.onTooMuch();
  };
  const output = readStream(stream, stdoutConsumer(use, collect), events);
  return Object.assign(output, { collected: () => Buffer.concat(chunks) });
}

interface Consumer {
  take(chunk: Buffer): void | Promise<void>;
  end?(): void;
}

function stdoutConsumer(use: StdoutUse, collect: (maxBytes: number) => (chunk: Buffer) => void): Consumer {
  switch (use.kind) {
    case 'collect':
      return { take: collect(use.maxBytes) };
    case 'bytes':
      return { take: use.onBytes };
    case 'lines': {
      const splitter = createLineSplitter(use.onLine);
      return { take: splitter.push, end: splitter.end };
    }
    case 'ignore':
      return { take: () => undefined };
  }
}

export interface ErrorOutput extends Output {
  tail(): readonly string[];
}

/** ffmpeg's levels below a warning: asked for by who listens to them, and no explanation of how a run ended. */
const CHATTER = /\[(info|verbose)\] /;

export function readStderr(
  stream: Readable,
  onLine: ((line: string) => void) | undefined,
  events: OutputEvents,
): ErrorOutput {
  const tail: string[] = [];
  const splitter = createLineSplitter((line) => {
    if (line.trim() !== '' && !CHATTER.test(line)) {
      tail.push(line.slice(0, TAIL_LINE_CHARACTERS));
      if (tail.length > TAIL_LINES) tail.shift();
    }
    onLine?.(line);
  });
  const output = readStream(stream, { take: splitter.push, end: splitter.end }, events);
  return Object.assign(output, { tail: () => tail });
}

function readStream(stream: Readable, consumer: Consumer, events: OutputEvents): Output {
  let bytes = 0;
  let heldBack = false;
  let finished = false;
  // Node resumes the pipes of a child that exits, paused or not: what then comes (at most what the kernel held) waits here.
  const waiting: Buffer[] = [];

  const fail = (error: unknown): void => {
    finished = true; // nothing more for a consumer that failed
    events.onConsumerError(error);
  };
  const holdUntil = async (pending: Promise<void>): Promise<void> => {
    heldBack = true;
    stream.pause();
    try {
      await pending;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (finished) break;
        await consumer.take(next);
      }
    } catch (error) {
      fail(error);
    }
    heldBack = false;
    stream.resume();
  };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (finished) return;
    if (heldBack) {
      waiting.push(chunk);
      return;
    }
    try {
      const pending = consumer.take(chunk);
      if (pending !== undefined) void holdUntil(pending);
    } catch (error) {
      fail(error);
    }
  });
  // A pipe that breaks is the end of output; the end of the child is told by its exit.
  stream.on('error', () => undefined);

  return {
    get bytes() {
      return bytes;
    },
    get heldBack() {
      return heldBack;
    },
    finish() {
      if (finished) return;
      finished = true;
      try {
        consumer.end?.();
      } catch (error) {
        events.onConsumerError(error);
      }
    },
  };
}
