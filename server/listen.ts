import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ServerOptions } from './options.ts';
import { ServerStartError } from './start-error.ts';

/** Listens, and answers where. @throws ServerStartError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function listen(app: FastifyInstance, options: ServerOptions): Promise<{ url: string; port: number }> {
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
  // "Any address" is not an address one can call.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return { url: `http://${name.includes(':') ? `[${name}]` : name}:${port}`, port };
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
