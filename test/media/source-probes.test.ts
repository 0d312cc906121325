import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSourceProbes, probeOf } from '../../electron/work/media/source-probes.ts';
import type { ChildResult, ChildSpec } from '../../electron/work/process/child.ts';
import type { JobType } from '../../shared/job.ts';
import * as media from '../support/made-media.ts';
import { rigFor, type Rig } from './probe-context.ts';

const reason = media.NO_FFMPEG ?? '';
const test = it.skipIf(media.NO_FFMPEG !== null);

/** A job's context whose programs are counted. */
function counted<T extends JobType>(rig: Rig<T>, before: (spec: ChildSpec) => Promise<void> = async () => undefined) {
  const ran: string[] = [];
  const run = async (spec: ChildSpec): Promise<ChildResult> => {
    ran.push(spec.program);
    await before(spec);
    return rig.context.processes.run(spec);
  };
  return { ran, context: { ...rig.context, processes: { run } } };
}

test(`asks what a source is once for all jobs of it, at the same time or later ${reason}`, async () => {
  const path = await media.h264Clip();
  await using thumbnails = await rigFor('generate_thumbnails', path);
  await using waveform = await rigFor('generate_audio_waveform', path);
  await using proxy = await rigFor('generate_video_proxies', path);
  const probes = createSourceProbes();
  const [first, second, third] = [counted(thumbnails), counted(waveform), counted(proxy)];
  const [one, two] = await Promise.all([probeOf({ ...first.context, probes }), probeOf({ ...second.context, probes })]);
  expect(await probeOf({ ...third.context, probes })).toEqual(one);
  expect(two).toEqual(one);
  expect([...first.ran, ...second.ran, ...third.ran]).toHaveLength(1);
});

test(`asks again once the file was changed or replaced ${reason}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-test-'));
  const path = join(folder, 'clip.mov');
  const probes = createSourceProbes();
  const streamsNow = async (): Promise<number> => {
    await using rig = await rigFor('generate_thumbnails', path);
    return (await probeOf({ ...rig.context, probes })).streams.length;
  };
  try {
    // The same name, length and time: only the file system knows that it is another file.
    const when = new Date('2026-01-02T03:04:05Z');
    const [clip, sound] = [await readFile(await media.h264Clip()), await readFile(await media.wavFile())];
    const length = Math.max(clip.length, sound.length);
    for (const [content, streams] of [
      [clip, 2],
      [sound, 1],
    ] as const) {
      await writeFile(path, Buffer.concat([content, Buffer.alloc(length - content.length)]));
      await utimes(path, when, when);
      expect(await streamsNow()).toBe(streams);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test(`keeps no failure, and takes none from a job that was ended meanwhile ${reason}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-test-'));
  const broken = join(folder, 'broken.mov');
  await writeFile(broken, 'nothing that could be media');
  const probes = createSourceProbes();
  try {
    await using rig = await rigFor('generate_thumbnails', broken);
    const asked = counted(rig);
    await expect(probeOf({ ...asked.context, probes })).rejects.toThrow();
    await expect(probeOf({ ...asked.context, probes })).rejects.toThrow();
    expect(asked.ran).toHaveLength(2);
  } finally {
    await rm(folder, { recursive: true });
  }

  const path = await media.h264Clip();
  await using killed = await rigFor('generate_thumbnails', path);
  await using waiting = await rigFor('generate_audio_waveform', path);
  const started = Promise.withResolvers<void>();
  const never = Promise.withResolvers<void>();
  const first = counted(killed, async () => {
    started.resolve();
    await never.promise;
  });
  const second = counted(waiting);
  const lost = probeOf({ ...first.context, probes });
  await started.promise;
  const found = probeOf({ ...second.context, probes });
  await killed.context.processes.kill();
  never.resolve();
  await expect(lost).rejects.toThrow();
  expect((await found).streams).toHaveLength(2);
  expect(second.ran).toHaveLength(1);
});

test(`a job that is ended does not wait for another’s answer ${reason}`, async () => {
  const path = await media.h264Clip();
  await using slow = await rigFor('generate_thumbnails', path);
  await using ended = await rigFor('generate_audio_waveform', path);
  const probes = createSourceProbes();
  const hold = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const first = counted(slow, async () => {
    started.resolve();
    await hold.promise;
  });
  const stop = new AbortController();
  const answer = probeOf({ ...first.context, probes });
  await started.promise;
  const second = probeOf({ ...counted(ended).context, signal: stop.signal, probes });
  await ended.context.processes.kill();
  stop.abort();
  await expect(second).rejects.toThrow();
  hold.resolve();
  expect((await answer).streams).toHaveLength(2);
});
