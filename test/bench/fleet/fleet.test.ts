import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { makeDatabase, noPostgres } from '../../support/postgres.ts';
import { claimAndSubmit, claimNew, sha256, startRig, type Rig } from '../../server/running.ts';
import { newMemory } from './agent.ts';
import { audit } from './audit.ts';
import { fleetOptions } from './options.ts';
import { barsOf, describeFleet } from './report.ts';
import { runFleet } from './run.ts';

let undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
  undo = [];
});

/** Small, and far from any bar of time. */
const SMALL = '--agents 6 --pending 400 --seconds 6 --rush-seconds 1 --job-seconds 1 --poll-seconds 1';

const isOfTime = (name: string): boolean => /p99|\/s|silence|conflicts|in place/.test(name);

test.skipIf(noPostgres !== null)(
  'a small fleet works on two servers of which one is killed, and the tables say so',
  { tags: ['slow'] },
  async () => {
    const database = await makeDatabase();
    undo.push(database.drop);
    const options = fleetOptions([...SMALL.split(' '), '--servers', '2', '--kill-servers', '1']);
    if (options === 'help') throw new Error('these are options');
    const report = await runFleet(options, () => {}, database.postgres);
    const bars = barsOf(options, report);
    expect(bars.filter(({ held, name }) => !held && !isOfTime(name))).toEqual([]);
    expect(report.kills).toHaveLength(1);
    const { completed = 0, pending = 0 } = report.audit.jobs;
    expect([completed > 0, report.memory.submitted.size <= completed, pending >= 200]).toEqual([true, true, true]);
    expect(report.usual.count('part', 200)).toBeGreaterThan(0);
    expect(describeFleet(options, report, bars)).toMatch(/^held +double claims: 0$/m);
  },
);

describe('the audit of a fleet', () => {
  const found = async (rig: Rig, memory = newMemory(), filled = 2) => {
    const { doubleClaims, staleWrites, unaccounted } = await audit(rig.server.database, memory, rig.dataDir, filled);
    return [doubleClaims.length, staleWrites.length, unaccounted.length];
  };

  test('finds nothing where all is well, and each thing that is not', async () => {
    const rig = await startRig();
    undo.push(rig.stop);
    const { database } = rig.server;
    const [held, done] = [await claimNew(rig), await claimNew(rig)];
    await claimAndSubmit(rig, done);
    const memory = newMemory();
    memory.submitted.set(done.jobId, 1);
    expect(await found(rig, memory)).toEqual([0, 0, 0]);
    expect(await found(rig, memory, 3), 'a job too few').toEqual([0, 0, 1]);

    memory.submitted.set(held.jobId, 1);
    expect(await found(rig, memory), 'an accepted result that is not there').toEqual([0, 0, 1]);
    memory.submitted.delete(held.jobId);
    memory.submitted.set(done.jobId, 2);
    expect(await found(rig, memory), 'a result that was accepted twice').toEqual([0, 0, 1]);
    memory.submitted.set(done.jobId, 1);

    await rig.server.purgeAsset(done.assetUuid);
    expect(await found(rig, memory), 'a file that was purged is not missed').toEqual([0, 0, 0]);

    const line = { at: 1, agent_id: rig.agentId, job_id: held.jobId, detail_json: '{}' };
    const other = sha256(randomUUID());
    await database
      .insertInto('ledger')
      .values({ ...line, event: 'partStored', lock_hash: other })
      .execute();
    expect(await found(rig, memory), 'a write under another token').toEqual([0, 1, 0]);
    await database
      .insertInto('ledger')
      .values({ ...line, event: 'jobClaimed', lock_hash: other })
      .execute();
    expect(await found(rig, memory), 'a second claim, and a lease that is not its').toEqual([1, 1, 1]);
    await database.deleteFrom('lease').execute();
    expect(await found(rig, memory), 'a claimed job without a lease').toEqual([1, 1, 2]);
  });
});
