import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushFolder, publish } from '../storage/durable-file.ts';

/** One folder per run under the work folder; whatever happens, it is removed when the run is over or swept at a start. */

/** Makes the empty folder of a run, flushed: what is sealed in it must not lose its folder. A left-over is removed first. */
export async function createWorkspace(workFolder: string, runId: string): Promise<string> {
  const path = workspacePath(workFolder, runId);
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  await flushFolder(dirname(path));
  return path;
}

export function workspacePath(workFolder: string, runId: string): string {
  return join(workFolder, 'runs', runId);
}

export async function removeWorkspace(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Names of run folders: of jobs, of proofs, of the search for graphics cards. */
const OWN_FOLDER = /^(?:(?:proof-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|accelerators)$/;

/** The run folders in `base`; what else lies there (`.DS_Store`, `@eaDir`) is somebody else's and stays. */
export async function ownFolders(base: string): Promise<string[]> {
  const entries = await readdir(base, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && OWN_FOLDER.test(entry.name)).map(({ name }) => name);
}

/**
 * Removes every run folder that no living run needs; one that cannot be removed waits for the next start. Returns how
 * many were removed.
 */
export async function sweepWorkspaces(workFolder: string, keep: ReadonlySet<string>): Promise<number> {
  const runs = join(workFolder, 'runs');
  let removed = 0;
  for (const name of await ownFolders(runs)) {
    if (keep.has(name)) continue;
    await removeWorkspace(join(runs, name)).then(
      () => (removed += 1),
      () => undefined,
    );
  }
  return removed;
}

interface SealedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Makes a finished file final: hashes it, flushes it, renames it from its temporary name and flushes the folder
 * (reliability.md, "A job's life"). Any error is thrown: a file that could not be flushed is never "done".
 */
export async function seal(folder: string, temporaryName: string, finalName: string): Promise<SealedFile> {
  const temporary = join(folder, temporaryName);
  const sealed = await hashAndFlush(temporary);
  await publish(temporary, join(folder, finalName));
  return sealed;
}

async function hashAndFlush(path: string): Promise<SealedFile> {
  const file = await open(path, constants.O_RDWR);
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    await file.sync();
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/**
 * Gives the folder of an earlier run to a new one, flushed before the journal says so; any left-over of the new name is
 * removed first.
 */
export async function adoptWorkspace(workFolder: string, from: string, to: string): Promise<void> {
  const target = workspacePath(workFolder, to);
  await rm(target, { recursive: true, force: true });
  await publish(workspacePath(workFolder, from), target);
}
