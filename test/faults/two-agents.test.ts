/** @module-tag slow */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { put, ensureBuild, start, type Command } from '../support/command.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { addClips, allEnded, openStudio, tally, type Studio } from '../support/studio.ts';

describe.skipIf(NO_FFMPEG !== null)('two agents against one server', () => {
  let studio: Studio;
  const agents: Command[] = [];
  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio({ leaseSeconds: 120 });
  });
  afterAll(async () => {
    await Promise.all(agents.map(put));
    await studio.close();
  });

  it('40 jobs: each is done once', async () => {
    const paths = await addClips(studio.media, 20);
    for (const path of paths) {
      await studio.operator.job(path, 'generate_thumbnails');
      await studio.operator.job(path, 'generate_audio_waveform');
    }
    for (const name of ['one', 'two']) {
      agents.push(
        start([
          ...['agent', '--server', studio.server.url, '--token-file', studio.tokenFile],
          ...['--media-root', `MEDIA=${studio.media}`, '--work', studio.workFolder(name), '--name', name],
        ]),
      );
    }
    const jobs = await allEnded(studio.operator);
    const ledger = await studio.server.ledger();
    const { submitted, doubles } = tally(ledger);
    const by = new Map<string, number>();
    for (const { event, agentId } of ledger) {
      if (event === 'jobSubmitted') by.set(agentId ?? '', (by.get(agentId ?? '') ?? 0) + 1);
    }
    console.info(
      `  two agents, 40 jobs: ${submitted.size} done, ${[...by.values()].join(' + ')} by agent, ${doubles.length} twice`,
    );
    expect(jobs.filter(({ status }) => status === 'completed')).toHaveLength(40);
    expect(doubles).toEqual([]);
    expect(submitted.size).toBe(40);
    expect(ledger.filter(({ event }) => event === 'leaseExpired' || event === 'jobFailed')).toEqual([]);
    expect(by.size).toBe(2);
  });
});
