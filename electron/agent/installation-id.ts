import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Journal } from './journal/journal.ts';

const META_INSTALLATION_ID = 'installation_id';

/** Made once per work folder; the same after every restart. */
export function readInstallationId(journal: Pick<Journal, 'meta' | 'setMeta'>): string {
  const known = journal.meta(META_INSTALLATION_ID);
  if (known !== undefined) return known;
  const made = randomUUID();
  journal.setMeta(META_INSTALLATION_ID, made);
  return made;
}

/** The same for a work folder in which no agent runs. Throws StartError when one does. */
export function installationIdOf(workFolder: string): string {
  const journal = new Journal(join(workFolder, 'journal.sqlite'));
  try {
    return readInstallationId(journal);
  } finally {
    journal.close();
  }
}
