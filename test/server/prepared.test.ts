import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../server/database/open.ts';
import type { Database } from '../../server/database/schema.ts';
import { makeDatabase, noPostgres, throughPgBouncer, type TestDatabase } from '../support/postgres.ts';

/** Statements that PostgreSQL plans once, and what they do when a table changes under them. */

let undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
  undo = [];
});

async function open(connections: number): Promise<{ made: TestDatabase; database: Database }> {
  const made = await makeDatabase();
  undo.push(made.drop);
  const postgres = { ...made.postgres, connections };
  const { database } = await openDatabase({ dataDir: '', postgres, silenceMs: null, onLostConnection: () => {} });
  undo.push(() => database.destroy());
  return { made, database };
}

const agent = (queries: Database) => queries.selectFrom('agent').selectAll().where('agent_id', '=', 'a').execute();

async function names(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ statement: string }>`SELECT statement FROM pg_prepared_statements`.execute(database);
  return rows.map(({ statement }) => statement);
}

describe.skipIf(noPostgres !== null)('statements of one text', () => {
  test('are planned once where they come often and nothing stands in between', async () => {
    const { database } = await open(1);
    const before = await names(database);
    await agent(database);
    await agent(database);
    expect(await names(database)).toEqual(before);
    for (let times = 0; times < 5; times += 1) await agent(database);
    const added = (await names(database)).filter((text) => !before.includes(text));
    expect(added).toEqual(throughPgBouncer ? [] : ['select * from "agent" where "agent_id" = $1']);
  });

  test('go on when a newer server changes their table, on every connection', async () => {
    const { made, database } = await open(3);
    const onEach = () => Promise.all([agent(database), agent(database), agent(database)]);
    for (let times = 0; times < 5; times += 1) await onEach();
    await made.ask('ALTER TABLE agent ADD COLUMN came_later integer NOT NULL DEFAULT 7');
    await made.ask(`INSERT INTO agent (agent_id, installation_id, agent_name, agent_version, registered_at, last_seen_at)
      VALUES ('a', 'i', 'n', 'v', 0, 0)`);
    for (const rows of await onEach()) expect(rows).toMatchObject([{ agent_id: 'a', came_later: 7 }]);
  });
});
