import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stateOf } from '../support/children/alive.ts';
import { AS_PACKAGED, put, type Command } from '../support/command.ts';
import { age } from '../support/studio.ts';
import { countOf, drained, openAgentBench, untilEnded, type AgentBench } from './agent-bench.ts';
import { createFindings, type Campaign } from './campaign.ts';

const BATCH = 50;
const BATCHES = 40;
/** The first 100 jobs warm everything up: memory is compared with what it was then. */
const WARM_BATCHES = 2;
const PRELOAD = fileURLToPath(new URL('../support/self-report.mjs', import.meta.url));

interface SelfReport {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** Event-loop delay since the report before, ms. */
  readonly p99: number;
}

/** One agent, 2,000 small jobs in batches of 50, some of which fail, are cancelled or lose their network. */
export const leak: Campaign = {
  name: 'leak',
  proves:
    '2,000 small jobs with random faults: memory at the end ≤ 1.1 × after the first 100, open files ± 5, no zombies, event-loop p99 < 100 ms',
  runs: BATCHES,
  minutes: 60,
  lanes: 1,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: 30, maxAttempts: 5 });
    const report = join(bench.studio.folder, 'self-report.json');
    const agent = bench.launch(bench.workFolder('many', ['audio.waveform@1']), {
      env: { NODE_OPTIONS: `${AS_PACKAGED.NODE_OPTIONS} --import=${PRELOAD}`, RC_SELF_REPORT: report },
      arguments: ['--parallel', '2'],
    });
    await agent.said(/Connected/);
    writeFileSync(join(bench.studio.media, 'broken.mp4'), 'this is no film');
    age(join(bench.studio.media, 'broken.mp4'));
    let batches = 0;
    let warm: { readonly memory: number; readonly files: number } | undefined;
    return {
      async run(_index, random) {
        const found = createFindings();
        const jobs = await batch(bench, random);
        const left = await untilEnded(bench.studio, jobs, 300_000);
        found.expect('every job ends', left.length === 0, { left, said: agent.output().slice(-600) });
        found.count('jobs', jobs.length);
        await delay(500);
        const self = await askFor(agent, report);
        const files = openFiles(agent.pid);
        found.worst('event-loop p99, ms', self.p99);
        batches += 1;
        if (batches === WARM_BATCHES) warm = { memory: self.rss, files };
        if (warm === undefined || batches <= WARM_BATCHES) return found.result();
        const growth = self.rss / warm.memory;
        found.worst('memory against the first 100 jobs', growth);
        found.worst('open files more than then', files - warm.files);
        const zombies = childrenOf(agent.pid).filter((pid) => stateOf(pid) === 'Z').length;
        found.worst('zombies', zombies);
        found.expect('memory stays within 1.1 × of the first 100 jobs', growth <= 1.1, self);
        found.expect('open files stay within 5', Math.abs(files - warm.files) <= 5, { files, warm });
        found.expect('there are no zombies', zombies === 0, zombies);
        found.expect('event-loop p99 stays below 100 ms', self.p99 < 100, self.p99);
        return found.result();
      },
      async close() {
        const found = createFindings();
        const events = (await bench.studio.server.ledger()).map(({ event }) => event);
        found.count('submitted', countOf(events, 'jobSubmitted'));
        found.count('failed', countOf(events, 'jobFailed'));
        found.count('cancelled', countOf(events, 'jobCancelled'));
        found.expect('the agent ends properly', (await drained(agent)) === 0);
        await put(agent);
        await bench.close();
        return found.result();
      },
    };
  },
};

/** Mostly short sounds; one in ten is no film, one in twenty is cancelled, and the line has its moments. */
async function batch(bench: AgentBench, random: () => number): Promise<string[]> {
  const { studio, proxy } = bench;
  const jobs: string[] = [];
  for (let n = 0; n < BATCH; n += 1) {
    const broken = random() < 0.1;
    const job = broken
      ? await studio.operator.job('MEDIA/broken.mp4', 'generate_audio_waveform')
      : await bench.addJob('generate_audio_waveform', 1);
    jobs.push(job);
    if (random() < 0.05) await studio.operator.cancel(job);
    if (random() < 0.05) proxy.cut();
    if (random() < 0.05) proxy.rule({ line: /\/(claim|submit|init|part|complete)$/, times: 1, kind: 'swallow' });
  }
  return jobs;
}

async function askFor(agent: Command, file: string): Promise<SelfReport> {
  rmSync(file, { force: true });
  agent.signal('SIGUSR2');
  for (let n = 0; n < 400; n += 1) {
    await delay(25);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as SelfReport;
    } catch {
      // Not written yet.
    }
  }
  throw new Error('The agent does not say how it is doing.');
}

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
