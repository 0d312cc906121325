import { textUnlessTooLarge } from './bounded-text.ts';
import { createHash } from 'node:crypto';
import { API_BASE, EnrollAnswer } from '../../../shared/wire.ts';
import type { Installation } from './installation-id.ts';

const TIMEOUT_MS = 20_000;

/** `spent`: the server knows the token and will not have it. `strange`: an answer of nobody who enrols agents. */
export type Exchanged =
  | { readonly kind: 'enrolled'; readonly token: string }
  | { readonly kind: 'spent' }
  | { readonly kind: 'strange'; readonly status: number }
  | { readonly kind: 'unanswered'; readonly error: unknown };

/**
 * Exchanges a one-time token for an installation's own bearer. Whatever became of an earlier try, whose answer may have
 * been lost, the same token may be sent again by the same installation, also after a restart: the key is the same, and
 * so is the answer. The bearer in use is good until the new one is used.
 */
export async function exchangeToken(
  send: typeof fetch,
  request: { readonly serverUrl: string; readonly oneTimeToken: string; readonly installation: Installation },
): Promise<Exchanged> {
  const { serverUrl, oneTimeToken, installation } = request;
  try {
    const response = await send(`${serverUrl}${API_BASE}/agents/enroll`, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'Idempotency-Key': enrolmentKey(installation, oneTimeToken),
      },
      body: JSON.stringify({ token: oneTimeToken, installation_id: installation.id }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = EnrollAnswer.safeParse(parsed(await textUnlessTooLarge(response)));
    if (response.ok && answer.success) return { kind: 'enrolled', token: answer.data.token };
    if (response.status === 401 || response.status === 403) return { kind: 'spent' };
    return { kind: 'strange', status: response.status };
  } catch (error) {
    return { kind: 'unanswered', error };
  }
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** 64 hex characters. With the secret in it, a one-time token that lies about gives nobody else its answer again. */
function enrolmentKey({ secret }: Installation, oneTimeToken: string): string {
  return createHash('sha256')
    .update(JSON.stringify([secret, 'enrol', oneTimeToken]))
    .digest('hex');
}
