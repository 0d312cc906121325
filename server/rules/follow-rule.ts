import { sql } from 'kysely';
import type { Context } from '../context.ts';
import type { RuleRow } from '../database/schema.ts';
import { childKey } from './folder-key.ts';
import { Hints } from './hints.ts';
import { lookAtFolder } from './look-at-folder.ts';
import { Scan } from './scan.ts';
import { takeFiles } from './take-files.ts';
import type { FollowedRule } from './rule.ts';
import type { Watch } from './watch.ts';

/** Longest that one rule keeps the others waiting. */
const SLICE_MS = 1_000;
const USUAL_SCAN_SECONDS = 30;
/** Of the time at most a twentieth goes into scans: a large folder is gone through less often. */
const SCAN_SHARE = 20;
/** Folders that are new below one that is hinted at, before the next scan sees them. */
const MOST_NEW_FOLDERS = 200;

/** What is held of a rule while this process follows it. */
export class RuleFollower {
  readonly #context: Context;
  readonly #watch: Watch;
  readonly #rule: FollowedRule;
  readonly #hints: Hints;
  #scan: Scan | null = null;
  /** Of the last scan that ended here: what it took of the time, without what was done between its parts. */
  #scanMs = 0;

  constructor(context: Context, watch: Watch, rule: FollowedRule, onHint: () => void) {
    this.#context = context;
    this.#watch = watch;
    this.#rule = rule;
    this.#hints = new Hints(rule, onHint);
  }

  /**
   * Does some of what is to be done: hints, files that are due, the scan. Answers at which instant (wall clock, ms) there
   * is more. Rejects where the folder cannot be read.
   */
  async goOn(row: Pick<RuleRow, 'scan_place' | 'scan_began_at' | 'scanned_at'>): Promise<number> {
    const { clock } = this.#context;
    const until = clock() + SLICE_MS;
    await this.#followHints(until);
    let isMore = true;
    while (isMore && clock() < until) isMore = await takeFiles(this.#context, this.#watch, this.#rule);
    if (isMore) return clock();
    const dueAt = this.#scan === null ? this.#nextScan(row) : clock();
    if (dueAt > clock()) return Math.min(dueAt, await this.#nextDue());
    this.#scan ??= new Scan(this.#context, this.#rule, { place: row.scan_place, beganAt: row.scan_began_at }, (key) =>
      this.#hints.follow(key),
    );
    if (await this.#scan.goOn(Math.max(until, clock() + SLICE_MS / 4))) {
      this.#scanMs = this.#scan.busyMs;
      this.#scan = null;
    }
    return clock();
  }

  close(): void {
    this.#hints.close();
  }

  #nextScan({ scan_place, scanned_at }: Parameters<RuleFollower['goOn']>[0]): number {
    if (scan_place !== null || scanned_at === null) return 0;
    const everyMs = (this.#watch.scanSeconds ?? USUAL_SCAN_SECONDS) * 1_000;
    return scanned_at + Math.max(everyMs, this.#scanMs * SCAN_SHARE);
  }

  async #followHints(until: number): Promise<void> {
    const folders = this.#hints.take();
    for (let count = 0; count < MOST_NEW_FOLDERS && this.#context.clock() < until; count += 1) {
      const key = folders.pop();
      if (key === undefined) return;
      const inside = await lookAtFolder(this.#context, this.#rule, key).catch(() => []);
      // A folder that came with its files tells of itself alone.
      for (const name of inside) {
        const child = childKey(key, name);
        if (this.#hints.isNew(child)) folders.push(child);
      }
      this.#hints.follow(key);
    }
  }

  async #nextDue(): Promise<number> {
    const { database } = this.#context;
    const first = await database
      .selectFrom('watched_file')
      .select('due_at')
      .where('rule_id', '=', this.#rule.id)
      .where('state', '=', sql.lit('growing' as const))
      .where('gone_at', 'is', null)
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return first?.due_at ?? Number.POSITIVE_INFINITY;
  }
}
