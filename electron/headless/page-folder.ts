import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ownSeal } from '../work/process/sealed-files.ts';
import { CommandError } from './exit.ts';

/** The agent's page, and the one that the server shows to its operators. */
const PAGES = {
  renderer: { file: 'index.html', whose: 'agent' },
  console: { file: 'console.html', whose: 'server' },
} as const;

/** A built page: its folder in `out/`, seen from the build and from the sources. @throws CommandError PAGE_NOT_BUILT, SealBrokenError */
export function pageFolder(page: keyof typeof PAGES): string {
  const { file, whose } = PAGES[page];
  for (const place of [`../${page}/`, `../../out/${page}/`]) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    if (!existsSync(`${folder}/${file}`)) continue;
    ownSeal()?.checkBelow(folder);
    return folder;
  }
  throw new CommandError({
    code: 'PAGE_NOT_BUILT',
    message: `The page of this ${whose} was not built.`,
    nextStep: 'Run npm run build once.',
  });
}
