import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { ServerStartError } from '../../start-error.ts';

/** Where a PostgreSQL is, as the driver wants it. */
export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | undefined;
  /** False: in clear, which never leaves this machine unless somebody says `sslmode=disable`. */
  readonly ssl: false | ConnectionOptions;
}

const USUAL_PORT = 5432;
/** What `sslmode` may say. `require` is held to what people take it for: the server must prove who it is. */
const CHECKED = ['verify-full', 'require'];
const KNOWN = new Set(['sslmode', 'sslrootcert', 'host']);

/**
 * Reads the address of a PostgreSQL. Beyond this machine the connection is encrypted, and the server has to prove its
 * name, unless the address itself says `sslmode=disable`. A password in it is refused: every user of a machine can read
 * the arguments of its programs. @throws ServerStartError DATABASE_ADDRESS
 */
export function postgresAddress(text: string): PostgresAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw wrong('is none', 'Write it as postgres://USER@HOST:5432/DATABASE.');
  }
  if (url.password !== '') {
    throw wrong(
      'has a password in it, which every user of this machine could read',
      'Leave the password out, and give it by --database-password-file or RUSHCATALOG_DATABASE_PASSWORD.',
    );
  }
  const unknown = [...url.searchParams.keys()].find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw wrong(`says “${unknown}”`, `It may say ${[...KNOWN].join(', ')} and nothing else.`);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '') throw wrong('names no database', 'Write it as postgres://USER@HOST:5432/DATABASE.');
  const host = url.searchParams.get('host') ?? (url.hostname === '' ? 'localhost' : bare(url.hostname));
  return {
    host,
    port: url.port === '' ? USUAL_PORT : Number(url.port),
    database,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    ssl: encryption(host, url.searchParams.get('sslmode'), url.searchParams.get('sslrootcert')),
  };
}

/** An IPv6 address stands in brackets in a URL. */
const bare = (hostname: string): string => decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');

const staysHere = (host: string): boolean =>
  host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');

function encryption(host: string, mode: string | null, authority: string | null): false | ConnectionOptions {
  if (mode === 'disable') return false;
  if (mode !== null && !CHECKED.includes(mode)) {
    throw wrong(
      `says sslmode=${mode}`,
      'It may say sslmode=verify-full, or disable on a network that is safe by itself.',
    );
  }
  if (mode === null && staysHere(host)) return false;
  return {
    rejectUnauthorized: true,
    // A certificate has names; Node compares an address by itself.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(authority === null ? {} : { ca: read(authority) }),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong(
      `names the authority ${file}, which cannot be read (${error instanceof Error ? error.message : String(error)})`,
      'Name a file with certificates in PEM that this user can read.',
    );
  }
}

function wrong(what: string, nextStep: string): ServerStartError {
  return new ServerStartError('DATABASE_ADDRESS', `The address of the database ${what}.`, nextStep);
}
