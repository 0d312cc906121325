// npm run sign-update -- latest.yml --key FILE: signs an update (docs/deploy.md, "Updates"). --make-key makes a pair.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { signedText, type Feed } from '../../electron/shell/updates/verify-update.ts';

/** Reads what electron-builder wrote; only the fields that are signed. */
export function readFeed(text: string): { version: string; files: { url: string; sha512: string }[] } {
  const version = /^version: '?([^'\n]+)'?$/m.exec(text)?.[1];
  const files = [...text.matchAll(/^ {2}- url: '?([^'\n]+)'?\n {4}sha512: '?([^'\n]+)'?$/gm)];
  if (version === undefined || files.length === 0) throw new Error('This is no update file of electron-builder.');
  return { version, files: files.map(([, url = '', sha512 = '']) => ({ url, sha512 })) };
}

const PLATFORMS: Readonly<Record<string, NodeJS.Platform>> = { '': 'win32', '-mac': 'darwin', '-linux': 'linux' };

/** For whom a feed is, by the name that electron-builder gives it and electron-updater asks for. */
export function feedOf(file: string): Feed {
  const match = /^(latest|beta)(-mac|-linux|)(?:-(?:x64|arm64|ia32|armv7l))?\.yml$/.exec(basename(file));
  const platform = PLATFORMS[match?.[2] ?? 'none'];
  if (match === null || platform === undefined) {
    throw new Error(`${file} is not named like a feed: latest or beta, then nothing, -mac or -linux, then .yml.`);
  }
  return { channel: match[1] === 'beta' ? 'beta' : 'latest', platform };
}

/** The feed with its signature; an earlier one is replaced. `key`: PEM. */
export function signFeed(text: string, key: string, feed: Feed): string {
  const bare = text.replace(/^rushcatalogSignature:.*\n?/m, '').trimEnd();
  const signature = sign(null, signedText(readFeed(bare), feed), createPrivateKey(key)).toString('base64');
  return `${bare}\nrushcatalogSignature: '${signature}'\n`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { key: { type: 'string' }, 'make-key': { type: 'string' } },
    allowPositionals: true,
  });
  const made = values['make-key'];
  const [file] = positionals;
  if (made !== undefined) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(made, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    console.log(`RUSHCATALOG_UPDATE_KEY=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`);
  } else if (file !== undefined && values.key !== undefined) {
    writeFileSync(file, signFeed(readFileSync(file, 'utf8'), readFileSync(values.key, 'utf8'), feedOf(file)));
    console.log(`${file} is signed.`);
  } else {
    console.error('Usage: sign-update latest.yml --key private.pem, or sign-update --make-key private.pem');
    process.exitCode = 2;
  }
}
