import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Journal } from '../journal/journal.ts';

const META_INSTALLATION_ID = 'installation_id';
const META_INSTALLATION_SECRET = 'installation_secret';

/** Who a work folder is, to every server. */
export interface Installation {
  readonly id: string;
  /** Never leaves this machine: keys are derived from it that nobody else can guess. */
  readonly secret: string;
}

/** Made once per work folder; the same after every restart. */
export function readInstallation(journal: Pick<Journal, 'meta' | 'setMeta'>): Installation {
  const kept = (name: string, make: () => string): string => {
    const known = journal.meta(name);
    if (known !== undefined) return known;
    const made = make();
    journal.setMeta(name, made);
    return made;
  };
  return {
    id: kept(META_INSTALLATION_ID, randomUUID),
    secret: kept(META_INSTALLATION_SECRET, () => randomBytes(32).toString('base64url')),
  };
}

/** The same for a work folder in which no agent runs. Throws StartError when one does. */
export function installationOf(workFolder: string): Installation {
  const journal = new Journal(join(workFolder, 'journal.sqlite'));
  try {
    return readInstallation(journal);
  } finally {
    journal.close();
  }
}
