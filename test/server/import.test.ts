import { afterEach, expect, test } from 'vitest';
import { startRig, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const file = (name: string, job_type = 'generate_thumbnails', inputs: object = {}) => ({
  source_path: `rushes/${name}`,
  jobs: [{ job_type, inputs }, { job_type: 'generate_audio_waveform' }],
});
const jobs = async () => (await rig.operator<{ items: { inputs: object }[] }>('/jobs/all?limit=200')).body.items;
const send = (body: unknown, key?: string) =>
  rig.operator('/assets/import', { body, ...(key === undefined ? {} : { key }) });

test('many files come with their jobs, once for each key, also after a restart', async () => {
  rig = await startRig();
  const body = { priority: 10, files: [file('a.mov'), file('b.mov')] };
  expect((await send(body, 'one')).body).toEqual({ jobs: 4 });
  expect((await send(body, 'one')).body).toEqual({ jobs: 4 });
  await rig.restart();
  expect((await send(body, 'one')).body).toEqual({ jobs: 4 });
  expect(await jobs()).toHaveLength(4);
  expect(await jobs()).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ priority: 10 })));
  expect((await send({ files: [file('c.mov')] }, 'one')).status, 'a key is for one request').toBe(422);
  await send(body, 'two');
  expect(await jobs()).toHaveLength(8);
  const assets = await rig.operator<{ items: object[] }>('/assets');
  expect(assets.body.items, 'a path is one asset').toHaveLength(2);
});

test('one wrong file leaves nothing of the others behind, and its key is free again', async () => {
  rig = await startRig();
  const wrong = [file('a.mov'), file('b.mov', 'generate_video_proxies', { proxy_profile: 7 })];
  expect((await send({ files: wrong }, 'key')).status).toBe(422);
  expect(await jobs()).toEqual([]);
  expect((await rig.operator<{ items: object[] }>('/assets')).body.items).toEqual([]);
  expect((await send({ files: [file('a.mov')] }, 'key')).status).toBe(200);
});
