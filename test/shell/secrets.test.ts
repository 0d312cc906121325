import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretStore, type Keystore } from '../../electron/shell/secrets.ts';
import type { StoredToken } from '../../electron/shell/stored-token.ts';
import { chooseServer, TOKEN_DROP, type ServerPlace } from '../../electron/shell/server-choice.ts';

const TOKEN = 'top-secret-token';
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  file = join(folder, 'server-token');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A keystore that really encrypts, with a key of its own. */
function keystore(options: { available?: boolean; backend?: string; reEncrypt?: boolean } = {}): Keystore {
  const { available = true, backend = 'gnome_libsecret', reEncrypt = false } = options;
  const key = randomBytes(32);
  return {
    isAsyncEncryptionAvailable: async () => available,
    getSelectedStorageBackend: () => backend as ReturnType<Keystore['getSelectedStorageBackend']>,
    encryptStringAsync: async (text) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
    decryptStringAsync: async (sealed) => {
      const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAuthTag(sealed.subarray(12, 28));
      const result = Buffer.concat([cipher.update(sealed.subarray(28)), cipher.final()]).toString('utf8');
      return { result, shouldReEncrypt: reEncrypt };
    },
  };
}

describe('a secret', () => {
  it('is sealed by the keystore and comes back', async () => {
    const store = createSecretStore(file, keystore(), 'linux');
    expect(await store.read()).toBeNull();
    expect(await store.write(TOKEN)).toBe('keystore');
    expect(await readFile(file, 'utf8')).not.toContain(TOKEN);
    expect(await store.read()).toBe(TOKEN);
    store.forget();
    expect(await store.read()).toBeNull();
  });

  it.each([
    ['no keystore', keystore({ available: false }), 'darwin'],
    ['a Linux without a keyring', keystore({ backend: 'basic_text' }), 'linux'],
  ] as const)('with %s lies in a file of this account only, and says so', async (_what, keys, platform) => {
    const store = createSecretStore(file, keys, platform);
    expect(await store.write(TOKEN)).toBe('file');
    expect(await store.protection()).toBe('file');
    expect(await store.read()).toBe(TOKEN);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['server-token']);
  });

  it('is sealed as soon as there is a keystore', async () => {
    await createSecretStore(file, keystore({ available: false }), 'linux').write(TOKEN);
    const keys = keystore();
    expect(await createSecretStore(file, keys, 'linux').read()).toBe(TOKEN);
    expect(await readFile(file, 'utf8')).not.toContain(TOKEN);
    expect(await createSecretStore(file, keys, 'linux').read()).toBe(TOKEN);
  });

  it('is sealed anew when the keystore asks for it', async () => {
    const store = createSecretStore(file, keystore({ reEncrypt: true }), 'linux');
    await store.write(TOKEN);
    const before = await readFile(file, 'utf8');
    expect(await store.read()).toBe(TOKEN);
    expect(await readFile(file, 'utf8')).not.toBe(before);
  });

  it('that the keystore does not open is said in a sentence, and kept', async () => {
    await createSecretStore(file, keystore(), 'linux').write(TOKEN);
    const other = createSecretStore(file, keystore(), 'linux');
    await expect(other.read()).rejects.toMatchObject({ refusal: { code: 'SECRET_LOCKED' } });
    expect(existsSync(file)).toBe(true);
  });

  it('that is damaged is said to be, without quoting it', async () => {
    await writeFile(file, `${TOKEN} {`);
    const error: unknown = await createSecretStore(file, keystore(), 'linux')
      .read()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ refusal: { code: 'SECRET_UNREADABLE' } });
    expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain(TOKEN);
  });
});

describe('the server that is worked for', () => {
  const remote = { serverUrl: 'https://rushcatalog.studio.example', allowInsecureHttp: false };

  async function chosen(
    settings: typeof remote,
    secret: ReturnType<typeof createSecretStore>,
    more: Partial<ServerPlace> = {},
  ): Promise<StoredToken> {
    const choice = await chooseServer(settings, { folder, secret, ...more });
    if (choice.kind !== 'remote') throw new Error('the embedded server was chosen');
    await choice.token.settled();
    return choice.token;
  }

  it('is the embedded one unless another is set', async () => {
    const store = createSecretStore(file, keystore(), 'linux');
    expect(await chooseServer({ ...remote, serverUrl: '' }, { folder, secret: store })).toEqual({ kind: 'embedded' });
  });

  it('needs a token, which may be dropped beside the settings and is taken into the keystore', async () => {
    const store = createSecretStore(file, keystore(), 'linux');
    const without = await chosen(remote, store);
    expect([without.current(), without.problem()?.code]).toEqual(['', 'TOKEN_MISSING']);
    await writeFile(join(folder, TOKEN_DROP), `${TOKEN}\n`);
    const heard: string[] = [];
    without.onChange((token) => heard.push(token));
    without.refresh();
    await without.settled();
    expect([heard, without.problem()]).toEqual([[TOKEN], null]);
    await writeFile(join(folder, TOKEN_DROP), `${TOKEN}\n`);
    for (const start of ['first', 'second']) {
      const choice = await chooseServer(remote, { folder, secret: store });
      expect(choice, start).toMatchObject({ kind: 'remote', serverUrl: 'https://rushcatalog.studio.example' });
      expect(choice.kind === 'remote' && choice.token.current(), start).toBe(TOKEN);
    }
    expect(await readdir(folder)).toEqual(['server-token']);
  });

  it('gets no token over an open network', async () => {
    const store = createSecretStore(file, keystore(), 'linux');
    await store.write(TOKEN);
    const open = { serverUrl: 'http://rushcatalog.studio.example', allowInsecureHttp: false };
    const held = await chosen(open, store);
    expect([held.current(), held.problem()?.code]).toEqual(['', 'INSECURE_HTTP']);
    held.refresh();
    await held.settled();
    expect(held.current()).toBe('');
    expect((await chosen({ ...open, allowInsecureHttp: true }, store)).current()).toBe(TOKEN);
  });

  it('is asked for a token of its own by the policy’s one-time token; an expired one is a sentence, and is sent once', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        const fresh = body.includes('fresh-token');
        response.writeHead(fresh ? 200 : 401, { 'content-type': 'application/json' });
        response.end(JSON.stringify(fresh ? { token: TOKEN, agent_id: randomUUID() } : {}));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const serverUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    try {
      const store = createSecretStore(file, keystore(), 'linux');
      const enrolmentTokenFile = join(folder, 'one-time');
      await writeFile(enrolmentTokenFile, 'token-of-last-year');
      const token = await chosen({ serverUrl, allowInsecureHttp: false }, store, { enrolmentTokenFile });
      expect([token.current(), token.problem()?.code]).toEqual(['', 'ENROLMENT_REFUSED']);
      token.refresh();
      await token.settled();
      expect(bodies).toHaveLength(1);
      await writeFile(enrolmentTokenFile, 'fresh-token');
      token.refresh();
      await token.settled();
      expect([token.current(), token.problem()]).toEqual([TOKEN, null]);
      expect(await store.read()).toBe(TOKEN);
      expect(existsSync(enrolmentTokenFile)).toBe(false);
    } finally {
      server.close();
    }
  });

  it('that cannot be reached for enrolment is a sentence, and is asked again', async () => {
    const enrolmentTokenFile = join(folder, 'one-time');
    await writeFile(enrolmentTokenFile, 'fresh-token');
    const store = createSecretStore(file, keystore(), 'linux');
    const network = { proxyUrl: 'http://127.0.0.1:9' };
    const token = await chosen(remote, store, { enrolmentTokenFile, network });
    expect(token.problem()?.code).toBe('PROXY_UNREACHABLE');
    expect(existsSync(enrolmentTokenFile)).toBe(true);
  });

  it('whose token is locked in the keystore is shown with the reason, and works once it opens', async () => {
    const keys = keystore();
    await createSecretStore(file, keys, 'linux').write(TOKEN);
    let locked = true;
    const decrypt = keys.decryptStringAsync.bind(keys);
    const store = createSecretStore(
      file,
      { ...keys, decryptStringAsync: (data) => (locked ? Promise.reject(new Error('locked')) : decrypt(data)) },
      'linux',
    );
    const token = await chosen(remote, store);
    expect([token.current(), token.problem()?.code]).toEqual(['', 'SECRET_LOCKED']);
    locked = false;
    token.refresh();
    await token.settled();
    expect(token.current()).toBe(TOKEN);
  });
});
