import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createOperatorClient, type OperatorClient } from '../../../electron/compose/operator/operator-client.ts';
import { createServer } from '../../../server/server.ts';
import { h264Clip } from '../../support/made-media.ts';

/** A data folder with one media root and two clips: one is done in a moment, the other keeps an encoder busy. */
export async function prepareData(data: string, more: object = {}): Promise<void> {
  const rushes = join(data, 'media');
  await mkdir(rushes, { recursive: true });
  await copyFile(await h264Clip(), join(rushes, 'short.mp4'));
  await copyFile(await h264Clip({ name: 'long.mp4', seconds: 16, size: '1280x720' }), join(rushes, 'long.mp4'));
  const settings = { mediaRoots: [{ name: 'rushes', path: rushes }], ...more };
  await writeFile(join(data, 'settings.json'), JSON.stringify(settings));
}

/** The embedded server's address, as the page knows it. */
export function serverUrl(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const watch = window.rushcatalog?.watch(
          (update) => {
            if (update.kind === 'snapshot') resolve(update.snapshot.server.url);
          },
          () => watch?.close(),
        );
      }),
  );
}

/** The embedded server, as people and tools reach it: with the token from its file. */
export async function operatorOf(page: Page, data: string): Promise<OperatorClient> {
  const token = await readFile(join(data, 'server', 'operator-token'), 'utf8');
  return createOperatorClient(await serverUrl(page), token.trim());
}

/** Puts one job into the queue; answers its id. */
export async function order(
  operator: OperatorClient,
  clip: 'short' | 'long',
  job_type: 'generate_thumbnails' | 'generate_video_proxies',
): Promise<string> {
  const asset = await operator.createAsset({ source_path: `rushes/${clip}.mp4`, media_type: 'video' });
  return (await operator.createJob({ asset_uuid: asset.uuid, job_type, inputs: {} })).job_id;
}

/** What the server's database says about a job after the program ended. */
export async function afterwards(data: string, jobId: string) {
  const server = await createServer({ dataDir: join(data, 'server'), sweepIntervalSeconds: 0 });
  try {
    const jobs = await createOperatorClient(server.url, server.operatorToken).jobs();
    return jobs.find(({ job_id }) => job_id === jobId);
  } finally {
    await server.close();
  }
}
