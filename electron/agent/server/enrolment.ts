import { textUnlessTooLarge } from './bounded-text.ts';
import { createHash } from 'node:crypto';
import { API_BASE, EnrollAnswer } from '../../../shared/wire.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { causeOf } from './client.ts';
import type { Installation } from './installation-id.ts';
import { networkProblem } from './network-problem.ts';

const TIMEOUT_MS = 20_000;

/** `later`: nothing was decided, and trying again may help. */
export type Enrolled =
  | { readonly kind: 'enrolled'; readonly token: string }
  | { readonly kind: 'refused' | 'later'; readonly refusal: Refusal };

/**
 * Exchanges a one-time token for an installation's own bearer. Whatever became of an earlier try, whose answer may have
 * been lost, the same token may be sent again by the same installation, also after a restart: the key is the same, and
 * so is the answer. The bearer in use is good until the new one is used (rotation).
 */
export async function enrol(
  send: typeof fetch,
  request: {
    readonly serverUrl: string;
    readonly oneTimeToken: string;
    readonly installation: Installation;
    readonly proxyUrl?: string | undefined;
  },
): Promise<Enrolled> {
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
    // The server knows the token and will not have it; any other answer is of nobody who enrols agents.
    if (response.status === 401 || response.status === 403) return { kind: 'refused', refusal: spent(serverUrl) };
    return { kind: 'later', refusal: strange(serverUrl, response.status) };
  } catch (error) {
    const refusal = networkProblem(error, serverUrl, request.proxyUrl) ?? silent(serverUrl, error);
    return { kind: 'later', refusal };
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

function spent(serverUrl: string): Refusal {
  return {
    code: 'ENROLMENT_REFUSED',
    message: `${serverUrl} does not accept this one-time token: it was used already, or its day is over.`,
    nextStep: 'Ask for a new one where the server is managed (POST /agents/enrollments) and enrol again.',
    field: 'secret',
  };
}

function strange(serverUrl: string, status: number): Refusal {
  return {
    code: 'NOT_A_RUSHCATALOG_SERVER',
    message: `${serverUrl} does not enrol agents like a RushCatalog server (${String(status)}).`,
    nextStep: 'Check the address; it is written without /api/v1 and must not redirect.',
    field: 'serverUrl',
  };
}

function silent(serverUrl: string, error: unknown): Refusal {
  return {
    code: 'SERVER_UNREACHABLE',
    message: `${serverUrl} cannot be reached (${causeOf(error)}).`,
    nextStep: 'Check the address, that the server runs and that the network is up.',
    field: 'serverUrl',
  };
}
