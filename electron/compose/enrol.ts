import { readFileSync, rmSync } from 'node:fs';
import type { Refusal } from '../../shared/failure.ts';
import { API_BASE, EnrollAnswer } from '../../shared/wire.ts';
import { causeOf } from '../agent/server/client.ts';
import { createNetworkFetch, type NetworkFacts } from '../agent/server/network-fetch.ts';
import { networkProblem } from '../agent/server/network-problem.ts';

const TIMEOUT_MS = 20_000;

/** `later`: nothing was decided, and trying again may help. */
export type Enrolled =
  | { readonly kind: 'enrolled'; readonly token: string }
  | { readonly kind: 'refused' | 'later'; readonly refusal: Refusal };

/** Exchanges a one-time token for this installation's own bearer; an earlier one stops being valid (rotation). */
export async function enrol(request: {
  readonly serverUrl: string;
  readonly oneTimeToken: string;
  readonly installationId: string;
  readonly network: NetworkFacts;
}): Promise<Enrolled> {
  const { serverUrl, oneTimeToken, installationId, network } = request;
  try {
    const response = await createNetworkFetch(network)(`${serverUrl}${API_BASE}/agents/enroll`, {
      method: 'POST',
      redirect: 'error',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ token: oneTimeToken, installation_id: installationId }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = EnrollAnswer.safeParse(await response.json().catch(() => null));
    if (response.ok && answer.success) return { kind: 'enrolled', token: answer.data.token };
    if (response.status === 401 || response.status === 403) return { kind: 'refused', refusal: spent(serverUrl) };
    return { kind: 'later', refusal: strange(serverUrl, response.status) };
  } catch (error) {
    return { kind: 'later', refusal: networkProblem(error, serverUrl, network.proxyUrl) ?? silent(serverUrl, error) };
  }
}

/** Null when there is none or it cannot be read. */
export function readOneTimeToken(file: string): string | null {
  try {
    const token = readFileSync(file, 'utf8').trim();
    return token === '' ? null : token;
  } catch {
    return null;
  }
}

/** A used token is worth nothing any more; where it may not be removed, whoever put it there does that. */
export function removeOneTimeToken(file: string): void {
  try {
    rmSync(file);
  } catch {
    // A folder of root's: the service may only read it.
  }
}

function spent(serverUrl: string): Refusal {
  return {
    code: 'ENROLMENT_REFUSED',
    message: `${serverUrl} does not accept this one-time token: it was used already, or its day is over.`,
    nextStep: 'Ask for a new one where the server is managed (POST /agents/enrollments) and enrol again.',
  };
}

function strange(serverUrl: string, status: number): Refusal {
  return {
    code: 'NOT_A_RUSHCATALOG_SERVER',
    message: `${serverUrl} does not enrol agents like a RushCatalog server (${String(status)}).`,
    nextStep: 'Check the address; it is written without /api/v1 and must not redirect.',
  };
}

function silent(serverUrl: string, error: unknown): Refusal {
  return {
    code: 'SERVER_UNREACHABLE',
    message: `${serverUrl} cannot be reached (${causeOf(error)}).`,
    nextStep: 'Check the address, that the server runs and that the network is up.',
  };
}
