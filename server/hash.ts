import { createHash } from 'node:crypto';

/** sha256 in lowercase hex, as everywhere on the wire. */
export function sha256(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}
