import type { KeptAge } from '../../shared/retention-clock.ts';
import type { Database } from './schema.ts';

export function keptAge(database: Database): KeptAge {
  return {
    read: async () => (await database.selectFrom('retention_clock').select('age').executeTakeFirst())?.age,
    async write(age) {
      await database
        .insertInto('retention_clock')
        .values({ id: 1, age })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ age }))
        .execute();
    },
  };
}
