import type { Command } from '../support/command.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { addClips, type Studio } from '../support/studio.ts';
import { drained, openAgentBench, untilEnded } from './agent-bench.ts';
import { createFindings, type Campaign } from './campaign.ts';

/** Of a run. */
const JOBS = 50;
const MIN_POLL_SECONDS = 5;
const MAX_PARALLEL = 2;
const NAMES = ['one', 'two'] as const;

/** Two agents that would like to do three jobs at once, on a server that allows two and a poll every five seconds. */
export const strictOf = (jobsOfRun: number): Campaign => ({
  name: 'strict',
  proves:
    'four times 50 small jobs on a strict server with two agents: no poll before its time unless a job ended, no claim beyond what is allowed',
  runs: 4,
  minutes: 30,
  lanes: 1,
  async open() {
    const policy = { min_poll_interval_seconds: MIN_POLL_SECONDS, max_parallel_jobs_allowed: MAX_PARALLEL };
    const bench = await openAgentBench({ policy });
    const doors: FaultProxy[] = [];
    const agents: Command[] = [];
    for (const name of NAMES) {
      const door = await startFaultProxy(bench.studio.server.port);
      doors.push(door);
      agents.push(
        bench.launch(bench.workFolder(name, ['audio.waveform@1']), {
          arguments: ['--parallel', '3', '--server', door.url],
        }),
      );
    }
    await Promise.all(agents.map((agent) => agent.said(/Connected/)));
    return {
      async run() {
        const found = createFindings();
        const paths = await addClips(bench.studio.media, jobsOfRun);
        const jobs: string[] = [];
        for (const path of paths) jobs.push(await bench.studio.operator.job(path, 'generate_audio_waveform', {}));
        const left = await untilEnded(bench.studio, jobs, 600_000);
        found.expect('every job ends', left.length === 0, left);
        found.count('jobs', jobs.length);
        return found.result();
      },
      async close() {
        const found = createFindings();
        for (const agent of agents) await drained(agent);
        for (const door of doors) {
          const early = earlyPolls(door);
          const beyond = await claimsBeyond(bench.studio, door);
          found.count('polls', pollsOf(door).length);
          found.count('claims', claimsOf(door).length);
          found.count('claims beyond what is allowed', beyond);
          // Milliseconds between two arrivals: a busy machine delays the first of them.
          found.within('polls before their time', early.length, 0);
          found.expect('no claim goes beyond what is allowed', beyond === 0, beyond);
          await door.close();
        }
        await bench.close();
        return found.result();
      },
    };
  },
});

export const strict = strictOf(JOBS);

const pollsOf = ({ requests }: FaultProxy): readonly number[] =>
  requests.filter(({ line }) => /^GET \S*\/jobs$/.test(line)).map(({ at }) => at);
const claimsOf = ({ requests }: FaultProxy): readonly number[] =>
  requests.filter(({ line }) => line.endsWith('/claim')).map(({ at }) => at);
const isReport = (line: string): boolean => /\/(submit|fail)$/.test(line);

/** ms between polls that were too close without the report of a job between them. */
function earlyPolls(door: FaultProxy): number[] {
  const polls = pollsOf(door);
  const reports = door.requests.filter(({ line }) => isReport(line)).map(({ at }) => at);
  return polls.flatMap((at, index) => {
    const before = polls[index - 1];
    if (before === undefined || at - before >= MIN_POLL_SECONDS * 1000) return [];
    return reports.some((report) => report > before && report <= at) ? [] : [Math.round(at - before)];
  });
}

/**
 * Claims that this agent sent while it held as many leases as the server allows. A lease counts from the claim that was
 * granted to the report that ended it, both as they passed the door. One that lapsed on a machine that stood still counts
 * for nothing: no request says when it ended.
 */
async function claimsBeyond({ server }: Studio, door: FaultProxy): Promise<number> {
  const jobOf = (line: string): string => /\/jobs\/([^/]+)\//.exec(line)?.[1] ?? '';
  const reported = new Set(door.requests.flatMap(({ line }) => (isReport(line) ? [jobOf(line)] : [])));
  const ledger = await server.ledger();
  const agentId = ledger.find(({ event, jobId }) => event === 'jobSubmitted' && reported.has(jobId ?? ''))?.agentId;
  const lapsed = new Set(ledger.flatMap(({ event, jobId }) => (event === 'leaseExpired' ? [jobId] : [])));
  const granted = new Set(
    ledger.flatMap(({ event, jobId, agentId: by }) =>
      event === 'jobClaimed' && by === agentId && !lapsed.has(jobId) ? [jobId] : [],
    ),
  );
  const held = new Set<string>();
  let beyond = 0;
  for (const { line } of door.requests) {
    if (isReport(line)) {
      held.delete(jobOf(line));
      // Asked for once more from an older page of offers, it is refused: nothing is held by that.
      granted.delete(jobOf(line));
    }
    // The same claim once more, after an answer that did not come in time, asks for nothing new.
    if (!line.endsWith('/claim') || held.has(jobOf(line))) continue;
    if (held.size >= MAX_PARALLEL) beyond += 1;
    if (granted.has(jobOf(line))) held.add(jobOf(line));
  }
  return beyond;
}
