import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of ffmpeg and ffprobe that ship with the app (electron-builder.yml: `bin` in the resources), or
 * undefined outside a package. Both the ASAR and the unpacked build beside it lie directly in the resources.
 */
export function bundledToolsFolder(moduleUrl: string = import.meta.url): string | undefined {
  const resources = /^(.*\/)app\.asar(?:\.unpacked)?\//.exec(moduleUrl)?.[1];
  if (resources === undefined) return undefined;
  const folder = join(fileURLToPath(resources), 'bin');
  return existsSync(folder) ? folder : undefined;
}
