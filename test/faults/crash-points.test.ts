/** @module-tag slow */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRASH_POINTS } from '../../electron/agent/jobs/crash-point.ts';
import { put, start, type Command } from '../support/command.ts';
import { ensureFaultBuild } from '../support/fault-build.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { addClips, openStudio, proveOnce, type Studio } from '../support/studio.ts';
import { lookInto } from '../support/work-folder.ts';

describe.skipIf(NO_FFMPEG !== null)('an agent that dies on purpose', () => {
  let studio: Studio;
  let agent: Command | undefined;
  let folder: string;
  const launch = (work: string, env: Readonly<Record<string, string>> = {}): Command =>
    start(
      [
        ...['agent', '--server', studio.server.url, '--token-file', studio.tokenFile],
        ...['--media-root', `MEDIA=${studio.media}`, '--work', work],
      ],
      { from: { folder }, env },
    );
  beforeAll(async () => {
    folder = await ensureFaultBuild();
    // The one lease must outlast two starts, however busy the machine is.
    studio = await openStudio({ leaseSeconds: 60 });
  });
  afterAll(async () => {
    await put(agent);
    await studio.close();
  });

  it('at every named point: the job ends once, and the agent knows it', async () => {
    const work = studio.workFolder('points');
    await proveOnce(studio, () => launch(work));
    for (const point of CRASH_POINTS) {
      const [path = ''] = await addClips(studio.media, 1);
      const jobId = await studio.operator.job(path, 'generate_thumbnails', {
        thumbnail_profile: 'video_storyboard_v1',
      });
      agent = launch(work, { RUSHCATALOG_CRASH_AT: point });
      expect({ point, ...(await agent.ended) }).toMatchObject({ point, signal: 'SIGKILL' });
      agent = launch(work);
      await agent.said(/generate_thumbnails .*: /);
      agent.signal('SIGTERM');
      await agent.ended;
      const mine = (await studio.server.ledger({ jobId })).map(({ event }) => event);
      expect(mine.filter((event) => event === 'jobSubmitted')).toEqual(['jobSubmitted']);
      expect(mine.filter((event) => event === 'jobClaimed')).toEqual(['jobClaimed']);
      expect(mine.filter((event) => event === 'uploadCompleted')).toHaveLength(10);
      const left = lookInto(work);
      expect(left.history.filter((entry) => entry.jobId === jobId)).toEqual([{ jobId, ending: 'done' }]);
      expect([left.runs, left.runFolders]).toEqual([[], []]);
    }
  });
});
