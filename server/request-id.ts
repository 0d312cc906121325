import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a proxy or a client may call a request: it comes back as a header and stands in logs, so nothing else in it. */
const USABLE = /^[\w.:@/+=-]{1,128}$/;

/** The `x-request-id` that came with a request where it can be used, or a new UUID. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const said = headers['x-request-id'];
  return typeof said === 'string' && USABLE.test(said) ? said : randomUUID();
}
