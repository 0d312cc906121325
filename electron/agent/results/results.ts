import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptRun, ResultRows } from '../journal/result-rows.ts';
import { flushFolder } from '../../work/storage/durable-file.ts';
import { ownFolders, workspacePath } from '../../work/workspace/workspace.ts';

/** Of the work folder's limit, delivered files may take this share: room for running jobs comes first. */
const SHARE_OF_LIMIT = 0.5;

/** A delivered file that is still here. */
export interface KeptResult {
  readonly path: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Copies of what was delivered, within retention: the page shows pictures, proxies and waveforms without asking a
 * server that may be away, or that lets agents write but not read. Losing them loses nothing.
 */
export interface Results {
  /** Moves the folder of a delivered run here; the run's workspace is gone afterwards. */
  keep(run: KeptRun): Promise<void>;
  find(assetUuid: string, ref: string): Promise<KeptResult | null>;
  /** Removes what is older than `before` (ISO 8601), what is over the limit, and folders nobody knows. */
  prune(before: string): Promise<void>;
  /** Running jobs need the room more: removes the oldest run's files; false when nothing is left to remove. */
  dropOldest(): Promise<boolean>;
}

export function createResults(deps: {
  readonly rows: ResultRows;
  readonly workFolder: string;
  /** Bytes the work folder may take altogether. */
  readonly limitBytes: () => number;
}): Results {
  const { rows } = deps;
  const base = join(deps.workFolder, 'results');
  const drop = async (runId: string): Promise<void> => {
    rows.forget(runId);
    await rm(join(base, runId), { recursive: true, force: true });
  };
  const trim = async (): Promise<void> => {
    const room = deps.limitBytes() * SHARE_OF_LIMIT;
    let total = 0;
    for (const { runId, sizeBytes } of rows.sizes()) {
      total += sizeBytes;
      if (total > room) await drop(runId);
    }
  };
  return {
    async keep(run) {
      const folder = join(base, run.runId);
      await mkdir(base, { recursive: true, mode: 0o700 });
      // After a crash between move and receipt the folder is already here.
      await rename(workspacePath(deps.workFolder, run.runId), folder).catch(ignoreMissing);
      await flushFolder(base);
      rows.save(run);
      await trim();
    },
    async find(assetUuid, ref) {
      const row = rows.find(assetUuid, ref);
      if (row === undefined) return null;
      const path = join(base, row.runId, row.file);
      const stats = await stat(path).catch(() => null);
      // A file of another size is not what was delivered: the server is asked instead.
      if (stats === null || stats.size !== row.sizeBytes) return null;
      return { path, contentType: row.contentType, sizeBytes: row.sizeBytes, sha256: row.sha256 };
    },
    async prune(before) {
      for (const { runId, keptAt } of rows.sizes()) if (keptAt < before) await drop(runId);
      await trim();
      const known = new Set(rows.sizes().map(({ runId }) => runId));
      for (const name of await ownFolders(base)) if (!known.has(name)) await drop(name);
    },
    async dropOldest() {
      const oldest = rows.sizes().at(-1);
      if (oldest === undefined) return false;
      await drop(oldest.runId);
      return true;
    },
  };
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
