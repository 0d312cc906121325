import { createHash } from 'node:crypto';

interface KeyParts {
  readonly jobId: string;
  /** `lock_token`, or for a claim a fresh claim id. */
  readonly secret: string;
  readonly step: 'claim' | 'submit' | 'fail' | 'upload-init' | 'upload-complete';
  /** Which output of the job; 0 for steps that have none. */
  readonly output?: number;
  /** Rises when an upload is begun anew. */
  readonly generation?: number;
}

/** 64 hex characters (protocol.md, Idempotency-Key). The same parts give the same key over retries and restarts. */
export function idempotencyKey({ jobId, secret, step, output = 0, generation = 0 }: KeyParts): string {
  return createHash('sha256')
    .update(JSON.stringify([jobId, secret, step, output, generation]))
    .digest('hex');
}
