import type { Selectable } from 'kysely';
import type { Context } from '../context.ts';
import type { Tx } from '../database/schema.ts';
import type { TellOutboxTable } from '../database/tell-tables.ts';
import { withReserve } from '../reserve.ts';
import type { Message } from './message.ts';
import type { TellTarget } from './tell-file.ts';

type OutboxRow = Selectable<TellOutboxTable>;

/** A process that does not let go of a message within this time has died: no try takes as long. */
const HELD_MS = 120_000;

/** Puts a message where each target that wants it finds it, behind what is there. */
export async function putOut(
  context: Context,
  tx: Tx,
  targets: readonly TellTarget[],
  message: Message,
): Promise<void> {
  const now = context.clock();
  const common = { message_id: `msg_${context.uuid()}`, body_json: JSON.stringify(message), created_at: now };
  const rows = targets
    .filter(({ events }) => events.includes(message.type))
    .map(({ name }) => ({ ...common, target: name, tries: 0, due_at: now, held_until: null }));
  if (rows.length > 0) await tx.insertInto('tell_outbox').values(rows).execute();
}

/** Of targets that no process tells any more: others give up by themselves, an hour before. */
export async function forgetUntold(context: Context, tx: Tx, before: number): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom('tell_outbox')
    .where('created_at', '<=', before - 3_600_000)
    .executeTakeFirst();
  if (numDeletedRows > 0n) context.log.warn({ messages: Number(numDeletedRows) }, 'messages of nobody were given up');
}

/** The first message of a target, where it is due and no other process is at it; it is held from here on. */
export async function holdFirst(context: Context, target: string): Promise<OutboxRow | null> {
  const { database, clock, shared } = context;
  const now = clock();
  const first = await database
    .selectFrom('tell_outbox')
    .selectAll()
    .where('target', '=', target)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
  if (first === undefined || first.due_at > now) return null;
  // Nobody else can be at it.
  if (shared === null) return first;
  const { numUpdatedRows } = await database
    .updateTable('tell_outbox')
    .set({ held_until: now + HELD_MS })
    .where('sequence', '=', first.sequence)
    .where((where) => where.or([where('held_until', 'is', null), where('held_until', '<', now)]))
    .executeTakeFirst();
  return numUpdatedRows > 0n ? first : null;
}

/** It was taken, or is given up. */
export async function takeOut(context: Context, { sequence }: OutboxRow): Promise<void> {
  await withReserve(context, () =>
    context.database.deleteFrom('tell_outbox').where('sequence', '=', sequence).execute(),
  );
}

/** It stays the first of its target, and is tried again at `dueAt`. */
export async function putBack(context: Context, row: OutboxRow, tries: number, dueAt: number): Promise<void> {
  await context.database
    .updateTable('tell_outbox')
    .set({ tries, due_at: dueAt, held_until: null })
    .where('sequence', '=', row.sequence)
    .execute();
}
