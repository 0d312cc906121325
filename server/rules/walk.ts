import { byBytes, childKey, stepsOf } from './folder-key.ts';

interface Level {
  readonly key: string;
  /** Folders in it that are still to be walked, last first. */
  readonly names: string[];
}

/**
 * A walk through a tree, each folder before those in it, in the order of their keys. It holds the folders beside its
 * way, and goes on from any place.
 */
export class Walk {
  readonly #levels: Level[] = [];

  /** Into the folders of one that was looked into. @param names in the order of their bytes */
  enter(key: string, names: readonly string[]): void {
    this.#levels.push({ key, names: names.toReversed() });
  }

  /** The next folder's key; null: it is over. */
  next(): string | null {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const name = level.names.pop();
      if (name !== undefined) return childKey(level.key, name);
      this.#levels.pop();
    }
    return null;
  }

  /**
   * As if it had just come to `place`, whose own folders are not walked yet.
   * @param foldersIn names of folders in the order of their bytes; none where there is no such folder any more
   */
  static async from(place: string, foldersIn: (key: string) => Promise<readonly string[]>): Promise<Walk> {
    const walk = new Walk();
    let key = '';
    for (const step of stepsOf(place)) {
      const behind = (await foldersIn(key)).filter((name) => byBytes(name, step) > 0);
      walk.enter(key, behind);
      key = childKey(key, step);
    }
    walk.enter(key, await foldersIn(key));
    return walk;
  }
}
