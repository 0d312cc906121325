import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test as base } from '@playwright/test';
import { createServer, type RunningServer } from '../../server/server.ts';
import { createOperatorClient, type OperatorClient } from '../../electron/compose/operator/operator-client.ts';
import { API_BASE, type AgentEntry } from '../../shared/wire.ts';
import { h264Clip } from '../support/made-media.ts';
import { linkIn } from '../support/page-link.ts';

/** The real thing: the server, the built command line with its page, real ffmpeg, real Chromium. */
const CLI = fileURLToPath(new URL('../../out/node/rushcatalog-agent.js', import.meta.url));

interface World {
  readonly server: RunningServer;
  readonly client: OperatorClient;
  readonly media: string;
  startAgent(): Promise<{ readonly url: string; readonly child: ChildProcess }>;
  declared(): Promise<readonly string[]>;
}

const test = base.extend<{ readonly world: World }>({
  // Playwright reads the names of wanted fixtures from the pattern; none is wanted here.
  // oxlint-disable-next-line no-empty-pattern
  world: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'real-agent-'));
    const media = join(folder, 'media');
    await mkdir(media);
    const server = await createServer({ dataDir: join(folder, 'server'), leaseSeconds: 10 });
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, server.agentToken, { mode: 0o600 });
    const children: ChildProcess[] = [];
    await use({
      server,
      client: createOperatorClient(server.url, server.operatorToken),
      media,
      async startAgent() {
        const args = [CLI, 'agent', '--server', server.url, '--token-file', tokenFile];
        const more = ['--work', join(folder, 'work'), '--media-root', `rushes=${media}`, '--web', '47321'];
        const child = spawn(process.execPath, [...args, ...more], { stdio: ['ignore', 'pipe', 'ignore'] });
        children.push(child);
        await once(createInterface({ input: child.stdout }), 'line');
        return { url: linkIn(join(folder, 'work')), child };
      },
      async declared() {
        const headers = { Authorization: `Bearer ${server.operatorToken}` };
        const answer = await fetch(`${server.url}${API_BASE}/agents`, { headers });
        const { items } = (await answer.json()) as { readonly items: readonly AgentEntry[] };
        return items[0]?.capabilities ?? [];
      },
    });
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await server.close();
    await rm(folder, { recursive: true, force: true });
  },
});

// One fixed port: the page has to find the restarted agent where the first one was.
test.describe.configure({ mode: 'serial' });

async function addClip({ media, client }: World, name: string, seconds: number): Promise<string> {
  const path = join(media, name);
  await copyFile(await h264Clip({ seconds }), path);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await utimes(path, hourAgo, hourAgo);
  const asset = await client.createAsset({ source_path: `rushes/${name}` });
  await client.createJob({ asset_uuid: asset.uuid, job_type: 'generate_thumbnails' });
  return asset.uuid;
}

test('a job runs on the page and its picture appears', async ({ page, world }) => {
  await addClip(world, 'A001C001.mp4', 4);
  const { url } = await world.startAgent();
  await page.goto(url);
  await expect(page.getByRole('status').first()).toContainText(/Ready|Working/);
  await page.getByRole('link', { name: /^Done/ }).click();
  const picture = page.getByRole('link', { name: /A001C001\.mp4/ }).locator('img');
  await expect(picture).toBeVisible();
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  // The address no longer carries the secret once it was exchanged.
  expect(page.url()).not.toContain('token');
});

test('a failure is shown with its sentence and code', { tag: '@slow' }, async ({ page, world }) => {
  await writeFile(join(world.media, 'broken.mp4'), 'this is text');
  const asset = await world.client.createAsset({ source_path: 'rushes/broken.mp4' });
  await world.client.createJob({ asset_uuid: asset.uuid, job_type: 'generate_thumbnails' });
  const { url } = await world.startAgent();
  await page.goto(url);
  await page.getByRole('link', { name: /^Failures/ }).click();
  await page.getByRole('link', { name: /broken\.mp4/ }).click();
  const detail = page.getByRole('article', { name: /broken\.mp4/ });
  await expect(detail.getByText('SOURCE_UNREADABLE')).toBeVisible();
  await expect(detail).toContainText('cannot be read');
});

test('a capability switched off is withdrawn and its jobs stay pending', { tag: '@slow' }, async ({ page, world }) => {
  const { url } = await world.startAgent();
  await page.goto(url);
  await expect.poll(world.declared).toContain('media.thumbnails@1');
  await page.getByRole('link', { name: /^Capabilities/ }).click();
  const toggle = page.getByRole('article', { name: 'Thumbnails' }).getByRole('switch');
  await toggle.click();
  await expect.poll(world.declared).not.toContain('media.thumbnails@1');
  await expect(toggle).not.toBeChecked();

  await addClip(world, 'A001C002.mp4', 2);
  await page.waitForTimeout(7_000);
  expect((await world.client.jobs()).map(({ status }) => status)).toEqual(['pending']);
  await toggle.click();
  await expect.poll(async () => (await world.client.jobs())[0]?.status).toBe('completed');
});

test('a killed agent is noticed; restarted, the page comes back with the truth', async ({ page, world }) => {
  const first = await world.startAgent();
  await page.goto(first.url);
  await expect(page.getByRole('status').first()).toContainText(/Ready|Working/);
  first.child.kill('SIGKILL');
  await expect(page.getByRole('status').first()).toContainText('No contact');
  await addClip(world, 'A001C003.mp4', 2);
  await world.startAgent();
  await expect(page.getByRole('status').first()).toContainText(/Ready|Working/);
  await page.getByRole('link', { name: /^Done/ }).click();
  await expect(page.getByRole('link', { name: /A001C003\.mp4/ })).toBeVisible();
});
