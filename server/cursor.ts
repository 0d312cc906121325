import type { z } from 'zod';
import { jsonOf } from '../shared/json.ts';
import { validationFailed } from './problem.ts';

/** A page of a list that is asked for. */
export interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Where a page ended, opaque to the client. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws Problem 422 for a cursor that this server did not make */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  const parsed = schema.safeParse(jsonOf(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (parsed.success) return parsed.data;
  throw validationFailed([{ field: 'cursor', message: 'is not one that this server gave out' }]);
}
