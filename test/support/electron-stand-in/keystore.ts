import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { strict } from './strict.ts';

/** A keyring that lasts as long as the program, where a test asks for one (STAND_IN_KEYSTORE). */
const isThere = process.env['STAND_IN_KEYSTORE'] === '1';
const key = randomBytes(32);

function requireKeystore(): void {
  if (!isThere) throw new Error('electron stand-in: it has no keystore');
}

/** Without one it is a Linux without a keyring: Chromium would "encrypt" with a password from its own source. */
export const safeStorage = strict('SafeStorage', {
  isAsyncEncryptionAvailable: async (): Promise<boolean> => true,
  getSelectedStorageBackend: (): string => (isThere ? 'gnome_libsecret' : 'basic_text'),
  encryptStringAsync: async (text: string): Promise<Buffer> => {
    requireKeystore();
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  },
  decryptStringAsync: async (
    sealed: Buffer,
  ): Promise<{ readonly result: string; readonly shouldReEncrypt: boolean }> => {
    requireKeystore();
    const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAuthTag(sealed.subarray(12, 28));
    const result = Buffer.concat([cipher.update(sealed.subarray(28)), cipher.final()]).toString('utf8');
    return { result, shouldReEncrypt: false };
  },
});
