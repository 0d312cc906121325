import { mkdirSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { printableJson } from '../../shared/printable.ts';

/** Secrets that must never reach a log, wherever they hang on a logged object. */
const REDACTED = [
  'token',
  'lock_token',
  '*.token',
  '*.lock_token',
  'authorization',
  '*.authorization',
  'headers.authorization',
];

/** Held until the process ends: a log that nobody writes to any more would be closed by the collector, with a warning. */
const streams = new Set<RotatingFileStream>();

/** Structured JSON lines in `folder/agent.log`: rotated at 10 MB, seven files kept. */
export function createFileLog(folder: string, name: string): Logger {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stream = createStream(`${name}.log`, { path: folder, size: '10M', maxFiles: 7, mode: 0o600 });
  streams.add(stream);
  // A log that cannot be written (disk full) must not end the agent.
  stream.on('error', () => undefined);
  return pino(
    {
      level: process.env['RUSHCATALOG_DEBUG'] === '1' ? 'debug' : 'info',
      redact: REDACTED,
      base: { pid: process.pid },
    },
    // JSON leaves the marks that turn the direction of writing, C1 controls and line separators as they are.
    { write: (line) => void stream.write(`${printableJson(line.trimEnd())}\n`) },
  );
}
