import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));

/** What `npm run process -- …` starts, npm itself left out: this runtime with the options and the script of package.json. */
export function processCommand(...args: readonly string[]): readonly string[] {
  const { scripts } = z
    .looseObject({ scripts: z.looseObject({ process: z.string() }) })
    .parse(JSON.parse(readFileSync(PACKAGE, 'utf8')));
  return [process.execPath, ...scripts.process.split(' ').slice(1), ...args];
}
