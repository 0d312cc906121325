import { Webhook } from 'standardwebhooks';
import type { WebhookTarget } from './tell-file.ts';

/** A receiver answers at once, and does its work afterwards. */
const ANSWER_MS = 15_000;
/** Longest that a receiver's `Retry-After` is obeyed. */
const LONGEST_WAIT_MS = 3_600_000;

/** Null: it was taken. `waitMs`: how long the receiver wants to be left alone, at least. */
export type Refused = { readonly why: string; readonly waitMs: number } | null;

/**
 * Sends a message once, signed by the Standard Webhooks specification. Any 2xx takes it; a redirect does not, and is not
 * followed: the file names where it goes. What the answer says is not read.
 */
export async function postWebhook(
  { url, secret }: WebhookTarget,
  message: { readonly id: string; readonly body: string; readonly at: number },
  stopped: AbortSignal,
): Promise<Refused> {
  const sentAt = new Date(message.at);
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(ANSWER_MS)]);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'RushCatalog',
        'webhook-id': message.id,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(message.id, sentAt, message.body),
      },
      body: message.body,
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel().catch(() => {});
    if (response.ok) return null;
    return { why: `it answered ${response.status}`, waitMs: retryAfter(response.headers.get('retry-after')) };
  } catch (error) {
    return { why: whyOf(error), waitMs: 0 };
  }
}

/** Seconds; a date is nobody’s habit here. */
function retryAfter(header: string | null): number {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, LONGEST_WAIT_MS) : 0;
}

/** The code of what lies beneath: a message may name the address, which may be a secret. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name;
}
