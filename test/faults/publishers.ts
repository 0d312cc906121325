import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AT_WORK, put, start, type Command } from '../support/command.ts';
import { addClips, allEnded, createOperator, prepareWorkFolder } from '../support/studio.ts';
import type { AgentBench } from './agent-bench.ts';
import { openAgentPage } from './agent-page.ts';

/** A program that makes files somebody relies on later, other than an agent's outputs on their way to a server. */
export interface Publisher {
  readonly name: string;
  /** Files it publishes at least. */
  readonly atLeast: number;
  isOutput(path: string, place: string): boolean;
  /** Runs it in the folder `place`; whether it says that all is done. */
  publish(bench: Workplace, place: string, how: Watched): Promise<boolean>;
}

/** What they need of a bench. */
export type Workplace = Pick<AgentBench, 'studio' | 'model' | 'temporary' | 'addJob'>;

export interface Watched {
  /** What runs the program: strace, and its arguments. */
  readonly under: readonly string[];
  /** Not done after this long is not done. */
  readonly limitMs: number;
}

const DOWNLOAD = fileURLToPath(new URL('download-once.ts', import.meta.url));

async function exitOf(command: Command, limitMs: number): Promise<boolean> {
  const ended = await Promise.race([command.ended, delay(limitMs, null, { ref: false })]);
  await put(command);
  return ended?.code === 0;
}

const modelAdd: Publisher = {
  name: 'models add',
  atLeast: 1,
  isOutput: (path, place) => path.startsWith(join(place, 'models/')),
  publish: (bench, place, { under, limitMs }) =>
    exitOf(start(['models', 'add', bench.model, '--yes', '--work', place], { under }), limitMs),
};

const modelDownload: Publisher = {
  name: 'a model’s download',
  atLeast: 1,
  isOutput: (path, place) => path === join(place, 'downloaded.bin'),
  async publish(bench, place, { under, limitMs }) {
    const model = readFileSync(bench.model);
    const mirror = createServer((_request, response) => response.end(model));
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/model.bin`;
    try {
      const download = start([url, join(place, 'downloaded.bin')], { from: { file: DOWNLOAD }, under });
      return await exitOf(download, limitMs);
    } finally {
      mirror.close();
    }
  },
};

const enrolled: Publisher = {
  name: 'enrol',
  atLeast: 1,
  isOutput: (path, place) => path === join(place, 'kept-token'),
  async publish({ studio }, place, { under, limitMs }) {
    const { token } = await studio.operator.call<{ token: string }>('/agents/enrollments', {});
    const oneTime = join(place, 'one-time');
    writeFileSync(oneTime, token);
    const args = ['enrol', '--server', studio.server.url, '--token-file', oneTime, '--work', join(place, 'work')];
    return exitOf(start([...args, '--save-to', join(place, 'kept-token')], { under }), limitMs);
  },
};

/** What `process` leaves: derived files, JSON, subtitles. */
const processed: Publisher = {
  name: 'process',
  atLeast: 14,
  isOutput: (path, place) => path.startsWith(join(place, 'out/')),
  async publish(bench, place, { under, limitMs }) {
    const [clip = ''] = await addClips(bench.studio.media, 1, 2);
    const source = join(bench.studio.media, basename(clip));
    const args = ['process', source, '--out', join(place, 'out'), '--jobs', 'thumbnails,waveform,transcript'];
    const more = ['--thumbnail-profile', 'video_storyboard_v1', '--subtitles', 'srt,vtt'];
    const env = { ...AT_WORK, XDG_CACHE_HOME: join(place, 'cache'), TMPDIR: bench.temporary };
    return exitOf(start([...args, ...more, '--speech-model', bench.model], { under, env }), limitMs);
  },
};

/** The page: settings that are changed, and proxies that are saved for an editing program. */
const paged: Publisher = {
  name: 'settings and saved proxies',
  atLeast: 2,
  isOutput: (path, place) => path === join(place, 'work/settings.json') || path.startsWith(join(place, 'saved/')),
  async publish(bench, place, { under, limitMs }) {
    const { studio, temporary } = bench;
    const work = prepareWorkFolder(join(place, 'work'), ['media.proxies.video@1']);
    const args = ['agent', '--server', studio.server.url, '--token-file', studio.tokenFile, '--web', '0'];
    const more = ['--media-root', `MEDIA=${studio.media}`, '--work', work];
    const agent = start([...args, ...more], { under, env: { ...AT_WORK, TMPDIR: temporary } });
    try {
      const page = await openAgentPage(agent, work);
      const jobId = await bench.addJob('generate_video_proxies', 1);
      const made = await page.until(({ done }) => done.some((job) => job.jobId === jobId), limitMs);
      const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
      const changed = await page.call('changeSettings', { change: { retentionDays: 5 } });
      const assetUuids = [String(job?.asset_uuid)];
      const saving = await page.call('saveProxies', { layout: 'premiere', folder: join(place, 'saved'), assetUuids });
      const ended = await page.until(({ saving: state }) => state?.phase === 'ended', saving ? 60_000 : 0);
      const saved = await page.until(({ saving: state }) => state?.saved === 1, 1_000);
      return made && changed && ended && saved;
    } catch {
      // It did not even start, or ended on the way: that is not done.
      return false;
    } finally {
      agent.signal('SIGTERM');
      await exitOf(agent, 40_000);
    }
  },
};

/** The server's side: its tokens, and the derived files that it assembles for an agent. */
const served: Publisher = {
  name: 'server',
  atLeast: 12,
  isOutput: (path, place) => path.startsWith(join(place, 'data/derived/')) || /\/data\/\w+-token$/.test(path),
  async publish({ studio, temporary }, place, { under, limitMs }) {
    const data = join(place, 'data');
    const server = start(['server', '--port', '0', '--data', data, '--lease', '20'], { under });
    let agent: Command | undefined;
    try {
      const [, url = ''] = await server.said(/server: (http:\/\/127\.0\.0\.1:\d+)/);
      const token = (): string => readFileSync(join(data, 'operator-token'), 'utf8').trim();
      const operator = createOperator(() => ({ url, token: token() }));
      const [clip = ''] = await addClips(studio.media, 1, 1);
      await operator.job(clip, 'generate_thumbnails', { thumbnail_profile: 'video_storyboard_v1' });
      await operator.job(clip, 'generate_audio_waveform');
      const args = ['agent', '--server', url, '--token-file', join(data, 'agent-token')];
      const more = ['--media-root', `MEDIA=${studio.media}`, '--work', prepareWorkFolder(join(place, 'work'))];
      agent = start([...args, ...more], { env: { ...AT_WORK, TMPDIR: temporary } });
      const jobs = await allEnded(operator, limitMs);
      return jobs.every(({ status }) => status === 'completed');
    } catch {
      return false;
    } finally {
      agent?.signal('SIGTERM');
      if (agent !== undefined) await exitOf(agent, 40_000);
      server.signal('SIGTERM');
      await exitOf(server, 40_000);
    }
  },
};

export const PUBLISHERS: readonly Publisher[] = [modelAdd, modelDownload, enrolled, processed, paged, served];
