import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/children/alive.ts';
import { ensureBuild, processesWith, put, start, type Command } from '../support/command.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { addClips, allEnded, openStudio, proveOnce, seeded, tally, type Studio } from '../support/studio.ts';
import { lookInto, namesIn, ownerMark } from '../support/work-folder.ts';

/** `npm run test:faults -- --only kill-agent` kills it 200 times, and looks at the seconds, too. */
const KILLS = 3;

describe.skipIf(NO_FFMPEG !== null)('kill -9 of the agent', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Command | undefined;
  let temporary: string;
  const launch = (work: string): Command =>
    start(
      [
        ...['agent', '--server', proxy.url, '--token-file', studio.tokenFile],
        ...['--media-root', `MEDIA=${studio.media}`, '--work', work],
      ],
      { env: { TMPDIR: temporary } },
    );
  const isClaimed = ({ status }: { readonly status?: string | undefined }): boolean => status === 'claimed';
  const childrenGone = (work: string): Promise<boolean> =>
    eventually(() => processesWith([`TMPDIR=${temporary}`, ownerMark(work) ?? '']).length === 0);
  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio();
    proxy = await startFaultProxy(studio.server.port);
    temporary = join(studio.folder, 'tmp');
    mkdirSync(temporary);
  });
  afterAll(async () => {
    await put(agent);
    await proxy.close();
    await studio.close();
  });

  it(`${KILLS} times at random moments: one final result per job, nothing twice, nothing left`, async () => {
    const random = seeded(20_260_301);
    const work = studio.workFolder('killed');
    const moments: string[] = [];
    let resumes = 0;
    let held: readonly string[] = [];
    await proveOnce(studio, () => launch(work));
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (const path of await addClips(studio.media, 3, 4)) {
        await studio.operator.job(path, random() < 0.5 ? 'generate_thumbnails' : 'generate_audio_waveform');
      }
      const since = proxy.requests.length;
      agent = launch(work);
      // A third of them while it still starts.
      await agent.said(kill % 3 === 0 ? /Working for/ : /Connected/);
      if (held.length > 0) {
        await eventually(() => proxy.requests.slice(since).some(({ line }) => held.some((id) => line.includes(id))));
        resumes += 1;
      }
      // Another third with a job in hand, however slowly the machine gets there.
      if (kill % 3 === 1) while (!(await studio.operator.jobs()).some(isClaimed)) await delay(20);
      else await delay(random() * 1_200);
      agent.signal('SIGKILL');
      await agent.ended;
      // Now: while clips are made for the next, a lease may end.
      held = (await studio.operator.jobs()).filter(isClaimed).map(({ job_id }) => job_id);
      await childrenGone(work);
      moments.push(...lookInto(work).runs.map(({ phase }) => phase));
    }
    agent = launch(work);
    await eventuallyIdle(studio);
    agent.signal('SIGTERM');
    const { code } = await agent.ended;
    const left = lookInto(work);
    // Jobs that died with the agent three times are set aside here; they are another agent's.
    const second = launch(studio.workFolder('fresh'));
    const jobs = await allEnded(studio.operator);
    second.signal('SIGTERM');
    await second.ended;

    const ledger = await studio.server.ledger();
    const { submitted, doubles } = tally(ledger);
    const expired = ledger.filter(({ event }) => event === 'leaseExpired').length;
    console.info(
      `  ${KILLS} kills: ${jobs.length} jobs, ${submitted.size} submitted once, ${doubles.length} twice, ${expired} leases lapsed; ` +
        `resumed ${resumes} times; killed while ${describeMoments(moments)}`,
    );
    expect(jobs.every(({ status }) => status === 'completed')).toBe(true);
    expect(doubles).toEqual([]);
    expect(submitted.size).toBe(jobs.length);
    expect(resumes).toBeGreaterThan(0);
    expect(new Set(moments).size).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(left.runFolders).toEqual([]);
    expect(left.runs).toEqual([]);
    expect(left.integrity).toBe('ok');
    expect(namesIn(join(studio.folder, 'server', 'parts'))).toEqual([]);
  });
});

/** Nothing is claimed and nothing that this agent would take is pending, for a poll's time. */
async function eventuallyIdle(studio: Studio): Promise<void> {
  for (let quiet = 0; quiet < 60; quiet += 1) {
    const jobs = await studio.operator.jobs();
    const busy = jobs.some(({ status }) => status === 'claimed');
    const open = jobs.some(({ status }) => status === 'pending');
    if (busy) quiet = 0;
    else if (!open) return;
    await delay(100);
  }
}

function describeMoments(moments: readonly string[]): string {
  const count = new Map<string, number>();
  for (const moment of moments) count.set(moment, (count.get(moment) ?? 0) + 1);
  return [...count].map(([moment, times]) => `${moment} ${times}`).join(', ');
}
