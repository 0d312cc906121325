import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeRuntime } from '../../electron/work/process/spawn-node.ts';
import { startTlsFront } from './loopback-proxy.ts';
import { makePrivateCa, type PrivateCa } from './private-ca.ts';

const MODULE = new URL('../../electron/agent/server/network-fetch.ts', import.meta.url).href;

/** Node reads the system's store on Linux from where OpenSSL looks for it, which SSL_CERT_FILE names. */
describe.skipIf(process.platform !== 'linux')('a studio’s authority in the system’s own store', () => {
  let ca: PrivateCa;
  let front: { readonly port: number; close(): void };
  const server = createServer((_request, response) => response.end('{}'));

  beforeAll(async () => {
    ca = makePrivateCa();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    front = await startTlsFront((server.address() as AddressInfo).port, ca);
  });
  afterAll(() => {
    front.close();
    server.close();
  });

  /** In a process of its own: the store is read once. */
  function ask(env: Readonly<Record<string, string>>): Promise<string> {
    const script = `
      import { createNetworkFetch } from ${JSON.stringify(MODULE)};
      try {
        const answer = await createNetworkFetch({})('https://localhost:${String(front.port)}/');
        console.log(answer.status);
      } catch (error) {
        console.log(error.cause?.code);
      }
      process.exit(0);`;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const done = (error: Error | null, stdout: string): void => (error ? reject(error) : resolve(stdout.trim()));
    execFile(nodeRuntime(), ['--input-type=module', '-e', script], { env: { ...process.env, ...env } }, done);
    return promise;
  }

  it('is trusted without any setting, and only then', async () => {
    expect(await ask({ SSL_CERT_FILE: ca.caFile })).toBe('200');
    expect(await ask({})).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET_ISSUER/);
  });
});
