import { createPublicKey, verify } from 'node:crypto';
import type { Refusal } from '../../../shared/failure.ts';

/** For whom an update is: what this machine asks for, never what the server says. */
export interface Feed {
  readonly channel: 'latest' | 'beta';
  /** As Node names it: `linux`, `darwin`, `win32`. */
  readonly platform: NodeJS.Platform;
}

/** The part of `latest.yml` that is looked at before a byte of the update is fetched. */
interface OfferedUpdate {
  readonly version: string;
  readonly files: readonly { readonly url: string; readonly sha512: string }[];
  /** Ed25519 over `signedText`, base64; made by scripts/pack/sign-update.ts. */
  readonly rushcatalogSignature?: unknown;
}

/**
 * What the signature covers: for whom it is, the version and every file with its hash, so that nothing can be exchanged
 * or moved, to another channel or system either.
 */
export function signedText({ version, files }: Pick<OfferedUpdate, 'version' | 'files'>, feed: Feed): Buffer {
  const lines = files.map(({ url, sha512 }) => `${url} ${sha512}`).sort();
  const head = ['rushcatalog-agent update', `channel ${feed.channel}`, `platform ${feed.platform}`, version];
  return Buffer.from([...head, ...lines, ''].join('\n'), 'utf8');
}

/** What this machine runs, and what it would take. */
interface Installed {
  readonly version: string;
  readonly feed: Feed;
  /** Ed25519, SPKI, base64. */
  readonly publicKey: string;
}

/** Null when the update may be installed. */
export function whyNotInstall(
  offered: OfferedUpdate,
  { version: installed, feed, publicKey }: Installed,
): Refusal | null {
  if (!isSigned(offered, feed, publicKey)) {
    return {
      code: 'UPDATE_UNSIGNED',
      message: `The update to version ${offered.version} is not signed by RushCatalog for the channel “${feed.channel}” and this system, so it is not installed.`,
      nextStep: 'Tell whoever manages the update server; this version goes on working.',
    };
  }
  if (compareVersions(offered.version, installed) <= 0) {
    return {
      code: 'UPDATE_DOWNGRADE',
      message: `The update server offers version ${offered.version}, which is not newer than ${installed}.`,
      nextStep: 'Nothing has to be done; to go back, install the older package by hand.',
    };
  }
  return null;
}

function isSigned(offered: OfferedUpdate, feed: Feed, publicKey: string): boolean {
  const { rushcatalogSignature: signature, files } = offered;
  if (typeof signature !== 'string' || files.length === 0) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, signedText(offered, feed), key, Buffer.from(signature, 'base64'))
    );
  } catch {
    return false;
  }
}

/** Semantic versioning, as far as our versions go: three numbers and a pre-release that comes before the release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  if (left === null || right === null) return -1;
  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return comparePre(left.pre, right.pre);
}

/** `beta.10` comes after `beta.9`; none at all after both. */
function comparePre(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length);
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    if (left === right) continue;
    const numbers = /^\d+$/.test(left) && /^\d+$/.test(right);
    return numbers ? Math.sign(Number(left) - Number(right)) : left < right ? -1 : 1;
  }
  return 0;
}

function parse(version: string): { readonly numbers: readonly number[]; readonly pre: readonly string[] } | null {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(version);
  if (match === null) return null;
  return { numbers: match.slice(1, 4).map(Number), pre: match[4]?.split('.') ?? [] };
}
