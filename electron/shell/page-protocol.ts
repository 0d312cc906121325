import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../shared/failure.ts';
import type { AgentPort, GatewayLog } from '../gateway/agent-port.ts';
import { derivedResponse } from '../gateway/derived.ts';
import { SECURITY_HEADERS } from '../../web/security-headers.ts';
import type { StaticFile } from '../../web/static-files.ts';
import { isOwnUrl } from './own-page.ts';

const NOT_FOUND: Refusal = { code: 'NOT_FOUND', message: 'There is nothing at this address.' };
const DERIVED = /^\/derived\/([^/]+)\/([^/]+)$/;

/** Answers one request of our own scheme. */
export type PageHandler = (request: Request) => Promise<Response>;

/**
 * The page's files by exact look-up (web/static-files.ts) and the derived files of the server, `Range` included.
 * Every answer carries the strict CSP; a derived file's own, stricter one wins.
 */
export function createPageHandler(deps: {
  readonly agent: Pick<AgentPort, 'openDerived'>;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly log: GatewayLog;
}): PageHandler {
  return async (request) => {
    const answer = await respond(deps, request);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!answer.headers.has(name)) answer.headers.set(name, value);
    }
    return answer;
  };
}

async function respond(
  { agent, files, log }: Parameters<typeof createPageHandler>[0],
  request: Request,
): Promise<Response> {
  if (!isOwnUrl(request.url)) return Response.json(NOT_FOUND, { status: 404 });
  if (request.method !== 'GET') return new Response(null, { status: 405, headers: { allow: 'GET' } });
  const { pathname } = new URL(request.url);
  const file = files.get(pathname);
  if (file !== undefined) return sendFile(file, log);
  const derived = DERIVED.exec(pathname);
  const asset = decoded(derived?.[1]);
  const ref = decoded(derived?.[2]);
  if (asset === null || ref === null) return Response.json(NOT_FOUND, { status: 404 });
  return derivedResponse(agent, log, { asset, ref, range: request.headers.get('range') ?? undefined });
}

async function sendFile(file: StaticFile, log: GatewayLog): Promise<Response> {
  try {
    const headers = { 'content-type': file.contentType, 'cache-control': 'no-cache' };
    return new Response(new Uint8Array(await readFile(file.path)), { headers });
  } catch (error) {
    log.error({ err: error, file: file.path }, 'A file of the page could not be read');
    return Response.json(NOT_FOUND, { status: 404 });
  }
}

/** Null for what is absent or no valid percent-encoding. */
function decoded(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}
