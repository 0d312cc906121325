import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentServices } from '../../electron/agent/jobs/services.ts';
import { createRunningPictures } from '../../electron/agent/jobs/running-picture.ts';
import { systemClock } from '../../electron/work/clock.ts';
import { programOutput } from '../../electron/work/process/program-output.ts';
import { createMediaRoots } from '../../electron/work/storage/media-roots.ts';
import { uuidOf } from '../support/sample-snapshot.ts';
import { createTestServices, type TestServices } from '../support/agent-services.ts';
import { FFMPEG, h264Clip, NO_FFMPEG, wavFile } from '../support/made-media.ts';

let made: TestServices | undefined;
afterEach(() => made?.close());

/** Services of an agent that has this file in its media folder, and one job of it that runs. */
async function servicesFor(path: string): Promise<AgentServices & { readonly started: string[] }> {
  made = createTestServices('http://127.0.0.1:9');
  const { services } = made;
  const program = (await programOutput('/bin/sh', ['-c', `command -v ${FFMPEG}`]))?.trim() ?? FFMPEG;
  const started: string[] = [];
  // A file that was written just now would be waited for.
  const media = join(services.workFolder, 'media');
  await mkdir(media);
  await copyFile(path, join(media, basename(path)));
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(join(media, basename(path)), longAgo, longAgo);
  const roots = createMediaRoots([{ name: 'MEDIA', path: media }], systemClock);
  const at = '2026-03-02T10:00:00.000Z';
  const job = { jobId: uuidOf(1), jobType: 'generate_video_proxies', assetUuid: uuidOf(2) } as const;
  services.store.emit({ type: 'jobClaimed', at, ...job, sourcePath: `MEDIA/${basename(path)}` });
  return {
    ...services,
    roots,
    started,
    toolbox: () => ({ ffmpeg: { path: program, version: '' }, ffprobe: { path: program, version: '' } }),
    createProcesses(runId, jobId) {
      started.push(runId);
      return services.createProcesses(runId, jobId);
    },
  };
}

const encode = ({ store }: AgentServices): void =>
  store.emit({ type: 'stageEntered', at: '2026-03-02T10:00:01.000Z', jobId: uuidOf(1), stage: 'encoding' });
const sha = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe.skipIf(NO_FFMPEG !== null)('the picture of a running job', () => {
  it('is its first key frame, made once, and leaves nothing behind', async () => {
    const path = await h264Clip();
    const before = sha(path);
    const services = await servicesFor(path);
    encode(services);
    const pictures = createRunningPictures(services);
    const [first, second] = await Promise.all([pictures.find(uuidOf(2)), pictures.find(uuidOf(2))]);
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const { format, width } = await sharp(Buffer.from(await first.arrayBuffer())).metadata();
    expect({ format, width }).toEqual({ format: 'jpeg', width: 480 });
    expect(second.status).toBe(200);
    expect(services.started).toHaveLength(1);
    expect(await readdir(join(services.workFolder, 'runs'))).toEqual([]);
    expect(sha(join(services.workFolder, 'media', basename(path)))).toBe(before);
  });

  it('is not there for sound, for what is not running, and before a job has begun', async () => {
    const services = await servicesFor(await wavFile());
    const pictures = createRunningPictures(services);
    expect((await pictures.find(uuidOf(2))).status).toBe(204);
    expect(services.started).toEqual([]);
    encode(services);
    expect((await pictures.find(uuidOf(9))).status).toBe(204);
    expect((await pictures.find(uuidOf(2))).status).toBe(204);
    expect((await pictures.find(uuidOf(2))).status).toBe(204);
    expect(services.started).toHaveLength(1);
  });

  it('starts nothing while its job stands still', async () => {
    const services = await servicesFor(await h264Clip());
    encode(services);
    services.store.emit({ type: 'suspensionChanged', jobId: uuidOf(1), suspended: true });
    expect((await createRunningPictures(services).find(uuidOf(2))).status).toBe(204);
    expect(services.started).toEqual([]);
  });
});
