import { watch, type FSWatcher } from 'node:fs';
import { platform } from 'node:os';
import { dirname, sep } from 'node:path';
import { keyOf } from './folder-key.ts';
import { pathOf, type FollowedRule } from './rule.ts';

/** Where a watcher is of one folder: what comes in beyond them is seen by the next scan. */
const MOST_FOLDERS = 2_000;

/**
 * Folders in which something seems to have happened, as the file system tells it where it does: a NAS tells nothing of
 * what others write, so that this only ever shortens the wait for the next scan.
 */
export class Hints {
  readonly #rule: FollowedRule;
  readonly #onHint: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #hinted = new Set<string>();
  /** macOS and Windows watch a whole tree with one watcher. */
  readonly #isOneForAll = platform() === 'darwin' || platform() === 'win32';

  constructor(rule: FollowedRule, onHint: () => void) {
    this.#rule = rule;
    this.#onHint = onHint;
  }

  /** A folder was looked into. */
  follow(key: string): void {
    if (this.#watchers.has(key) || this.#watchers.size >= MOST_FOLDERS || (this.#isOneForAll && key !== '')) return;
    try {
      const watcher = watch(
        pathOf(this.#rule, key),
        { recursive: this.#isOneForAll, persistent: false },
        (_event, name) => this.#hint(this.#isOneForAll ? folderOf(name) : key),
      );
      watcher.on('error', () => this.#unfollow(key));
      this.#watchers.set(key, watcher);
    } catch {
      // No more watchers, or none on this kind of disk: the scan sees it.
    }
  }

  /** Nobody would have heard of what is in it. */
  isNew(key: string): boolean {
    return !this.#watchers.has(key) && this.#watchers.size < MOST_FOLDERS;
  }

  take(): string[] {
    const hinted = [...this.#hinted];
    this.#hinted.clear();
    return hinted;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #hint(key: string): void {
    this.#hinted.add(key);
    this.#onHint();
  }

  #unfollow(key: string): void {
    this.#watchers.get(key)?.close();
    this.#watchers.delete(key);
  }
}

function folderOf(name: string | null): string {
  const folder = dirname(name ?? '.');
  return folder === '.' ? '' : keyOf(folder.split(sep).join('/'));
}
