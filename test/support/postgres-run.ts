import { noPostgres, runFolder } from './postgres.ts';

/** A place for the PostgreSQL of this run, and its end. It is started by the first test that wants one. */
export default function postgresOfTheRun(): () => void {
  if (noPostgres !== null) console.log(`  left out on this machine: the tests on PostgreSQL, because ${noPostgres}`);
  return runFolder().end;
}
