import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandError } from './exit.ts';

/** The built page: out/renderer, seen from the build and from the sources. */
export function pageFolder(): string {
  for (const place of ['../renderer/', '../../out/renderer/']) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(`${folder}/index.html`)) return folder;
  }
  throw new CommandError({
    code: 'PAGE_NOT_BUILT',
    message: 'The page of this agent was not built.',
    nextStep: 'Run npm run build once.',
  });
}
