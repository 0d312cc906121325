import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type Server } from 'node:tls';
import type { ServerLog } from './options.ts';
import { readSecretFile } from './secret-file.ts';
import { ServerStartError } from './start-error.ts';

/** Where a certificate with its chain, and the private key of it, lie; both in PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** The first name it is good for; undefined: it has none, or only addresses. */
  readonly name: string | undefined;
}

/**
 * Reads a certificate and its key, and proves that they belong together. A key that everybody on the machine may read
 * is refused. @throws ServerStartError TLS_UNUSABLE, TLS_KEY_OPEN
 */
export function readCertificate({ certFile, keyFile }: TlsFiles): Certificate {
  const key = readSecretFile(keyFile);
  if (key.kind === 'open') {
    throw new ServerStartError(
      'TLS_KEY_OPEN',
      `Everybody on this machine may read the private key ${keyFile}, so it is not used.`,
      `Let only the server’s account read it: chmod 600 ${keyFile}.`,
    );
  }
  if (key.kind === 'unreadable') throw unusable(`The private key ${keyFile} cannot be read (${key.why}).`);
  let cert: string;
  try {
    cert = readFileSync(certFile, 'utf8');
  } catch (error) {
    throw unusable(`The certificate ${certFile} cannot be read (${codeOf(error)}).`);
  }
  try {
    createSecureContext({ cert, key: key.text });
    const names = new X509Certificate(cert).subjectAltName ?? '';
    return { cert, key: key.text, name: /DNS:([^*,\s]+)/.exec(names)?.[1] };
  } catch (error) {
    throw unusable(`${certFile} and ${keyFile} are no certificate with its key (${codeOf(error)}).`);
  }
}

/** OpenSSL's errors have a code; their texts may hold what was read. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'not in PEM form';

function unusable(message: string): ServerStartError {
  return new ServerStartError(
    'TLS_UNUSABLE',
    message,
    'Name a certificate with its chain, and the private key of it, both in PEM form and readable by this user.',
  );
}

/**
 * Answers what looks, each time it is called, whether the files were renewed, and then serves new connections with what
 * is in them. A pair of which only one half is written yet is looked at again; until then the one before is served.
 */
export function renewing(server: Server, files: TlsFiles, first: Certificate, log: ServerLog): () => void {
  let served: Pick<Certificate, 'cert' | 'key'> = first;
  let said = '';
  return () => {
    try {
      const { cert, key } = readCertificate(files);
      said = '';
      if (cert === served.cert && key === served.key) return;
      server.setSecureContext({ cert, key });
      served = { cert, key };
      log.info({ until: new X509Certificate(cert).validTo }, 'the renewed certificate is served');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== said) log.warn({ err: error }, 'the certificate cannot be renewed; the one before is served');
      said = why;
    }
  };
}
