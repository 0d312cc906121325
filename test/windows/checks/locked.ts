import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { h264Clip } from '../../support/made-media.ts';
import type { Desk } from '../desk.ts';
import { ended, put } from '../expect.ts';
import { openStudio } from '../studio.ts';
import type { Group, Table } from '../table.ts';
import { PATIENCE_MS } from '../wine.ts';

export const locked: Group = {
  name: 'locked',
  about: 'somebody holds the source, the proxy’s target, the database; rename over an open file; read-only',
  async run(table, desk) {
    const clip = await h264Clip({ name: 'small-1.mp4', seconds: 1, size: '160x90' });
    await heldSource(table, desk, clip);
    await heldTarget(table, desk, clip);
    await heldDatabases(table, desk);
    await readOnly(table, desk, clip);
  },
};

let holds = 0;

/**
 * Another program that has a file open. `share`: what it lets others do meanwhile: `none`, `r` read, `rw` write, too,
 * `rwd` rename and delete, too.
 */
async function hold(desk: Desk, file: string, share: 'none' | 'r' | 'rw' | 'rwd'): Promise<() => Promise<void>> {
  holds += 1;
  const [ready, stop] = [`E:\\held-${holds}.ready`, `E:\\held-${holds}.stop`];
  const program = desk.launch(['C:\\tools\\helper.exe', 'hold', share, file, ready, stop]);
  for (let over = false; !existsSync(desk.unix(ready)); await delay(20)) {
    void program.ended.then(() => (over = true));
    if (over) throw new Error(program.output());
  }
  return async () => {
    writeFileSync(desk.unix(stop), '');
    await program.ended;
  };
}

async function heldSource(table: Table, desk: Desk, clip: string): Promise<void> {
  put(clip, desk.unix('D:\\locked\\held.mp4'));
  const studio = await openStudio(desk, 'locked');
  const agent = studio.agent('one');
  await studio.connected(agent);
  await table.check('a source that a program lets nobody read waits, and is made once it is free', async () => {
    const release = await hold(desk, 'D:\\locked\\held.mp4', 'none');
    const jobId = await studio.operator.job('rushes/locked/held.mp4', 'generate_audio_waveform');
    const job = async () => (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
    await delay(5_000);
    const waiting = await job();
    await release();
    equal(waiting?.status, 'pending', JSON.stringify(waiting));
    equal(agent.output().includes('given-back'), false, 'it was claimed all the same');
    await studio.ended([jobId]);
    equal((await job())?.status, 'completed');
  });
  await table.check('a source that a player reads is made', async () => {
    const release = await hold(desk, 'D:\\locked\\held.mp4', 'r');
    const jobId = await studio.operator.job('rushes/locked/held.mp4', 'generate_thumbnails');
    await studio.ended([jobId]);
    await release();
    equal((await studio.operator.jobs()).find(({ job_id }) => job_id === jobId)?.status, 'completed');
  });
  await table.check('a second server on the same data folder is refused', async () => {
    ended(await desk.agent(['server', '--data', 'E:\\locked\\server', '--port', '0']), 2, /DATABASE_IN_USE/);
  });
  agent.press('ctrl-c');
  await agent.ended;
  await studio.close();
}

async function heldTarget(table: Table, desk: Desk, clip: string): Promise<void> {
  put(clip, desk.unix('D:\\locked\\A001.mp4'));
  const process = (...more: readonly string[]) =>
    desk.agent(['process', 'D:\\locked\\A001.mp4', '--out', 'E:\\held', '--jobs', 'proxies', ...more]);
  ended(await process(), 0);
  const target = 'E:\\held\\A001\\proxy_video.mp4';
  for (const share of ['none', 'r', 'rw'] as const) {
    await table.check(`a proxy that is open elsewhere (shared: ${share}) is named, and stays as it is`, async () => {
      const before = readFileSync(desk.unix(target));
      const release = await hold(desk, target, share);
      const ran = await process('--proxy-profile', 'video_review_1080p_v1');
      await release();
      ended(ran, 1, /RESULT_NOT_WRITTEN/, /another program has it open/);
      ok(before.equals(readFileSync(desk.unix(target))));
    });
  }
  await table.check('a proxy that is open and shares all is replaced, or named', async () => {
    const release = await hold(desk, target, 'rwd');
    const ran = await process('--proxy-profile', 'video_review_1080p_v1');
    await release();
    if (ran.code !== 0) ended(ran, 1, /another program has it open/);
  });
  await table.check('once nobody has it open it is replaced', async () => {
    const before = readFileSync(desk.unix(target));
    ended(await process('--proxy-profile', 'video_review_1080p_v1'), 0);
    ok(!before.equals(readFileSync(desk.unix(target))));
  });
  await table.check('what a scanner holds for half a second is waited for', async () => {
    const mark = 'E:\\held\\A001\\result.json';
    const release = await hold(desk, mark, 'rw');
    const running = process();
    // Its unfinished name is there while the rename is tried again.
    for (
      const until = performance.now() + PATIENCE_MS;
      performance.now() < until && parts(desk).length === 0;
      await delay(10)
    );
    await delay(500);
    await release();
    ended(await running, 0);
  });
  await table.check('no unfinished file is left beside them', () => {
    deepEqual(parts(desk), []);
  });
}

/** Names of unfinished files beside the held one. */
function parts(desk: Desk): readonly string[] {
  return readdirSync(desk.unix('E:\\held\\A001')).filter((name) => name.endsWith('.part'));
}

async function heldDatabases(table: Table, desk: Desk): Promise<void> {
  const refuses = async (name: string, file: string, args: readonly string[], says: RegExp): Promise<void> =>
    table.check(name, async () => {
      const release = await hold(desk, file, 'none');
      const ran = await desk.agent(args);
      await release();
      ok(ran.code === 1 || ran.code === 2, `${ran.code}: ${ran.out}${ran.err}`);
      match(ran.err + ran.out, says);
      ok(!/\n\s+at /.test(ran.err), ran.err);
    });
  const server = 'E:\\locked\\server';
  const agent = ['agent', '--server', 'http://127.0.0.1:9', '--token-file', `${server}\\agent-token`];
  const work = 'E:\\locked\\one';
  await refuses(
    'a journal that is held: the work folder is named',
    `${work}\\journal.sqlite`,
    [...agent, '--work', work],
    /E:\\locked\\one/,
  );
  await refuses(
    'a catalogue that is held: its folder is named',
    `${server}\\catalog.db`,
    ['server', '--data', server, '--port', '0'],
    /catalog\.db|E:\\locked\\server/,
  );
  await refuses(
    'a token file that is held',
    `${server}\\agent-token`,
    [...agent, '--work', work],
    /agent-token.*EBUSY|another program has it open/,
  );
  writeFileSync(desk.unix(`${work}\\settings.json`), '{}');
  await refuses(
    'settings that are held: config set says so',
    `${work}\\settings.json`,
    ['config', 'set', 'maxParallelJobs', '2', '--work', work],
    /settings\.json/,
  );
  await table.check('a journal whose agent was ended is opened again', async () => {
    const studio = await openStudio(desk, 'locked');
    const first = studio.agent('one');
    await studio.connected(first);
    await desk.end(await first.pid);
    await first.ended;
    const second = studio.agent('one');
    await studio.connected(second);
    second.press('ctrl-c');
    equal((await second.ended).code, 0, second.output());
    await studio.close();
  });
}

async function readOnly(table: Table, desk: Desk, clip: string): Promise<void> {
  put(clip, desk.unix('D:\\locked\\only.mp4'));
  await desk.run(['attrib', '+r', 'D:\\locked\\only.mp4']);
  await table.check('a source that is read-only is made', async () => {
    ended(await desk.agent(['process', 'D:\\locked\\only.mp4', '--out', 'E:\\only']), 0);
  });
  await table.check('a result that somebody made read-only is not replaced, and named', async () => {
    await desk.run(['attrib', '+r', 'E:\\only\\only\\proxy_video.mp4']);
    const args = ['process', 'D:\\locked\\only.mp4', '--out', 'E:\\only', '--jobs', 'proxies'];
    ended(await desk.agent([...args, '--proxy-profile', 'video_review_1080p_v1']), 1, /RESULT_NOT_WRITTEN/);
  });
  await table.check('a folder of results that is a file', async () => {
    writeFileSync(desk.unix('E:\\a-file'), '');
    ended(
      await desk.agent(['process', 'D:\\locked\\only.mp4', '--out', 'E:\\a-file', '--jobs', 'thumbnails']),
      1,
      /RESULT_NOT_WRITTEN/,
    );
  });
  await table.check('a drive that is not there', async () => {
    const { code, out, err } = await desk.agent([
      'process',
      'D:\\locked\\only.mp4',
      '--out',
      'Q:\\out',
      '--jobs',
      'thumbnails',
    ]);
    ok(code === 1 || code === 2, out + err);
  });
}
