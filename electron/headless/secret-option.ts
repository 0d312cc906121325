import { RefusedError } from '../../shared/failure.ts';
import { readSecretFile } from '../../server/secret-file.ts';

/** The one line of a file with a secret that an option names. `what`: “password file”. @throws RefusedError SECRET_FILE_… */
export function readSecretOption(file: string, what: string): string {
  const secret = readSecretFile(file);
  if (secret.kind === 'read' && secret.text !== '') return secret.text;
  if (secret.kind === 'open') {
    throw new RefusedError({
      code: 'SECRET_FILE_OPEN',
      message: `Everybody on this machine may read the ${what} ${file}, so it is not used.`,
      nextStep: `Let only the server’s account read it: chmod 600 ${file}.`,
    });
  }
  const why = secret.kind === 'unreadable' ? `cannot be read (${secret.why})` : 'is empty';
  throw new RefusedError({
    code: 'SECRET_FILE_UNREADABLE',
    message: `The ${what} ${file} ${why}.`,
    nextStep: 'Name a file that this user alone can read, with the secret in its one line.',
  });
}
