import { AxeBuilder } from '@axe-core/playwright';
import { failure } from '../../shared/failure.ts';
import type { EndedJob, WaitingJob } from '../../shared/snapshot.ts';
import type { SpeechModelState } from '../../shared/speech-models.ts';
import type { Saving } from '../../shared/result-commands.ts';
import { CLIP, EDIT_PROXY, LONG_TAKE } from '../support/results-agent.ts';
import { COMBINATIONS } from './combinations.ts';
import { expect, test, type Shown } from './show-results.ts';

const MODELS: readonly SpeechModelState[] = [
  {
    name: 'base.en',
    kind: 'speech',
    languages: 'english',
    sizeBytes: 148e6,
    path: '/m/ggml-base.en.bin',
    place: 'downloaded',
    inUse: true,
    hashKnown: true,
    licence: 'MIT',
  },
  {
    name: 'house.bin',
    kind: 'speech',
    languages: 'multilingual',
    sizeBytes: 90e6,
    path: '/it/house.bin',
    place: 'managed',
    inUse: false,
    hashKnown: false,
    problem: 'The file is no whisper.cpp model.',
  },
  {
    name: 'small',
    kind: 'speech',
    languages: 'multilingual',
    sizeBytes: 487e6,
    inUse: false,
    hashKnown: true,
    licence: 'MIT',
  },
  { name: 'unknown', kind: 'speech', languages: 'multilingual', sizeBytes: 10e6, inUse: false, hashKnown: false },
];

function giveModels({ agent }: Shown): void {
  agent.emit({ type: 'speechModelsSeen', speechModels: { folder: '/var/lib/models', models: MODELS } });
}

const SAVING: Saving = {
  phase: 'running',
  layout: 'premiere',
  arrangement: 'together',
  folder: '/out/proxies',
  firstFile: null,
  total: 2,
  saved: 1,
  alreadyThere: 0,
  savedBytes: 4e6,
  totalBytes: 9e6,
  problems: [],
};

const DAYS = Array.from({ length: 14 }, (_, index) => ({
  day: `2026-03-${String(index + 1).padStart(2, '0')}`,
  done: index * 3,
  failed: index % 4,
  givenBack: 1,
  mediaMs: index * 600_000,
  yieldedMs: (14 - index) * 900_000,
}));

test('speech models are downloaded with progress, chosen, removed, and asked about where nobody knows them', async ({
  page,
  show,
}) => {
  const shown = await show('capabilities');
  const { agent } = shown;
  giveModels(shown);
  const sent = (): unknown => agent.executed.at(-1);
  await expect(page.getByText('The file is no whisper.cpp model.')).toBeVisible();
  await page.getByRole('button', { name: 'Download small' }).click();
  await expect.poll(sent).toMatchObject({ name: 'downloadModel', input: { name: 'small' } });
  agent.emit({
    type: 'modelDownloadChanged',
    download: { name: 'small', receivedBytes: 121_750_000, totalBytes: 487e6, phase: 'downloading' },
  });
  await expect(page.getByRole('progressbar', { name: 'Download of small' })).toHaveAttribute('aria-valuenow', '25');
  await page.getByRole('button', { name: 'Cancel the download of small' }).click();
  await expect.poll(sent).toMatchObject({ name: 'cancelModelDownload' });
  agent.emit({
    type: 'modelDownloadChanged',
    download: {
      name: 'small',
      receivedBytes: 0,
      phase: 'failed',
      problem: {
        code: 'MODEL_SERVER_UNREACHABLE',
        message: 'The server did not answer.',
        nextStep: 'Check the network.',
      },
    },
  });
  await expect(page.getByRole('alert').filter({ hasText: 'The server did not answer.' })).toBeVisible();
  await page.getByText('More models').click();
  await page.getByRole('button', { name: 'Download unknown' }).click();
  await expect(page.getByRole('alertdialog')).toContainText('Nobody published a hash of unknown');
  await page.getByRole('button', { name: 'Download it' }).click();
  await expect.poll(sent).toMatchObject({ name: 'downloadModel', input: { name: 'unknown', consent: true } });
  await page.getByRole('button', { name: 'Remove base.en' }).click();
  await expect(page.getByRole('alertdialog')).toContainText('Transcripts are made with it now');
  await expect(page.getByRole('alertdialog')).toContainText('It can be downloaded again.');
  await page.getByRole('button', { name: 'Remove it' }).click();
  await expect.poll(sent).toMatchObject({ name: 'removeModel', input: { path: '/m/ggml-base.en.bin' } });
});

test('proxies of the listed files are saved, with their course and what went wrong', async ({ page, show }) => {
  const { agent } = await show('done?q=C0');
  await page.getByRole('button', { name: 'Save proxies' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /Resolve/ }).check();
  await dialog.getByRole('textbox', { name: 'Folder on the agent’s machine' }).fill('/out/proxies');
  agent.refuse('saveProxies', {
    code: 'OUT_BESIDE_SOURCE',
    message: 'Rushes lie there.',
    nextStep: 'Choose another.',
    field: 'folder',
  });
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('Rushes lie there. Choose another.');
  expect(agent.executed.findLast(({ name }) => name === 'saveProxies')?.input).toMatchObject({
    layout: 'resolve',
    folder: '/out/proxies',
    assetUuids: expect.arrayContaining([CLIP]),
  });
  agent.emit({ type: 'savingChanged', saving: SAVING });
  await expect(dialog.getByRole('status')).toContainText('1 of 2 saved');
  await page.keyboard.press('Escape');
  agent.emit({
    type: 'savingChanged',
    saving: {
      ...SAVING,
      phase: 'ended',
      problems: [{ sourcePath: 'RUSHES/a/B002.mov', message: 'the disk is full.' }],
    },
  });
  await expect(page.locator('.saving')).toContainText('B002.mov: the disk is full.');
});

test('before proxies are saved, what will be written where is told by its real names', async ({ page, show }) => {
  const { agent } = await show('done?q=C0');
  await page.getByRole('button', { name: 'Save proxies' }).click();
  const dialog = page.getByRole('dialog');
  const rows = dialog.getByRole('list', { name: 'What will be saved' }).getByRole('listitem');
  const row = (name: string) => rows.filter({ hasText: name });
  await expect(rows).toHaveCount(3);
  await expect(row('A003C014_260302_R1XK_Proxy.mp4')).toContainText('Review, 720p');
  await expect(row('A003C014_260302_R1XK_Proxy.mp4')).toContainText('no timecode: not for conform');
  const editing = row('B001C002_260302_R2AB_Proxy.mov');
  await expect(editing).toContainText('Editing, ProRes Proxy');
  await expect(editing).not.toContainText('no timecode');
  await expect(dialog).toContainText('3 files');
  await expect(dialog).toContainText('2 without timecode');
  await dialog.getByRole('radio', { name: /In the folders of the media/ }).check();
  await dialog.getByRole('radio', { name: /Resolve/ }).check();
  await expect(row('RUSHES/2026-03-02/A-cam/Proxy/A003C014_260302_R1XK.mp4')).toBeVisible();
  await dialog.getByRole('radio', { name: /Beside the media/ }).check();
  await expect(dialog.getByRole('textbox')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect
    .poll(() => agent.executed.findLast(({ name }) => name === 'saveProxies')?.input)
    .toMatchObject({ layout: 'resolve', arrangement: 'beside' });
  const over = { ...SAVING, phase: 'ended', arrangement: 'beside', folder: '', saved: 2 } as const;
  agent.emit({ type: 'savingChanged', saving: { ...over, firstFile: '/media/rushes/A-cam/Proxy/A003.mp4' } });
  await expect(dialog.getByRole('status')).toContainText('2 proxies of 2 saved beside the media');
  // A browser opens no file manager.
  await expect(dialog.getByRole('button', { name: 'Copy path' })).toBeVisible();
});

test('Now shows how busy the machine is, with this agent and without it', async ({ page, show }) => {
  const { agent, origin } = await show('done');
  const at = Date.now();
  agent.load.push({ at: at - 600_000, all: 0.9, ours: 0.1 }, { at, all: 0.63, ours: 0.48 });
  await page.goto(`${origin}/#/now`);
  const load = page.getByRole('region', { name: 'This machine in the last hour' });
  await expect(load.getByRole('img')).toHaveAccessibleName('Processor now 63% busy; at most 90% in the last hour.');
  await expect(load).toContainText('this agent 48%');
  await expect(load).toContainText('everything else 15%');
  // Where the system has no list of processes, nothing is claimed about whose load it is.
  agent.load.splice(0, 2, { at, all: 0.2, ours: null });
  await page.reload();
  await expect(load.getByRole('img')).toHaveAccessibleName(/^Processor now 20% busy/);
  await expect(load).not.toContainText('everything else');
});

test('a file that is worked on shows its first key frame, until pictures of it are derived', async ({
  page,
  show,
  media,
}) => {
  const { agent, origin } = await show('now');
  const assetUuid = '00000000-0000-4000-8000-00000000abcd';
  const jobId = '00000000-0000-4000-8000-00000000abce';
  const picture = media.thumbs[0];
  if (picture !== undefined) agent.derived.set(`${assetUuid}/~running`, picture);
  const at = new Date().toISOString();
  const sourcePath = 'RUSHES/A-cam/A007C001_260302_R1AB.mov';
  agent.emit({ type: 'jobClaimed', at, jobId, assetUuid, sourcePath, jobType: 'generate_video_proxies' });
  await page.goto(`${origin}/#/now`);
  const card = page.getByRole('article', { name: 'A007C001_260302_R1AB.mov' });
  await expect(card).toBeVisible();
  // Before it has begun nothing is known of the file.
  await expect(card.locator('.poster img')).toHaveCount(0);
  agent.emit({ type: 'stageEntered', at, jobId, stage: 'encoding' });
  const shown = card.locator('.poster img');
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
});

test('the last days are readable without colour and as a table', async ({ page, show }) => {
  const { agent, origin } = await show('now');
  agent.days.push(...DAYS);
  await page.goto(`${origin}/#/health`);
  await expect(
    page.getByRole('img', { name: /^292 jobs, 19 of them failed; most on Sat,? 14 Mar: 40\.$/ }),
  ).toBeVisible();
  await expect(page.getByText('19 failed (hatched)')).toBeVisible();
  await page.getByRole('button', { name: 'Show as a table' }).click();
  const row = page.getByRole('row', { name: /Sat,? 14 Mar/ });
  await expect(row.getByRole('cell')).toHaveText(['39', '1', '1', '130', '15']);
});

test('a search in the queue stands in the address', async ({ page, show }) => {
  const { agent } = await show('queue');
  agent.emit({
    type: 'offersSeen',
    waiting: ['A001', 'B002', 'B003'].map((name, index) => ({
      jobId: `00000000-0000-4000-8000-00000000000${index}`,
      jobType: 'generate_thumbnails',
      sourcePath: `RUSHES/${name}.mov`,
      priority: 0,
      reason: { kind: 'slot' },
    })),
  });
  await page.getByRole('searchbox', { name: 'Search by name or folder' }).fill('b00');
  await expect(page.getByText('2 files found')).toBeVisible();
  expect(new URL(page.url()).hash).toBe('#/queue?q=b00');
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Search by name or folder' })).toHaveValue('b00');
});

test('a search in the queue finds what waits on the server and is not listed here, page by page', async ({
  page,
  show,
}) => {
  const { agent } = await show('queue');
  const job = (number: number, sourcePath: string): WaitingJob => ({
    jobId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    jobType: 'generate_thumbnails',
    sourcePath,
    priority: 0,
    reason: { kind: 'slot' },
  });
  const listed = Array.from({ length: 1_000 }, (_, index) => job(index, `RUSHES/A${index}.mov`));
  const behind = Array.from({ length: 450 }, (_, index) => job(2_000 + index, `RUSHES/Été/Élodie ${index}.mov`));
  agent.queued.push(...listed, ...behind);
  agent.emit({ type: 'offersSeen', waiting: listed });
  const search = page.getByRole('searchbox', { name: 'Search by name or folder' });
  await search.fill('elodie');
  await expect(page.getByText('200 files listed of 450 jobs found')).toBeVisible();
  const list = page.locator('.virtual');
  await expect(list.getByText('Élodie 0.mov')).toBeVisible();
  for (const found of ['400 files listed of 450 jobs found', '450 files found']) {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await expect(page.getByText(found)).toBeVisible();
  }
  await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(list.getByText('Élodie 449.mov')).toBeVisible();
});

test('failures are searched as far back as the journal goes', async ({ page, open }) => {
  const { agent, view } = await open({ totals: { done: 0, doneFiles: 0, failed: 300, givenBack: 0 } });
  await page.goto(`${view.origin}/#/failures`);
  const broken = (number: number): EndedJob => ({
    jobId: `00000000-0000-4000-9000-${String(number).padStart(12, '0')}`,
    jobType: 'generate_video_proxies',
    assetUuid: `00000000-0000-4000-a000-${String(number).padStart(12, '0')}`,
    sourcePath: `RUSHES/Dernière ${number}.mov`,
    claimedAt: '2026-03-02T08:00:00.000Z',
    endedAt: '2026-03-02T08:01:00.000Z',
    wallMs: 60_000,
    ending: { kind: 'failed', failure: failure('ENCODE_FAILED', `The encoder failed at picture ${number}.`) },
  });
  agent.older.push(...Array.from({ length: 300 }, (_, index) => broken(index)));
  agent.emit({ type: 'jobEnded', job: broken(1_000) });
  await page.getByRole('searchbox', { name: 'Search by name or folder' }).fill('derniere 299');
  await expect(page.getByRole('status').getByText('One file', { exact: true })).toBeVisible();
  await expect(page.locator('.split-list .row')).toContainText('Dernière 299.mov');
  expect(agent.executed.filter(({ name }) => name === 'history').at(-1)?.input).toMatchObject({
    ending: 'failed',
    search: 'derniere 299',
  });
});

test('what is claimed heads the queue, with its step, and is found like what waits', async ({ page, open }) => {
  const { agent, view } = await open();
  await page.goto(`${view.origin}/#/queue`);
  const rows = page.locator('.virtual').getByRole('listitem');
  await expect(rows.first()).toContainText('B001C000_260302_R2AB.mxf');
  await expect(rows.first()).toContainText('Encoding on this machine');
  const [first] = agent.snapshot().running;
  const at = new Date().toISOString();
  agent.emit({ type: 'stageEntered', at, jobId: first?.jobId ?? '', stage: 'verifying' });
  await expect(rows.first()).toContainText('Comparing with the source on this machine');
  await page.getByRole('button', { name: /^On this machine/ }).click();
  await expect(rows).toHaveCount(agent.snapshot().running.length);
  await page.getByRole('searchbox', { name: 'Search by name or folder' }).fill('interview');
  await expect(rows).toHaveCount(1);
  expect(new URL(page.url()).hash).toBe('#/queue?reason=claimed&q=interview');
});

for (const { colorScheme, locale, tag } of COMBINATIONS) {
  test.describe(`${colorScheme}, ${locale}`, { tag: [...tag] }, () => {
    test.use({ colorScheme, locale });

    test(
      'results, models, chart, palette and dialogs have no accessibility violation',
      { tag: '@slow' },
      async ({ page, show }) => {
        const shown = await show('now');
        shown.agent.days.push(...DAYS);
        shown.agent.load.push({ at: Date.now(), all: 0.63, ours: 0.48 });
        giveModels(shown);
        shown.agent.emit({ type: 'savingChanged', saving: SAVING });
        const check = async (what: string): Promise<void> => {
          const { violations } = await new AxeBuilder({ page }).exclude('video').exclude('audio').analyze();
          expect(
            violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`),
            what,
          ).toEqual([]);
        };
        for (const place of [
          'now',
          `done/${CLIP}`,
          `done/${EDIT_PROXY}`,
          `done/${LONG_TAKE}?q=zz`,
          'capabilities',
          'health',
        ]) {
          await page.goto(`${shown.origin}/#/${place}`);
          await page.locator('h1').waitFor();
          if (place.startsWith('done')) await page.locator('article.result').waitFor();
          await check(place);
        }
        await page.keyboard.press('Control+k');
        await page.getByRole('option').first().waitFor();
        await check('palette');
        await page.keyboard.press('Escape');
        await page.goto(`${shown.origin}/#/done`);
        await page.locator('.view-header .button').last().click();
        await page.getByRole('dialog').getByRole('listitem').first().waitFor();
        await check('save dialog');
      },
    );
  });
}
