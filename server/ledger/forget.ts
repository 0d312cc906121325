import type { Context } from '../context.ts';
import { writeTransaction } from '../write-transaction.ts';

/** So many lines go with one sweep: they were added one by one over as long, and a catalogue that waits is not quick. */
const AT_ONCE = 5_000;

/**
 * Lines of the ledger that are older than they are to be kept, from its beginning. The database itself refuses to let
 * younger ones go, whoever asks.
 */
export async function forgetLedger(context: Context): Promise<void> {
  const { database, settings, retention } = context;
  if (settings.ledgerRetentionMs === undefined) return;
  const before = (await retention.now()) - settings.ledgerRetentionMs;
  const oldest = await database.selectFrom('ledger').select('at').orderBy('sequence').limit(1).executeTakeFirst();
  if (oldest === undefined || oldest.at >= before) return;
  await writeTransaction(context, async (tx) => {
    const lines = await tx.selectFrom('ledger').select(['sequence', 'at']).orderBy('sequence').limit(AT_ONCE).execute();
    const young = lines.findIndex(({ at }) => at >= before);
    const last = (young === -1 ? lines : lines.slice(0, young)).at(-1);
    if (last === undefined) return;
    await tx
      .insertInto('ledger_retention')
      .values({ id: 1, before })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ before }))
      .execute();
    await tx.deleteFrom('ledger').where('sequence', '<=', last.sequence).execute();
  });
}
