import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AT_WORK, ensureBuild, put, start, type Command } from '../support/command.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { addClips, allEnded, createOperator, ledgerOnDisk, prepareWorkFolder } from '../support/studio.ts';
import { createFindings, type Campaign } from './campaign.ts';
import { openSilentAgent } from './silent-agent.ts';

const HOUR_MS = 3_600_000;
/** Long enough that no beat is late for want of a processor; what a jump does is the same for any lease. */
const LEASE_SECONDS = 20;
/** The server looks every 5 s for leases that are over, and a busy machine looks late. */
const LAPSE_SEEN_MS = 10_000;
const PRELOAD = fileURLToPath(new URL('../support/shifted-date.mjs', import.meta.url));

/** Wall clocks of agent and server are set back and forth while jobs run. */
export const clockJumps: Campaign = {
  name: 'clock-jumps',
  proves:
    'wall clocks set by ±1 h, at the agent, at the server and at both, and the server killed and started after that: no lease is lost, given twice or kept too long; that of an agent that falls silent ends in its time',
  runs: 30,
  minutes: 45,
  lanes: 1,
  async open() {
    ensureBuild();
    const folder = mkdtempSync(join(tmpdir(), 'rc-clocks-'));
    const [data, media] = [join(folder, 'data'), join(folder, 'media')];
    mkdirSync(media);
    const shifts = { agent: join(folder, 'agent-shift'), server: join(folder, 'server-shift') };
    const now = { agent: 0, server: 0 };
    const shift = (who: 'agent' | 'server', byMs: number): void => {
      now[who] += byMs;
      writeFileSync(shifts[who], String(now[who]));
    };
    const env = (who: 'agent' | 'server') => ({ NODE_OPTIONS: `--import=${PRELOAD}`, RC_WALL_SHIFT: shifts[who] });
    shift('agent', 0);
    shift('server', 0);
    const launch = async (): Promise<{ readonly server: Command; readonly port: number }> => {
      const server = start(['server', '--port', '0', '--data', data, '--lease', String(LEASE_SECONDS)], {
        env: env('server'),
      });
      const [, port = ''] = await server.said(/server: http:\/\/127\.0\.0\.1:(\d+)/);
      return { server, port: Number(port) };
    };
    let { server, port } = await launch();
    const proxy = await startFaultProxy(port);
    const { url } = proxy;
    /** kill -9 and a start; answers how long the server was away, ms. */
    const restart = async (): Promise<number> => {
      const begun = performance.now();
      server.signal('SIGKILL');
      await server.ended;
      ({ server, port } = await launch());
      proxy.aim(port);
      return performance.now() - begun;
    };
    const operator = createOperator(() => ({ url, token: readFileSync(join(data, 'operator-token'), 'utf8').trim() }));
    const agent = start(
      [
        ...['agent', '--server', url, '--token-file', join(data, 'agent-token'), '--parallel', '3'],
        ...['--media-root', `MEDIA=${media}`, '--work', prepareWorkFolder(join(folder, 'work'))],
      ],
      { env: { ...AT_WORK, ...env('agent') } },
    );
    await agent.said(/Connected/);
    const silent = await openSilentAgent(url, readFileSync(join(data, 'agent-token'), 'utf8').trim(), operator);
    return {
      async run(index, random) {
        const found = createFindings();
        for (const path of await addClips(media, 3, 8))
          await operator.job(path, 'generate_thumbnails', { thumbnail_profile: 'video_storyboard_v1' });
        await claimedBy(operator);
        const [source = ''] = await addClips(media, 1, 1);
        await silent.claim(source);
        await delay(random() * 500);
        const by = index % 2 === 0 ? HOUR_MS : -HOUR_MS;
        const who = (['agent', 'server', 'both'] as const)[Math.floor(index / 2) % 3] ?? 'both';
        if (who !== 'server') shift('agent', by);
        if (who !== 'agent') shift('server', by);
        const restarts = Math.floor(index / 6) % 2 === 0;
        found.count(`${who} ${by > 0 ? '+' : '−'}1 h${restarts ? ' and server restarts' : ''}`);
        if (restarts) await restart();
        await delay(3_000);
        found.expect('a lease outlives the jump', await silent.heartbeat());
        // From a start on, whoever held a lease has a whole one.
        const graceMs = restarts ? (await delay(random() * 5_000), await restart()) + 5_000 : 0;
        const lapsedMs = await silent.lapsedAfter(LEASE_SECONDS * 2_000 + LAPSE_SEEN_MS + graceMs);
        const kind = restarts ? 'one that the server left alone' : 'a silent agent';
        found.worst(`${kind} lost its lease of 20 s after s`, lapsedMs / 1_000);
        const longest = LEASE_SECONDS * 1_000 + LAPSE_SEEN_MS + graceMs;
        found.expect('it ends in its time', lapsedMs > LEASE_SECONDS * 980 && lapsedMs < longest, lapsedMs);
        const jobs = (await allEnded(operator, 300_000)).filter(({ job_id }) => !silent.jobs.includes(job_id));
        found.expect(
          'every job is completed',
          jobs.every(({ status }) => status === 'completed'),
        );
        return found.result();
      },
      async close() {
        const found = createFindings();
        agent.signal('SIGTERM');
        const { code } = await agent.ended;
        server.signal('SIGTERM');
        await server.ended;
        const events = ledgerOnDisk(data)
          .filter(({ jobId }) => !silent.jobs.includes(jobId ?? ''))
          .map(({ event }) => event);
        const count = (name: string): number => events.filter((event) => event === name).length;
        const [claimed, submitted, lapsed] = [count('jobClaimed'), count('jobSubmitted'), count('leaseExpired')];
        found.count('claimed', claimed);
        found.count('submitted', submitted);
        found.count('leases lapsed', lapsed);
        found.expect('no lease lapses', lapsed === 0, lapsed);
        found.expect(
          'each job is claimed and submitted once',
          claimed === submitted && submitted === count('jobCreated'),
          { claimed, submitted },
        );
        found.expect('the agent ends properly', code === 0, agent.output());
        await put(agent);
        await put(server);
        await proxy.close();
        rmSync(folder, { recursive: true, force: true });
        return found.result();
      },
    };
  },
};

async function claimedBy(operator: ReturnType<typeof createOperator>): Promise<void> {
  const until = performance.now() + 30_000;
  while (performance.now() < until) {
    if ((await operator.jobs()).some(({ status }) => status === 'claimed')) return;
    await delay(30);
  }
}
