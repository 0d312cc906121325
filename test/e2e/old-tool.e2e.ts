import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMediaTool } from '../../electron/work/capabilities/find-tools.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { expect, test } from './open-page.ts';

const SAID = {
  en: ['cannot be used', 'is ffmpeg 4.1.11, which is too old; 5.1 or newer is needed.', 'Install a newer ffmpeg'],
  fr: [
    'inutilisable',
    'Cet outil est trop ancien ; la version 5.1 ou une plus récente est nécessaire.',
    'Installez-en une version plus récente',
  ],
} as const;

for (const language of ['en', 'fr'] as const) {
  test(`a tool that is too old is told in one sentence, in ${language}`, async ({ page, open }) => {
    const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-old-tool-'));
    const path = join(folder, 'ffmpeg');
    await writeFile(path, '#!/bin/sh\necho "ffmpeg version 4.1.11 Copyright (c) 2000-2023 the FFmpeg developers"\n');
    await chmod(path, 0o755);
    const processes = createJobProcesses({ runId: 'old-tool', owner: 'test', jobId: 'old-tool', nice: 0 });
    const tool = await findMediaTool('ffmpeg', { settings: { ffmpegPath: path, ffprobePath: '' }, env: {} }, processes);
    await rm(folder, { recursive: true });
    const { settings } = sampleSnapshot();
    const { view } = await open({
      settings: { ...settings, values: { ...settings.values, language } },
      tools: [tool],
    });
    await page.goto(`${view.origin}/#/capabilities`);
    // The tool's row, and the sentence under it.
    const table = page.getByRole('table').filter({ hasText: 'ffmpeg' }).first();
    for (const words of SAID[language]) await expect(table).toContainText(words);
    await expect(table.locator('.said')).toHaveCount(1);
  });
}
