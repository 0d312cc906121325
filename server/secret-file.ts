import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

type SecretFile =
  | { readonly kind: 'read'; readonly text: string }
  /** Everybody on the machine may read it. */
  | { readonly kind: 'open' }
  | { readonly kind: 'unreadable'; readonly why: string };

/**
 * Reads a file with a secret, unless everybody on the machine may read it: what everybody may read is no secret any
 * more. A group may have been let in on purpose. Windows has no such modes. The end of its line is no part of the secret.
 */
export function readSecretFile(file: string): SecretFile {
  let descriptor: number | undefined;
  try {
    // What is looked at is what is read, whatever takes its name meanwhile.
    descriptor = openSync(file, 'r');
    if (process.platform !== 'win32' && (fstatSync(descriptor).mode & 0o007) !== 0) return { kind: 'open' };
    return { kind: 'read', text: readFileSync(descriptor, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { kind: 'unreadable', why: code };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
