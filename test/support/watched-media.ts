import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { watchOptions } from '../../electron/compose/work/watch-options.ts';
import { MACHINE_TOOLS } from '../../electron/headless/machine-tools.ts';
import type { WatchOptions, WatchRoot } from '../../server/rules/watch.ts';
import { JOB_TYPES } from '../../shared/job.ts';
import type { RuleRequest } from '../../shared/wire-rules.ts';
import { made } from './made-media.ts';

/** A media folder of a server, and how a real one looks into it. */
export interface WatchedMedia {
  readonly watch: WatchOptions;
  /** What the server has; tests take some away. */
  readonly roots: WatchRoot[];
  close(): Promise<void>;
}

/**
 * `RUSHES/Day 1` has a clip of two chapters with the camera's small copy of it, and a still; `RUSHES/Day 2` is empty.
 * `ARCHIVE` is the same folder by another name.
 */
export async function makeWatchedMedia(): Promise<WatchedMedia> {
  const path = await mkdtemp(join(tmpdir(), 'rushcatalog-watched-'));
  await mkdir(join(path, 'Day 1'));
  await mkdir(join(path, 'Day 2'));
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=128x72:rate=25:duration=1'];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=330:duration=1'];
  const clip = await made('watched.mp4', [
    ...picture,
    ...sound,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
  ]);
  for (const name of ['GX010042.MP4', 'GX020042.MP4', 'GL010042.LRV']) await cp(clip, join(path, 'Day 1', name));
  await cp(fileURLToPath(new URL('./rushes/ridge.webp', import.meta.url)), join(path, 'Day 1/ridge.webp'));
  const roots = ['RUSHES', 'ARCHIVE'].map((name) => ({ name, path }));
  return {
    roots,
    watch: { ...watchOptions(() => roots, MACHINE_TOOLS), scanSeconds: 0.3 },
    close: () => rm(path, { recursive: true, force: true }),
  };
}

/** Rules in every state that lasts, of which none makes a job: the empty day is watched, the others cannot be. */
export async function watchSome(
  operator: (path: string, body: RuleRequest) => Promise<unknown>,
  { roots }: WatchedMedia,
): Promise<void> {
  const job_types: RuleRequest['job_types'] = ['generate_video_proxies', 'generate_thumbnails'];
  const usual = { job_types, enabled: true };
  await operator('/rules', { ...usual, name: 'Second unit', root: 'RUSHES', folder: 'Day 2' });
  await operator('/rules', {
    name: 'Cards of the first day, from the DIT’s station',
    root: 'RUSHES',
    folder: 'Day 1',
    pattern: 'G*.MP4',
    kinds: ['video'],
    job_types: JOB_TYPES.slice(),
    inputs: { proxy_profile: 'edit_prores_proxy_v1', language: 'fr' },
    priority: 10,
  });
  await operator('/rules', { ...usual, name: 'Sound', root: 'RUSHES', folder: 'SOUND/2026-03-02', kinds: ['sound'] });
  await operator('/rules', { ...usual, name: 'Archive', root: 'ARCHIVE', folder: 'Day 2' });
  roots.splice(1, 1);
}
