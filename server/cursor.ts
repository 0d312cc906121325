import type { z } from 'zod';
import { validationFailed } from './problem.ts';

/** Where a page ended, opaque to the client. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws Problem 422 for a cursor that this server did not make */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  const parsed = schema.safeParse(jsonOf(cursor));
  if (parsed.success) return parsed.data;
  throw validationFailed([{ field: 'cursor', message: 'is not one that this server gave out' }]);
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
