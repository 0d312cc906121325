import { oneTimeTokenIn } from '../../shared/one-time-token.ts';
import { readFileSync, rmSync } from 'node:fs';
import { assertNever } from '../../shared/assert-never.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { Installation } from '../agent/server/installation-id.ts';
import { causeOf } from '../agent/server/client.ts';
import { exchangeToken } from '../agent/server/enrolment.ts';
import { createNetworkFetch, type NetworkFacts } from '../agent/server/network-fetch.ts';
import { networkProblem } from '../agent/server/network-problem.ts';

/** `later`: nothing was decided, and trying again may help. */
export type Enrolled =
  | { readonly kind: 'enrolled'; readonly token: string }
  | { readonly kind: 'refused' | 'later'; readonly refusal: Refusal };

/** Exchanges a one-time token for this installation's own bearer; an earlier one is good until that is used (rotation). */
export async function enrol(request: {
  readonly serverUrl: string;
  readonly oneTimeToken: string;
  readonly installation: Installation;
  readonly network: NetworkFacts;
}): Promise<Enrolled> {
  const { serverUrl, network } = request;
  const answer = await exchangeToken(createNetworkFetch(network), request);
  switch (answer.kind) {
    case 'enrolled':
      return answer;
    case 'spent':
      return { kind: 'refused', refusal: spent(serverUrl) };
    case 'strange':
      return { kind: 'later', refusal: strange(serverUrl, answer.status) };
    case 'unanswered': {
      const { error } = answer;
      return { kind: 'later', refusal: networkProblem(error, serverUrl, network.proxyUrl) ?? silent(serverUrl, error) };
    }
    default:
      return assertNever(answer);
  }
}

/** Null when there is none or it cannot be read. */
export function readOneTimeToken(file: string): string | null {
  try {
    const token = oneTimeTokenIn(readFileSync(file, 'utf8'));
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
