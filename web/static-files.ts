import { readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { RefusedError } from '../shared/failure.ts';

/** What a built page consists of; anything else in the folder is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};

export interface StaticFile {
  readonly path: string;
  readonly contentType: string;
  /** Names with a content hash never change their content. */
  readonly immutable: boolean;
}

/**
 * Lists the page's files once: URL path → file. A request is answered by exact look-up in this table, so no path
 * arithmetic ever sees what a request says, and nothing outside the folder can be named. `page`: what `/` answers.
 * @throws RefusedError PAGE_MISSING
 */
export async function listStaticFiles(folder: string, page = 'index.html'): Promise<ReadonlyMap<string, StaticFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, StaticFile>();
  for (const entry of entries) {
    const contentType = TYPES[extname(entry.name).toLowerCase()];
    if (!entry.isFile() || contentType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(url, { path, contentType, immutable: url.startsWith('/assets/') });
  }
  const index = files.get(`/${page}`);
  if (index === undefined) {
    throw new RefusedError({
      code: 'PAGE_MISSING',
      message: `The page is not in ${folder}.`,
      nextStep: 'Build it with “npm run build”, then start again.',
    });
  }
  return files.set('/', index);
}
