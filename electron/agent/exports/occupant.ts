import { lstat } from 'node:fs/promises';
import { sha256OfFile } from '../../work/storage/new-file.ts';
import type { ActivityRows } from '../journal/activity-rows.ts';
import type { DeliveredProxy } from '../journal/history-rows.ts';
import type { Occupant } from './save-plan.ts';

/** What this agent wrote into people's folders. */
export type SavedFiles = Pick<ActivityRows, 'savedFile' | 'saveFile'>;

/** A proxy that lies there is this agent's to replace when the same source gets another one. */
export function remember(savedFiles: SavedFiles, path: string, { sourcePath, proxy }: DeliveredProxy): void {
  savedFiles.saveFile({ path, sourcePath, sha256: proxy.sha256 });
}

/** Only what this agent wrote for the same source may be replaced, as it wrote it: a file that was exchanged since is not ours. */
export async function occupantOf(
  savedFiles: SavedFiles,
  path: string,
  { sourcePath, proxy }: DeliveredProxy,
): Promise<Occupant> {
  const there = await lstat(path).catch(() => null);
  if (there === null) return 'free';
  if (!there.isFile()) return 'foreign';
  const known = savedFiles.savedFile(path);
  if (known !== undefined && known.sourcePath !== sourcePath) return 'foreign';
  const isSameSize = there.size === proxy.size_bytes;
  // Nothing is written then, so nothing has to be read.
  if (known?.sha256 === proxy.sha256 && isSameSize) return 'there';
  if (known === undefined && !isSameSize) return 'foreign';
  // The journal may have missed the last save, or have begun after it: the very same bytes are the same proxy.
  const found = await sha256OfFile(path);
  if (found === proxy.sha256) return 'there';
  return found === known?.sha256 ? 'earlier' : 'foreign';
}
