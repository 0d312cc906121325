import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretStore, type Keystore } from '../../electron/shell/secrets.ts';
import { chooseServer, TOKEN_DROP } from '../../electron/shell/server-choice.ts';

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
  const remote = { serverUrl: 'https://rushcatalog.studio.example/', allowInsecureHttp: false };

  it('is the embedded one unless another is set', async () => {
    const store = createSecretStore(file, keystore(), 'linux');
    expect(await chooseServer({ ...remote, serverUrl: '' }, { folder, secret: store })).toEqual({ kind: 'embedded' });
  });

  it('needs a token, which may be dropped beside the settings and is taken into the keystore', async () => {
    const store = createSecretStore(file, keystore(), 'linux');
    await expect(chooseServer(remote, { folder, secret: store })).rejects.toMatchObject({
      refusal: { code: 'TOKEN_MISSING' },
    });
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
    await expect(chooseServer(open, { folder, secret: store })).rejects.toMatchObject({
      refusal: { code: 'INSECURE_HTTP' },
    });
    expect(await chooseServer({ ...open, allowInsecureHttp: true }, { folder, secret: store })).toMatchObject({
      kind: 'remote',
    });
  });
});
