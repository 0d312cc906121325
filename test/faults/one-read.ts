import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { linkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { READ_IN_STEP_BYTES } from '../../electron/work/media/source-readers.ts';
import { JOB_TYPES } from '../../shared/job.ts';
import { put, type Command } from '../support/command.ts';
import { FFMPEG } from '../support/made-media.ts';
import { age } from '../support/studio.ts';
import { lookInto } from '../support/work-folder.ts';
import { countOf, drained, openAgentBench, proveAll, untilEnded, type AgentBench } from './agent-bench.ts';
import { createFindings, type Campaign } from './campaign.ts';
import { afterDeath } from './kill-agent.ts';

const EXECUTING_MS = 120_000;
/** Pictures of 1920 × 1080 as they are, 4.1 MB each. */
const SECONDS = 11;

/** The agent dies while all four jobs of one large source are read in step, in one slot. */
export const oneRead: Campaign = {
  name: 'one-read',
  proves:
    'kill -9 of the agent while the jobs of a large source read it in step: one result per job, none twice, no child after 1 s, no stray file, asked about again within 5 s of the start',
  runs: 80,
  minutes: 60,
  lanes: 1,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: 20 });
    const large = join(bench.studio.folder, 'large.mov');
    makeLarge(large);
    const work = bench.workFolder('killed');
    await proveAll(bench, work);
    const spanMs = await undisturbed(bench, { work, large });
    let together = 0;
    return {
      async run(_index, random) {
        const result = await killWhileReading(bench, { work, large, afterMs: random() * spanMs });
        together += result.counted?.['read together'] ?? 0;
        return result;
      },
      async close() {
        const found = createFindings();
        found.expect('some died while three jobs read', together > 0);
        const ledger = (await bench.studio.server.ledger()).map(({ event }) => event);
        found.count('leases lapsed', countOf(ledger, 'leaseExpired'));
        await bench.close();
        return found.result();
      },
    };
  },
};

function makeLarge(path: string): void {
  const inputs = `-f lavfi -i testsrc2=s=1920x1080:r=25:d=${SECONDS} -f lavfi -i sine=r=48000:d=${SECONDS}`;
  const coded = '-c:v rawvideo -pix_fmt uyvy422 -c:a pcm_s16le';
  execFileSync(FFMPEG, ['-v', 'error', '-nostdin', ...`${inputs} ${coded}`.split(' '), path]);
  if (statSync(path).size < READ_IN_STEP_BYTES) throw new Error('the large source is too small to be read in step');
  age(path);
}

interface Place {
  readonly work: string;
  readonly large: string;
}

/** The four jobs of a source of its own, and an agent that begins with them. */
async function begun(bench: AgentBench, { work, large }: Place) {
  const name = `${randomUUID()}.mov`;
  const source = join(bench.studio.media, name);
  linkSync(large, source);
  const jobs: string[] = [];
  for (const jobType of JOB_TYPES) jobs.push(await bench.studio.operator.job(`MEDIA/${name}`, jobType));
  const agent = bench.launch(work, { arguments: ['--parallel', '1'] });
  await untilExecuting(agent, work);
  return { source, jobs, agent };
}

/** How long they take on this machine, in ms. */
async function undisturbed(bench: AgentBench, place: Place): Promise<number> {
  const { source, jobs, agent } = await begun(bench, place);
  try {
    const since = performance.now();
    const left = await untilEnded(bench.studio, jobs, EXECUTING_MS);
    if (left.length > 0) throw new Error(`it cannot work undisturbed: ${agent.output()}`);
    const tookMs = performance.now() - since;
    await drained(agent);
    return tookMs;
  } finally {
    await put(agent);
    rmSync(source);
  }
}

async function killWhileReading(bench: AgentBench, { afterMs, ...place }: Place & { readonly afterMs: number }) {
  const { work } = place;
  const found = createFindings();
  const { source, jobs, agent } = await begun(bench, place);
  await delay(afterMs);
  agent.signal('SIGKILL');
  await agent.ended;
  const { runs } = lookInto(work);
  const executing = runs.filter(({ phase }) => phase === 'executing').length;
  found.count(`executing ${executing}`);
  if (executing >= 3) found.count('read together');
  await afterDeath(
    bench,
    work,
    jobs,
    found,
    runs.map(({ jobId }) => jobId),
  );
  rmSync(source);
  return found.result();
}

async function untilExecuting(agent: Command, work: string): Promise<void> {
  const until = performance.now() + EXECUTING_MS;
  while (performance.now() < until) {
    if (lookInto(work).runs.some(({ phase }) => phase === 'executing')) return;
    await delay(20);
  }
  throw new Error(`nothing was executed: ${agent.output()}`);
}
