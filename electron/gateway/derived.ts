import type { Refusal } from '../../shared/failure.ts';
import type { AgentPort, GatewayLog } from './agent-port.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const RANGE = /^bytes=(?:\d+-\d*|-\d+)$/;
const PASSED_ON = ['content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'];
/** What `fetch` has decompressed is of another length than was told, and nothing tells which. */
const PASSED_ON_DECOMPRESSED = ['last-modified'];
/** What a page may show in place. Anything else, HTML and SVG above all, would run as this origin: it is only bytes. */
const SHOWN = /^(?:image\/(?:webp|png|jpeg|avif|gif)|video\/[\w.+-]+|audio\/[\w.+-]+|application\/json|text\/plain)$/;
/** A new derived file has a new ref, so a picture that scrolls away and back need not be fetched again. */
const CACHE_CONTROL = 'private, max-age=3600';

const GONE: Refusal = {
  code: 'DERIVED_NOT_FOUND',
  message: 'The server does not have this file any more.',
  nextStep: 'Run the job again to make it anew.',
};
const UNREACHABLE: Refusal = {
  code: 'SERVER_UNREACHABLE',
  message: 'The server did not answer, so the file cannot be shown.',
  nextStep: 'Wait until the server is back, then try again.',
};

interface DerivedRequest {
  readonly asset: string;
  readonly ref: string;
  /** The `Range` header as it came. */
  readonly range: string | undefined;
}

/**
 * Answers `/derived/<asset>/<ref>` for HTTP and for the app's own scheme: streams the file from the server, `Range`
 * included. Only the headers named here are passed on; the caller adds those that all its answers carry.
 */
export async function derivedResponse(
  agent: Pick<AgentPort, 'openDerived'>,
  log: GatewayLog,
  { asset, ref, range }: DerivedRequest,
): Promise<Response> {
  // "." and ".." survive percent-encoding and would climb in the server's address.
  if (!UUID.test(asset) || ref === '' || ref === '.' || ref === '..') return Response.json(GONE, { status: 404 });
  const answer = await open(agent, log, asset, ref, range !== undefined && RANGE.test(range) ? range : undefined);
  if (answer === null) return Response.json(UNREACHABLE, { status: 502 });
  // There is none, and nothing is wrong: a page shows its mark.
  if (answer.status === 204) return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
  // A range of compressed bytes is no range of the file.
  const usable = answer.status === 200 || (answer.status === 206 && !wasCompressed(answer));
  return usable ? pass(answer) : refuse(answer);
}

async function open(
  agent: Pick<AgentPort, 'openDerived'>,
  log: GatewayLog,
  asset: string,
  ref: string,
  range: string | undefined,
): Promise<Response | null> {
  try {
    return await agent.openDerived(asset, ref, range);
  } catch (error) {
    log.warn({ err: error, asset }, 'A derived file could not be opened at the server');
    return null;
  }
}

async function refuse(answer: Response): Promise<Response> {
  await answer.body?.cancel();
  if (answer.status === 416) {
    const contentRange = answer.headers.get('content-range');
    return new Response(null, { status: 416, headers: contentRange === null ? {} : { 'content-range': contentRange } });
  }
  const gone = answer.status === 404 || answer.status === 410;
  return gone ? Response.json(GONE, { status: answer.status }) : Response.json(UNREACHABLE, { status: 502 });
}

function wasCompressed(answer: Response): boolean {
  const coding = answer.headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  return coding !== '' && coding !== 'identity';
}

function pass(answer: Response): Response {
  const contentType = answer.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const shown = SHOWN.test(contentType);
  const headers = new Headers({
    'content-type': shown ? contentType : 'application/octet-stream',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': CACHE_CONTROL,
  });
  for (const name of wasCompressed(answer) ? PASSED_ON_DECOMPRESSED : PASSED_ON) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (!shown) headers.set('content-disposition', 'attachment');
  return new Response(answer.body, { status: answer.status, headers });
}
