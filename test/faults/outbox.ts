import { join } from 'node:path';
import { createWorld, modelFolder, openCatalogue, type World } from '../model/world.ts';
import { createFindings, type Campaign, type Findings } from './campaign.ts';

const HOUR_MS = 3_600_000;
const AWAY_MS = 24 * HOUR_MS;
/** In fake time: how long the agent may take to do all of them while nothing can be delivered. */
const DONE_MS = 10 * 60_000;
/** What an accepted delivery leaves in the ledger, in this order. */
const ORDER = ['uploadBegun', 'partStored', 'uploadCompleted', 'jobSubmitted'];

/** Finished jobs, and a server that is away for a day of fake time. */
export const outbox: Campaign = {
  name: 'outbox',
  proves:
    '500 finished jobs and a server away for 24 h of fake time: each is delivered once after it returns, in order inside each job, nothing is made again; a refused one holds nothing else up',
  runs: 2,
  minutes: 40,
  lanes: 1,
  open: async () => ({
    // In the second run the agent dies while the server is away, and starts again.
    run: async (index, random) => (await outboxRun(500, random, index % 2 === 1)).result(),
    close: async () => createFindings().result(),
  }),
};

/** `count` jobs are done and none can be delivered; then the server is away for a day, in which the agent may die. */
export async function outboxRun(count: number, random: () => number, dies = false): Promise<Findings> {
  const found = createFindings();
  const base = modelFolder();
  const catalogue = await openCatalogue(join(base.path, 'server'));
  const world = await createWorld(catalogue, join(base.path, 'run'), 1);
  try {
    const line = world.agents[0]?.line;
    if (line === undefined) throw new Error('The world has no agent');
    line.planned.push({ path: /\/upload\/init$/, fault: 'lose', lateMs: 0, left: Number.POSITIVE_INFINITY });
    for (let n = 0; n < count; n += 1) await world.addJob(0);
    const made = await untilMade(world, count);
    found.expect('all of them are made', made === count, made);
    world.cut(0, 'down', AWAY_MS);
    await world.time.pass(AWAY_MS / 2);
    if (dies) world.kill(0, HOUR_MS);
    await world.time.pass(AWAY_MS / 2 - 1_000);
    line.planned.length = 0;
    const refused = world.jobs[Math.floor(random() * count)] ?? '';
    const submit = new RegExp(`/${refused}/submit$`);
    line.planned.push({ path: submit, fault: 'refuse', lateMs: 0, left: Number.POSITIVE_INFINITY });
    const back = world.time.now();
    const owed = async (): Promise<boolean> =>
      (await countOf(world, 'jobSubmitted')) < count - 1 || (await countOf(world, 'jobFailed')) < 1;
    while (world.time.now() - back < DONE_MS && (await owed())) {
      await world.time.pass(5_000);
    }
    found.worst('all delivered after the return, s of fake time', (world.time.now() - back) / 1_000);
    await world.conclude();
    await judge(world, refused, found);
    found.expect('nothing is made twice', made === world.oracle.madeCount());
    for (const rule of world.oracle.broken) found.expect(rule, false);
    return found;
  } finally {
    world.close();
    await catalogue.close();
    base.remove();
  }
}

async function judge(world: World, refused: string, found: Findings): Promise<void> {
  const byJob = Map.groupBy(await world.ledger(), ({ jobId }) => jobId);
  for (const jobId of world.jobs) {
    const entries = byJob.get(jobId) ?? [];
    const submits = entries.filter(({ event }) => event === 'jobSubmitted');
    const last = entries.findLast(({ event }) => event === 'jobClaimed')?.lockHash;
    const events = entries.filter(({ lockHash }) => lockHash === last).map(({ event }) => event);
    if (jobId === refused) {
      found.count('refused');
      found.expect(
        'the refused one is reported as failed',
        submits.length === 0 && events.includes('jobFailed'),
        events,
      );
      continue;
    }
    found.count('delivered', submits.length);
    found.expect('each is delivered once', submits.length === 1, events);
    const order = events.filter((event) => ORDER.includes(event));
    found.expect('in order inside the job', order.join() === ORDER.join(), events);
  }
}

async function untilMade(world: World, count: number): Promise<number> {
  const limit = world.time.now() + DONE_MS;
  while (world.time.now() < limit && world.oracle.madeCount() < count) await world.time.pass(5_000);
  return world.oracle.madeCount();
}

async function countOf(world: World, event: string): Promise<number> {
  return (await world.ledger()).filter((entry) => entry.event === event).length;
}
