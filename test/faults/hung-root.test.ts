import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild, put, start, type Command } from '../support/command.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { addClips, openStudio, prepareWorkFolder, type Studio } from '../support/studio.ts';

/** Why no file call can be made to hang here, or null. A dead share is made by delaying the system calls about it. */
const NO_STRACE =
  process.platform === 'linux' && spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0
    ? null
    : 'strace is not on this machine, or may not trace';

if (NO_STRACE !== null) console.info(`  the hung media root is skipped: ${NO_STRACE}`);

/** Each call takes this long, so that none of them is ever answered within the 5 s that are waited for. */
const HANGS_SECONDS = 30;
/** Each look at the root takes longer than a lease lasts. */
const LEASE_SECONDS = 20;

describe.skipIf(NO_FFMPEG !== null || NO_STRACE !== null)('a media root that hangs', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Command | undefined;
  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio({ leaseSeconds: LEASE_SECONDS });
    proxy = await startFaultProxy(studio.server.port);
  });
  afterAll(async () => {
    await put(agent);
    await proxy.close();
    await studio.close();
  });

  it('hangs nobody else: the other root works, heartbeats go on, its own jobs wait', async () => {
    const stuck = join(studio.folder, 'stuck');
    mkdirSync(stuck);
    const [hanging = ''] = await addClips(stuck, 1);
    const waiting: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      waiting.push(await studio.operator.job(hanging.replace('MEDIA/', 'STUCK/'), 'generate_thumbnails'));
    }
    const jobs: string[] = [];
    for (const path of await addClips(studio.media, 6, 4))
      jobs.push(await studio.operator.job(path, 'generate_thumbnails'));
    const work = prepareWorkFolder(join(studio.folder, 'work'));
    agent = start(
      [
        ...['agent', '--server', proxy.url, '--token-file', studio.tokenFile, '--work', work, '--parallel', '1'],
        ...['--media-root', `STUCK=${stuck}`, '--media-root', `MEDIA=${studio.media}`],
      ],
      {
        under: [
          // -D: the tracer is the child, so that the agent itself is what this test started and can end.
          ...['strace', '-D', '-f', '-qq', '-o', '/dev/null', '--seccomp-bpf'],
          ...['-P', stuck, '-P', join(stuck, hanging.replace('MEDIA/', ''))],
          ...['-e', 'trace=openat,statx', '-e', `inject=openat,statx:delay_enter=${HANGS_SECONDS}s`],
        ],
      },
    );
    await agent.said(/STUCK.* does not answer.*ROOT_NOT_ANSWERING/);
    const done = async (): Promise<number> =>
      (await studio.operator.jobs()).filter(({ job_id, status }) => jobs.includes(job_id) && status === 'completed')
        .length;
    while ((await done()) < jobs.length) await delay(100);
    const ledger = await studio.server.ledger();
    const claimed = ledger.filter(({ event, jobId }) => event === 'jobClaimed' && waiting.includes(jobId ?? ''));
    console.info(
      `  a root that hangs: ${await done()} of ${jobs.length} jobs of the other root done, ` +
        `${claimed.length} of its own claimed, ${ledger.filter(({ event }) => event === 'leaseExpired').length} leases (${LEASE_SECONDS} s) lapsed`,
    );
    expect(await done()).toBe(jobs.length);
    expect(claimed).toEqual([]);
    expect(ledger.filter(({ event }) => event === 'leaseExpired')).toEqual([]);
  });
});
