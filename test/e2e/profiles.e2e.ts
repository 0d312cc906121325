import type { ProfileState } from '../../shared/capability-state.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { expect, test } from './open-page.ts';

const RAN = { ranAt: '2026-03-02T08:00:02.000Z', wallMs: 412, what: 'Made a clip.' };
const PROFILES: readonly ProfileState[] = [
  { name: 'video_representative_v1', proof: { status: 'passed', ...RAN } },
  {
    name: 'video_storyboard_v1',
    proof: { status: 'passed', ...RAN },
    withdrawn: {
      since: '2026-03-02T09:00:00.000Z',
      because: { code: 'RENDER_FAILED', message: 'Rendering failed on frame 12.', retryable: true },
    },
  },
  {
    name: 'scrub_sprite_v1',
    proof: {
      status: 'failed',
      ...RAN,
      reason: { code: 'RENDER_FAILED', message: 'Rendering failed. The tool said: Unrecognized option vsync' },
    },
  },
];

const SAID = {
  en: {
    card: 'Thumbnails',
    standing: 'Offered, without what fails below',
    region: 'What it makes',
    lines: [
      'One representative picture Proved',
      'It failed on three different files in a row',
      'Sheets for scrubbing Does not work here; its jobs wait',
    ],
    wait: '“Sheets for scrubbing” does not work on this machine; Capabilities says why',
    select: 'Thumbnail profile',
    choose: '“Sheets for scrubbing” does not work on this machine; its jobs will wait',
  },
  fr: {
    card: 'Vignettes',
    standing: 'Proposée, sans ce qui échoue ci-dessous',
    region: 'Ce qu’elle produit',
    lines: [
      'Une image représentative Prouvé',
      'Échec sur trois fichiers différents d’affilée',
      'Planches pour survol Ne fonctionne pas ici ; ses tâches attendent',
    ],
    wait: '« Planches pour survol » ne fonctionne pas sur cette machine ; Capacités dit pourquoi',
    select: 'Profil de vignettes',
    choose: '« Planches pour survol » ne fonctionne pas sur cette machine ; ses tâches attendront',
  },
} as const;

for (const language of ['en', 'fr'] as const) {
  const says = SAID[language];
  test(`what fails of a capability is named beside what works, in ${language}`, async ({ page, open }) => {
    const { settings, capabilities } = sampleSnapshot();
    const { view } = await open({
      settings: { ...settings, values: { ...settings.values, language } },
      capabilities: capabilities.map((each) =>
        each.jobType === 'generate_thumbnails' ? { ...each, profiles: PROFILES } : each,
      ),
      waiting: [
        {
          jobId: uuidOf(1),
          jobType: 'generate_thumbnails',
          sourcePath: 'RUSHES/a.mov',
          priority: 0,
          reason: { kind: 'profile-failed', profile: 'scrub_sprite_v1' },
        },
      ],
    });
    await page.goto(`${view.origin}/#/capabilities`);
    const card = page.getByRole('article', { name: says.card });
    await expect(card).toContainText(says.standing);
    const lines = card.getByRole('region', { name: says.region }).getByRole('listitem');
    await expect(lines).toHaveCount(PROFILES.length);
    for (const [index, line] of says.lines.entries()) await expect(lines.nth(index)).toContainText(line);
    await expect(lines.nth(2)).toContainText('The tool said: Unrecognized option vsync');
    await page.goto(`${view.origin}/#/queue`);
    await expect(page.getByText(says.wait).first()).toBeVisible();
    await page.goto(`${view.origin}/#/add`);
    await page.getByRole('textbox').first().fill('/home/editor/Movies');
    await page.getByRole('textbox').first().press('Enter');
    await page.getByRole('combobox', { name: says.select }).selectOption('scrub_sprite_v1');
    await expect(page.getByText(says.choose)).toBeVisible();
  });
}
