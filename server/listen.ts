import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../shared/server-address.ts';
import type { ServerOptions } from './options.ts';
import { ServerStartError } from './start-error.ts';
import type { Certificate } from './tls.ts';

/** Listens, and answers where. @throws ServerStartError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function listen(
  app: FastifyInstance,
  options: ServerOptions,
  certificate: Certificate | null,
): Promise<{ url: string; port: number }> {
  const host = options.host ?? '127.0.0.1';
  try {
    await app.listen({ host, port: options.port ?? 0 });
  } catch (error) {
    await app.close();
    // What `listen` rejects with.
    throw startErrorOf(error as NodeJS.ErrnoException, host, options.port ?? 0);
  }
  // Listening on a port, so neither null nor the path of a pipe.
  const { port } = app.server.address() as AddressInfo;
  // "Any address" is not an address one can call; under TLS only a name of the certificate is.
  const name = isAny(host) ? (certificate?.name ?? '127.0.0.1') : host;
  return {
    url: `${certificate === null ? 'http' : 'https'}://${inAddress(name)}:${port}`,
    port,
  };
}

const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::';
/** As it stands in an address. */
const inAddress = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** A token that travels in clear is anybody’s who listens on the way. @throws ServerStartError PLAIN_HTTP_EXPOSED */
export function refuseExposed({ host = '127.0.0.1', tls, behindProxy = false }: ServerOptions): void {
  if (tls !== undefined || behindProxy || isLoopback(inAddress(host))) return;
  throw new ServerStartError(
    'PLAIN_HTTP_EXPOSED',
    `On ${host} tokens would travel unencrypted beyond this machine.`,
    'Give it a certificate (--tls-cert and --tls-key), or say --behind-proxy where only a proxy with TLS reaches it.',
  );
}

function startErrorOf(error: NodeJS.ErrnoException, host: string, port: number): ServerStartError {
  if (error.code === 'EADDRINUSE') {
    return new ServerStartError(
      'PORT_IN_USE',
      `Port ${port} on ${host} is already in use.`,
      'Choose another port, or stop the program that uses it; port 0 takes any free one.',
      { cause: error },
    );
  }
  return new ServerStartError(
    'ADDRESS_UNAVAILABLE',
    `The server cannot listen on ${host}, port ${port} (${error.code ?? error.message}).`,
    'Choose an address of this machine and a port above 1023.',
    { cause: error },
  );
}
