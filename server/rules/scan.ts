import { listFolder } from './list-folder.ts';
import type { Context } from '../context.ts';
import { forgetBetween, lookAtFolder } from './look-at-folder.ts';
import { pathOf, type FollowedRule } from './rule.ts';
import { Walk } from './walk.ts';

/** Where a scan is kept as so far: what is done again after a kill. */
const KEPT_EVERY_MS = 2_000;

/** Where a scan is. */
export interface Progress {
  readonly place: string | null;
  readonly beganAt: number | null;
}

/**
 * One pass through a rule's folder, a few folders at a time. Its place is kept, so that a server that was killed goes on
 * from there.
 */
export class Scan {
  readonly #context: Context;
  readonly #rule: FollowedRule;
  readonly #onFolder: (key: string) => void;
  #walk: Walk | null = null;
  #last: string | null;
  #beganAt: number | null;
  #keptAt = 0;
  #busyMs = 0;

  constructor(context: Context, rule: FollowedRule, { place, beganAt }: Progress, onFolder: (key: string) => void) {
    this.#context = context;
    this.#rule = rule;
    this.#last = place;
    this.#beganAt = beganAt;
    this.#onFolder = onFolder;
  }

  /** What it took of the time so far, in this process. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Goes on until `until` (ms of the wall clock). True: it is over. Rejects where the rule's folder cannot be read. */
  async goOn(until: number): Promise<boolean> {
    const { clock } = this.#context;
    const begun = clock();
    try {
      return await this.#walkOn(until);
    } finally {
      this.#busyMs += clock() - begun;
    }
  }

  async #walkOn(until: number): Promise<boolean> {
    const { clock } = this.#context;
    if (this.#last === null) await this.#begin();
    this.#walk ??= await Walk.from(this.#last ?? '', (key) => this.#foldersIn(key));
    while (clock() < until) {
      const last = this.#last ?? '';
      const next = this.#walk.next();
      await forgetBetween(this.#context, this.#rule, last, next);
      if (next === null) {
        await this.#end();
        return true;
      }
      this.#walk.enter(next, await this.#look(next));
      this.#last = next;
      if (clock() - this.#keptAt >= KEPT_EVERY_MS) await this.#keep();
    }
    return false;
  }

  async #begin(): Promise<void> {
    this.#beganAt = this.#context.clock();
    this.#walk = new Walk();
    this.#walk.enter('', await lookAtFolder(this.#context, this.#rule, ''));
    this.#onFolder('');
    this.#last = '';
    await this.#keep();
  }

  /** A folder of which somebody took our rights is passed over, with what is known of it. */
  async #look(key: string): Promise<string[]> {
    try {
      const folders = await lookAtFolder(this.#context, this.#rule, key);
      this.#onFolder(key);
      return folders;
    } catch (error) {
      this.#context.log.warn({ err: error, rule: this.#rule.id }, 'a folder of a rule could not be read');
      return [];
    }
  }

  async #foldersIn(key: string): Promise<readonly string[]> {
    const folders = listFolder(
      pathOf(this.#rule, key),
      this.#rule.rootPath,
      () => false,
      async () => {},
    );
    return key === '' ? folders : folders.catch(() => []);
  }

  async #keep(): Promise<void> {
    this.#keptAt = this.#context.clock();
    await this.#set({ scan_place: this.#last, scan_began_at: this.#beganAt });
  }

  async #end(): Promise<void> {
    const now = this.#context.clock();
    await this.#set({
      scan_place: null,
      scan_began_at: null,
      scanned_at: now,
      scan_ms: now - (this.#beganAt ?? now),
    });
  }

  async #set(columns: {
    readonly scan_place: string | null;
    readonly scan_began_at: number | null;
    readonly scanned_at?: number;
    readonly scan_ms?: number;
  }): Promise<void> {
    await this.#context.database.updateTable('watch_rule').set(columns).where('rule_id', '=', this.#rule.id).execute();
  }
}
