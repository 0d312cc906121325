import { once } from 'node:events';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { closeIdleBeyond } from '../../server/connections.ts';
import { ServerStartError } from '../../server/start-error.ts';
import type { ServerOptions } from '../../server/options.ts';
import { makePrivateCa, type PrivateCa } from '../policy/private-ca.ts';
import { startRig, type Rig } from './running.ts';

let ca: PrivateCa;
let next: PrivateCa;
let rig: Rig | undefined;
const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-tls-'));
const files = { certFile: join(folder, 'fullchain.pem'), keyFile: join(folder, 'privkey.pem') };

beforeAll(() => {
  [ca, next] = [makePrivateCa(), makePrivateCa()];
  return () => rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

function put({ cert, key }: Pick<PrivateCa, 'cert' | 'key'>): void {
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key, { mode: 0o600 });
}

interface Seen {
  readonly status: number | undefined;
  readonly serial: string;
}

/** A client that trusts these authorities and no others. */
function call(port: number, caFiles: readonly string[], path = '/healthz'): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const options = { port, path, servername: 'localhost', host: '127.0.0.1', agent: false as const };
    const asked = request({ ...options, ca: caFiles.map((file) => readFileSync(file, 'utf8')) }, (response) => {
      // Over TLS its socket is one of TLS.
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
      response.resume().on('end', () => resolve({ status: response.statusCode, serial }));
    });
    asked.on('error', reject).end();
  });
}

const refusal = async (options: Partial<ServerOptions>): Promise<ServerStartError> => {
  const error: unknown = await startRig({ registered: false, ...options }).then(
    (started) => started.stop().then(() => 'it started'),
    (problem: unknown) => problem,
  );
  if (!(error instanceof ServerStartError)) throw new Error(`no refusal: ${String(error)}`);
  return error;
};

test('plain HTTP stays on this machine unless a proxy is in front', async () => {
  for (const host of ['0.0.0.0', '::', '203.0.113.7']) {
    expect((await refusal({ host })).refusal.code).toBe('PLAIN_HTTP_EXPOSED');
  }
  rig = await startRig({ host: '0.0.0.0', behindProxy: true, metrics: { token: 'of-prometheus' } });
  expect((await rig.operator('/jobs/queue')).status).toBe(200);
  // Whoever a proxy passes on comes from this machine, too.
  const metrics = (headers: Record<string, string>) => fetch(`${rig?.server.url}/metrics`, { headers });
  expect((await metrics({})).status).toBe(401);
  expect((await metrics({ authorization: 'Bearer of-prometheus' })).status).toBe(200);
});

test('HTTPS is served with a certificate, which is renewed while the server runs', async () => {
  put(ca);
  const said: string[] = [];
  const log = { info: () => {}, warn: (_fields: unknown, message: string) => void said.push(message), error: () => {} };
  rig = await startRig({ registered: false, host: '0.0.0.0', tls: files, sweepIntervalSeconds: 0.05, log });
  const { url, port } = rig.server;
  expect(url).toBe(`https://rushcatalog.studio.test:${port}`);
  const first = await call(port, [ca.caFile]);
  expect(first.status).toBe(200);
  await expect(call(port, [next.caFile])).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();

  // Half of the new pair: what was served before is still served, and it is said once.
  writeFileSync(files.certFile, next.cert);
  await expect.poll(() => said).toEqual(['the certificate cannot be renewed; the one before is served']);
  expect((await call(port, [ca.caFile])).serial).toBe(first.serial);
  // As certbot does it: under another name, then in its place.
  writeFileSync(`${files.keyFile}.new`, next.key, { mode: 0o600 });
  renameSync(`${files.keyFile}.new`, files.keyFile);
  const renewed = () =>
    call(port, [next.caFile]).then(
      ({ status }) => status,
      () => 'not yet',
    );
  await expect.poll(renewed).toBe(200);
  await expect(call(port, [ca.caFile])).rejects.toThrow();
  expect(said).toHaveLength(1);
});

test('a certificate that cannot be used is refused at the start, and so is a key that everybody may read', async () => {
  put(ca);
  const code = async () => (await refusal({ tls: files })).refusal.code;
  writeFileSync(files.keyFile, next.key);
  expect(await code()).toBe('TLS_UNUSABLE');
  writeFileSync(files.keyFile, 'no key at all');
  expect(await code()).toBe('TLS_UNUSABLE');
  rmSync(files.certFile);
  expect(await code()).toBe('TLS_UNUSABLE');
  put(ca);
  if (process.platform === 'win32') return;
  chmodSync(files.keyFile, 0o644);
  const open = await refusal({ tls: files });
  expect(open.refusal.code).toBe('TLS_KEY_OPEN');
  expect(open.refusal.nextStep).toContain(`chmod 600 ${files.keyFile}`);
});

test('connections that ask nothing give way over TLS, too', async () => {
  const server = createServer({ cert: ca.cert, key: ca.key }, (_request, response) => response.end());
  closeIdleBeyond(server, 4);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on a port.
  const { port } = server.address() as AddressInfo;
  const open = new Set<TLSSocket>();
  for (let index = 0; index < 12; index += 1) {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(ca.caFile) });
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    await once(socket, 'secureConnect');
  }
  await expect.poll(() => open.size).toBe(4);
  expect((await call(port, [ca.caFile])).status).toBe(200);
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
