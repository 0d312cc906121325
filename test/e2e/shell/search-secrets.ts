import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import type { Program } from './program.ts';

/**
 * Looks for secrets where none may be: every file of a data folder, the heap of the page, what the process was started
 * with and wrote, and the bundle for support. Fails where it finds one, and where it looked at nothing.
 */
export async function expectNowhere(
  secrets: readonly string[],
  where: { readonly data: string; readonly program: Program; readonly page: Page; readonly except?: RegExp },
): Promise<void> {
  const { data, program, page, except = /^$/ } = where;
  expect(secrets.filter((secret) => secret.length > 15).length).toBe(secrets.length);
  let looked = 0;
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || except.test(path) || path.endsWith('.mp4')) continue;
    const bytes = await readFile(path);
    looked += 1;
    for (const secret of secrets) expect(bytes.includes(secret), path).toBe(false);
  }
  expect(looked).toBeGreaterThan(3);

  const { pid } = program.child;
  if (process.platform === 'linux') {
    for (const part of ['cmdline', 'environ']) {
      const text = await readFile(`/proc/${String(pid)}/${part}`, 'utf8');
      expect(text.length, part).toBeGreaterThan(20);
      for (const secret of secrets) expect(text, part).not.toContain(secret);
    }
  }
  for (const secret of secrets) expect(program.complaints()).not.toContain(secret);

  const answer = await page.evaluate(() => window.rushcatalog?.call('diagnostics', {}));
  const { output } = answer as { readonly output: { readonly zipBase64: string } };
  const parts = Object.entries(unzipSync(Buffer.from(output.zipBase64, 'base64')));
  expect(parts.length).toBeGreaterThan(3);
  for (const [name, bytes] of parts) {
    for (const secret of secrets) expect(Buffer.from(bytes).includes(secret), name).toBe(false);
  }

  const session = await page.context().newCDPSession(page);
  let heap = '';
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => (heap += chunk));
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  expect(heap.length).toBeGreaterThan(100_000);
  // The heap is really being searched: what the page shows is in it.
  expect(heap).toContain('RushCatalog');
  for (const secret of secrets) expect(heap).not.toContain(secret);
}
