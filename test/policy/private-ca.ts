import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PrivateCa {
  /** PEM file of the authority. */
  readonly caFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority that no machine knows, and a certificate of it for `rushcatalog.studio.test` and this machine. */
export function makePrivateCa(): PrivateCa {
  const folder = mkdtempSync(join(tmpdir(), 'ca-'));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Studio CA');
  openssl('req', ...curve, '-keyout', 'key.pem', '-out', 'req.pem', '-subj', '/CN=rushcatalog.studio.test');
  writeFileSync(at('san'), 'subjectAltName=DNS:rushcatalog.studio.test,DNS:localhost\n');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'san'];
  openssl('x509', '-req', '-in', 'req.pem', ...signing, '-out', 'cert.pem', '-days', '2');
  return { caFile: at('ca.pem'), cert: readFileSync(at('cert.pem'), 'utf8'), key: readFileSync(at('key.pem'), 'utf8') };
}
