import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The link of a page whose agent runs with this work folder, as a person of its account gets it. */
export function linkIn(workFolder: string): string {
  const link = /url=([^"]+)/.exec(readFileSync(join(workFolder, 'open-page.html'), 'utf8'))?.[1];
  if (link === undefined) throw new Error('The agent keeps no link to its page.');
  return link;
}
