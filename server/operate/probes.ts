import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../../shared/server-address.ts';
import { authenticate, bearerOf, type SharedTokens } from '../auth/authenticate.ts';
import type { Context } from '../context.ts';
import { sameHash, sha256 } from '../hash.ts';
import type { Metrics } from './metrics.ts';
import { readinessOf } from './readiness.ts';

/**
 * What the machines around a server ask: whether the process answers, whether it can work, and its metrics. The first
 * two tell nothing that is secret and need no token; metrics are read from this machine, or with a token.
 */
export function serveProbes(
  app: FastifyInstance,
  context: Context,
  shared: SharedTokens,
  {
    metrics,
    metricsHash,
    behindProxy,
  }: { readonly metrics: Metrics | null; readonly metricsHash: string | null; readonly behindProxy: boolean },
): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  const readiness = readinessOf(context);
  app.get('/readyz', async (_request, reply) => {
    const { ready, checks } = await readiness();
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not ready', checks });
  });
  if (metrics === null) return;
  app.get('/metrics', async (request, reply) => {
    if ((behindProxy || !isFromHere(request)) && !isReader(request, metricsHash)) {
      await authenticate(context, shared, request, { scope: 'operator', role: 'viewer' });
    }
    return reply.header('content-type', metrics.contentType).send(await metrics.text());
  });
}

function isReader({ headers }: FastifyRequest, metricsHash: string | null): boolean {
  const bearer = bearerOf(headers.authorization);
  return metricsHash !== null && bearer !== undefined && sameHash(sha256(bearer), metricsHash);
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
/** A proxy's connection comes from here, too, but what it passes on does not. */
const OF_A_PROXY = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** By the connection; and by the name that was called, so that no page in a browser here gets in by a name of its own. */
function isFromHere({ socket, headers }: FastifyRequest): boolean {
  return (
    LOOPBACK.test(socket.remoteAddress ?? '') &&
    isLoopback((headers.host ?? '').replace(/:\d+$/, '')) &&
    OF_A_PROXY.every((name) => headers[name] === undefined)
  );
}
