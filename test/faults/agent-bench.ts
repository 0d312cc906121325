import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerOptions } from '../../server/options.ts';
import { CAPABILITIES, JOB_TYPES, type JobType } from '../../shared/job.ts';
import { PATIENCE_MS } from '../support/children/alive.ts';
import { AS_PACKAGED, AT_WORK, processesWith, start, type Command } from '../support/command.ts';
import { ensureFaultBuild } from '../support/fault-build.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { ownerMark } from '../support/work-folder.ts';
import { writeRecitingModel } from '../support/reciting-model.ts';
import { addClips, openStudio, prepareWorkFolder, type Studio } from '../support/studio.ts';

/** Everything a campaign with real agent programs works on: server, proxy, media, work folders. */
export interface AgentBench {
  readonly studio: Studio;
  readonly proxy: FaultProxy;
  /** The agents' folder for temporary files. */
  readonly temporary: string;
  /** A speech model that recites. */
  readonly model: string;
  /** Work folder with these capabilities switched on. */
  workFolder(name: string, capabilities?: readonly string[]): string;
  launch(work: string, options?: LaunchOptions): Command;
  /** Living processes that agents of this bench started, agents included. */
  processes(except?: readonly number[]): number[];
  /** ms until no child of an agent lives, `Infinity` when they stay. */
  childrenGone(except?: readonly number[]): Promise<number>;
  /** Creates one job over a new small clip. */
  addJob(jobType: JobType, seconds?: number): Promise<string>;
  close(): Promise<void>;
}

export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly under?: readonly string[];
  readonly arguments?: readonly string[];
  /** Without the proxy between. */
  readonly direct?: boolean;
}

let built: Promise<string> | undefined;

export async function openAgentBench(options: Partial<ServerOptions> = {}): Promise<AgentBench> {
  const folder = await (built ??= ensureFaultBuild());
  const studio = await openStudio(options);
  const proxy = await startFaultProxy(studio.server.port);
  const temporary = join(studio.folder, 'tmp');
  mkdirSync(temporary);
  const model = join(studio.folder, 'model.bin');
  await writeRecitingModel(model);
  const marks = new Map<string, string | null>();
  const processes = (except: readonly number[] = []): number[] => {
    for (const [work, mark] of marks) if (mark === null) marks.set(work, ownerMark(work));
    return processesWith([`TMPDIR=${temporary}`, ...[...marks.values()].filter((mark) => mark !== null)], except);
  };
  return {
    studio,
    proxy,
    temporary,
    model,
    workFolder(name, capabilities) {
      const work = prepareWorkFolder(join(studio.folder, name), capabilities ?? CAPABILITIES);
      marks.set(work, null);
      return work;
    },
    processes,
    launch: (work, { env, under, arguments: more = [], direct = false } = {}) =>
      start(
        [
          ...['agent', '--server', direct ? studio.server.url : proxy.url, '--token-file', studio.tokenFile],
          ...['--media-root', `MEDIA=${studio.media}`, '--work', work, '--speech-model', model, ...more],
        ],
        {
          from: { folder },
          env: { ...AT_WORK, ...AS_PACKAGED, TMPDIR: temporary, ...env },
          ...(under === undefined ? {} : { under }),
        },
      ),
    async childrenGone(except = []) {
      const begun = performance.now();
      while (processes(except).length > 0) {
        if (performance.now() - begun > PATIENCE_MS) return Number.POSITIVE_INFINITY;
        await delay(10);
      }
      return performance.now() - begun;
    },
    async addJob(jobType, seconds = 2) {
      const [path = ''] = await addClips(studio.media, 1, seconds);
      return studio.operator.job(path, jobType, INPUTS[jobType]);
    },
    async close() {
      await proxy.close();
      await studio.close();
    },
  };
}

const INPUTS: Readonly<Record<JobType, Readonly<Record<string, unknown>>>> = {
  generate_video_proxies: {},
  generate_thumbnails: { thumbnail_profile: 'video_storyboard_v1' },
  generate_audio_waveform: {},
  transcribe_audio: {},
};

/** Events of one job in the server's ledger, oldest first. */
export async function eventsOf(studio: Studio, jobId: string): Promise<string[]> {
  return (await studio.server.ledger({ jobId })).map(({ event }) => event);
}

export const countOf = (events: readonly string[], event: string): number =>
  events.filter((each) => each === event).length;

/** Waits until all these jobs have ended on the server; answers those that have not. */
export async function untilEnded(studio: Studio, jobIds: readonly string[], limitMs: number): Promise<string[]> {
  const until = performance.now() + limitMs;
  for (;;) {
    const jobs = await studio.server.database.selectFrom('job').select(['job_id', 'status']).execute();
    const ended = new Set(
      jobs.filter(({ status }) => status === 'completed' || status === 'failed').map((job) => job.job_id),
    );
    const left = jobIds.filter((jobId) => !ended.has(jobId));
    if (left.length === 0 || performance.now() > until) return left;
    await delay(50);
  }
}

/**
 * Lets an agent do one job of each type, so that its proofs are remembered and no run waits for them. A busy machine may
 * need more than one start for that.
 */
export async function proveAll(bench: AgentBench, work: string): Promise<void> {
  let left: readonly JobType[] = JOB_TYPES;
  for (let tries = 1; left.length > 0; tries += 1) {
    const types = new Map<string, JobType>();
    for (const jobType of left) types.set(await bench.addJob(jobType, 1), jobType);
    const agent = bench.launch(work);
    const open = await untilEnded(bench.studio, [...types.keys()], 200_000);
    await drained(agent);
    // What was given back would not be taken here again for ten minutes.
    for (const jobId of open) await bench.studio.operator.cancel(jobId);
    left = open.flatMap((jobId) => types.get(jobId) ?? []);
    if (tries === 4 && left.length > 0) throw new Error(`It cannot work undisturbed:\n${agent.output()}`);
  }
}

/** Ends an agent that is idle; answers its exit code, null when it had to be killed. */
export async function drained(agent: Command, limitMs = PATIENCE_MS): Promise<number | null> {
  agent.signal('SIGTERM');
  const ended = await Promise.race([agent.ended, delay(limitMs, null, { ref: false })]);
  if (ended !== null) return ended.code;
  agent.signal('SIGKILL');
  await agent.ended;
  return null;
}

/** The first request about one of these jobs after `since` (performance.now()); ms after it, `Infinity` if none comes. */
export async function askedAfter(proxy: FaultProxy, jobIds: readonly string[], since: number): Promise<number> {
  while (performance.now() - since < PATIENCE_MS) {
    const request = proxy.requests.find(({ line, at }) => at >= since && jobIds.some((jobId) => line.includes(jobId)));
    if (request !== undefined) return request.at - since;
    await delay(5);
  }
  return Number.POSITIVE_INFINITY;
}

const ENDS_A_LEASE = ['leaseExpired', 'jobSubmitted', 'jobFailed', 'jobGivenBack', 'jobTakenBack', 'jobCancelled'];

/** Jobs that were written to under a lease that had ended: none, if every stale write was refused. */
export async function staleWrites(studio: Studio): Promise<string[]> {
  const overAt = new Map<string, number>();
  const stale: string[] = [];
  for (const { event, jobId, lockHash, at } of await studio.server.ledger()) {
    if (jobId === null || lockHash === null) continue;
    const lease = `${jobId} ${lockHash}`;
    const endedAt = overAt.get(lease);
    // What the same transaction wrote belongs to the end itself: it has the same time.
    if (endedAt !== undefined && endedAt !== at) stale.push(`${jobId} ${event}`);
    if (ENDS_A_LEASE.includes(event)) overAt.set(lease, at);
  }
  return stale;
}
