import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import type { RuleRow } from '../database/schema.ts';
import { RuleFollower } from './follow-rule.ts';
import { followed, rootOf } from './rule.ts';
import type { Watch } from './watch.ts';

/** What other processes change of rules is seen after so long. */
const LOOK_EVERY_MS = 5_000;
/** A folder that cannot be read is tried again after so long. */
const AWAY_MS = 15_000;
/** Longest that a timer of ours runs: it takes no more than 2³¹ ms. */
const LONGEST_MS = 3_600_000;
/** A process that does not say so any more does not look after its rules. */
const HELD_MS = 30_000;

/** The rules of a server, followed one after the other, until it is stopped. */
export interface RulesRunner {
  /** Something may be to be done: a rule was changed, a folder tells of itself. */
  wake(): void;
  stop(): Promise<void>;
}

export function startRules(context: Context, watch: Watch): RulesRunner {
  return new Runner(context, watch);
}

class Runner implements RulesRunner {
  readonly #context: Context;
  readonly #watch: Watch;
  /** Named in `held_by`. */
  readonly #self: string;
  readonly #followers = new Map<string, { readonly follower: RuleFollower; readonly root: string }>();
  readonly #loop: Promise<void>;
  #pause = new AbortController();
  #isStopped = false;

  constructor(context: Context, watch: Watch) {
    this.#context = context;
    this.#watch = watch;
    this.#self = context.uuid();
    this.#loop = this.#work();
  }

  wake(): void {
    this.#pause.abort();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await this.#loop;
  }

  async #work(): Promise<void> {
    while (!this.#isStopped) {
      this.#pause = new AbortController();
      const next = await this.#round().catch((error: unknown) => {
        this.#context.log.error({ err: error }, 'rules could not be followed; it is tried again');
        return this.#context.clock() + LOOK_EVERY_MS;
      });
      const ms = Math.min(LONGEST_MS, Math.max(0, next - this.#context.clock()));
      // Nothing waits for it: a process may end meanwhile.
      if (ms > 0) await sleep(ms, undefined, { signal: this.#pause.signal, ref: false }).catch(() => {});
    }
    for (const { follower } of this.#followers.values()) follower.close();
    if (this.#context.shared !== null) await this.#letGo().catch(() => {});
  }

  /** Answers at which instant there is more to do. */
  async #round(): Promise<number> {
    const { database, clock, shared } = this.#context;
    const rows = await database.selectFrom('watch_rule').selectAll().where('enabled', '=', 1).execute();
    this.#drop(new Set(rows.map(({ rule_id }) => rule_id)));
    let next = shared === null ? Number.POSITIVE_INFINITY : clock() + LOOK_EVERY_MS;
    for (const row of rows) {
      if (this.#isStopped) break;
      next = Math.min(next, await this.#follow(row));
    }
    return next;
  }

  async #follow(row: RuleRow): Promise<number> {
    const { clock, log } = this.#context;
    const root = rootOf(this.#watch, row.root);
    if (root === undefined || !(await this.#hold(row))) return clock() + AWAY_MS;
    const held = this.#followers.get(row.rule_id);
    const follower =
      held !== undefined && held.root === root.path
        ? held.follower
        : new RuleFollower(this.#context, this.#watch, followed(row, root), () => this.wake());
    if (follower !== held?.follower) held?.follower.close();
    this.#followers.set(row.rule_id, { follower, root: root.path });
    try {
      const next = await follower.goOn(row);
      if (row.problem !== null) await this.#tell(row, null);
      return next;
    } catch (error) {
      log.warn({ err: error, rule: row.rule_id }, 'the folder of a rule cannot be read now');
      this.#drop(new Set([...this.#followers.keys()].filter((id) => id !== row.rule_id)));
      await this.#tell(row, error instanceof Error ? error.message : String(error));
      return clock() + AWAY_MS;
    }
  }

  #drop(kept: ReadonlySet<string>): void {
    for (const [id, { follower }] of this.#followers) {
      if (kept.has(id)) continue;
      follower.close();
      this.#followers.delete(id);
    }
  }

  /** Of several servers one looks after a rule, as long as it says so. */
  async #hold({ rule_id, held_by, held_until }: RuleRow): Promise<boolean> {
    const { database, clock, shared } = this.#context;
    if (shared === null) return true;
    const now = clock();
    if (held_by === this.#self && (held_until ?? 0) > now + HELD_MS / 2) return true;
    const { numUpdatedRows } = await database
      .updateTable('watch_rule')
      .set({ held_by: this.#self, held_until: now + HELD_MS })
      .where('rule_id', '=', rule_id)
      .where((where) =>
        where.or([where('held_by', 'is', null), where('held_by', '=', this.#self), where('held_until', '<', now)]),
      )
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async #letGo(): Promise<void> {
    await this.#context.database
      .updateTable('watch_rule')
      .set({ held_by: null, held_until: null })
      .where('held_by', '=', this.#self)
      .execute();
  }

  async #tell({ rule_id }: RuleRow, problem: string | null): Promise<void> {
    await this.#context.database
      .updateTable('watch_rule')
      .set({ problem })
      .where('rule_id', '=', rule_id)
      .execute()
      .catch(() => {});
  }
}
