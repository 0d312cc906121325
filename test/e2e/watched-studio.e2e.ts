import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@playwright/test';
import { AT_WORK, ensureBuild, put, start, type Command } from '../support/command.ts';
import { h264Clip } from '../support/made-media.ts';
import { createOperator, prepareWorkFolder } from '../support/studio.ts';

const CLIPS = 50;

test(
  'fifty clips are copied slowly into a watched folder, two machines do each once, and a machine that is gone is told',
  {
    tag: '@slow',
  },
  async ({ page }) => {
    ensureBuild();
    const folder = mkdtempSync(join(tmpdir(), 'rc-watched-studio-'));
    const [data, media] = [join(folder, 'data'), join(folder, 'nas')];
    await mkdir(join(media, 'Day 3'), { recursive: true });
    const programs: Command[] = [];
    const run = (args: readonly string[]): Command => {
      const program = start(args, { env: AT_WORK });
      programs.push(program);
      return program;
    };
    try {
      const server = run(['server', '--port', '0', '--data', data, '--media-root', `RUSHES=${media}`]);
      const [, url = ''] = await server.said(/server: +(http:\/\/\S+)/);
      const token = readFileSync(join(data, 'operator-token'), 'utf8').trim();
      const operator = createOperator(() => ({ url, token }));
      const agents = ['one', 'two'].map((name) =>
        run([
          ...['agent', '--server', url, '--token-file', join(data, 'agent-token'), '--media-root', `RUSHES=${media}`],
          ...['--work', prepareWorkFolder(join(folder, name)), '--name', `edit-${name}`],
        ]),
      );
      for (const agent of agents) await agent.said(/Connected/);

      await page.goto(`${url}/#/folders/add`);
      await page.getByRole('textbox').first().fill('operator-token');
      await page.locator('input[type="password"]').fill(token);
      await page.keyboard.press('Enter');
      await page.getByRole('navigation').waitFor();
      await operator.call('/rules', {
        ...{ name: 'Day 3', root: 'RUSHES', folder: 'Day 3', settle_seconds: 2, enabled: true },
        job_types: ['generate_thumbnails', 'generate_audio_waveform'],
      });
      await page.goto(`${url}/#/folders`);
      await expect(page.getByText('Day 3').first()).toBeVisible();

      const whole = new Map<string, number>();
      const bytes = await readFile(await h264Clip({ name: 'small-1.mp4', seconds: 1, size: '160x90' }));
      const copy = async (number: number): Promise<void> => {
        const name = `A001C${String(number).padStart(3, '0')}.mp4`;
        const path = join(media, 'Day 3', name);
        const cut = Math.floor((bytes.length * (number + 1)) / (CLIPS + 2));
        await writeFile(path, bytes.subarray(0, cut));
        await sleep(1_000 + (number % 5) * 1_000);
        whole.set(`RUSHES/Day 3/${name}`, Date.now());
        await appendFile(path, bytes.subarray(cut));
      };
      const lanes = [0, 1, 2, 3, 4].map(async (lane) => {
        for (let number = lane; number < CLIPS; number += 5) await copy(number);
      });
      // Live: what arrived is counted on the page while others still arrive.
      await expect(page.getByText('Still being copied')).toBeVisible({ timeout: 240_000 });
      await Promise.all(lanes);
      const ended = async (): Promise<number> =>
        (await operator.jobs()).filter(({ status }) => status === 'completed').length;
      await expect.poll(ended, { timeout: 600_000, intervals: [1_000] }).toBe(2 * CLIPS);
      await expect(page.getByRole('main')).toContainText(/Files taken\s*50/, { timeout: 240_000 });

      const jobs = await operator.jobs();
      expect(jobs).toHaveLength(2 * CLIPS);
      const pathOf = ({ inputs }: (typeof jobs)[number]): string =>
        String((inputs as Record<string, unknown>)['source_path']);
      const early = jobs.filter(
        (job) => Date.parse(job.created_at) < (whole.get(pathOf(job)) ?? Number.POSITIVE_INFINITY),
      );
      expect(early.map(pathOf)).toEqual([]);
      const lines = async (event: string): Promise<readonly unknown[]> =>
        (await operator.call<{ items: unknown[] }>(`/ledger?event=${event}&limit=1000`)).items;
      expect(await lines('jobSubmitted')).toHaveLength(2 * CLIPS);
      expect(await lines('jobFailed')).toEqual([]);

      // Both are gone without a word: what waits next says so by itself.
      for (const agent of agents) agent.signal('SIGKILL');
      await writeFile(join(media, 'Day 3', 'late.mp4'), bytes);
      await page.goto(`${url}/#/waiting`);
      const waiting = page.getByRole('main');
      await expect(waiting).toContainText('About to be taken', { timeout: 240_000 });
      await expect(waiting).toContainText('No machine can do this', { timeout: 240_000 });
      await page.goto(`${url}/#/agents`);
      await expect(page.getByText('Not connected').first()).toBeVisible();
    } finally {
      for (const program of programs) await put(program);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
