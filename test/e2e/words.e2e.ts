import type { Page } from '@playwright/test';
import { failure } from '../../shared/failure.ts';
import { CAPABILITIES, JOB_TYPES } from '../../shared/job.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES, TRANSCRIPTION_PROFILES } from '../../shared/profiles.ts';
import type { EndedJob } from '../../shared/snapshot.ts';
import { CLIP, EDIT_PROXY } from '../support/results-agent.ts';
import { uuidOf } from '../support/sample-snapshot.ts';
import { expect, test } from './show-results.ts';

/** What programs call things among each other. */
const NAMES = [
  ...CAPABILITIES,
  ...JOB_TYPES,
  ...Object.keys({ ...PROXY_PROFILES, ...THUMBNAIL_PROFILES, ...TRANSCRIPTION_PROFILES }),
];

const LOG = {
  at: '2026-03-02T08:00:00.000Z',
  level: 'info',
  message: 'The profile video_review_default_v1 has 30 frames a second at most.',
} as const;

const refused: EndedJob = {
  jobId: uuidOf(8_801),
  jobType: 'generate_thumbnails',
  assetUuid: uuidOf(8_802),
  sourcePath: 'RUSHES/2026-03-02/A-cam/A003C014_260302_R1XK.mov',
  claimedAt: '2026-03-02T08:00:00.000Z',
  endedAt: '2026-03-02T08:01:00.000Z',
  wallMs: 60_000,
  ending: {
    kind: 'failed',
    failure: failure(
      'UNKNOWN_PROFILE',
      'This agent knows no thumbnail profile “x”, only video_representative_v1, video_storyboard_v1 and scrub_sprite_v1.',
    ),
  },
};

/** All that is read or heard: the text, folded parts too, and what stands in attributes. */
async function words(page: Page): Promise<string> {
  return page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    const told = [...document.querySelectorAll('body *')].flatMap((element) =>
      ['aria-label', 'title', 'alt', 'placeholder'].map((name) => element.getAttribute(name) ?? ''),
    );
    return [document.body.innerText, ...told].join('\n');
  });
}

for (const locale of ['en-GB', 'fr-FR']) {
  test.describe(locale, () => {
    test.use({ locale });

    test('no view speaks in the names of programs', async ({ page, show }) => {
      const { agent, origin } = await show('now');
      agent.logs.set(refused.jobId, [LOG]);
      agent.emit({ type: 'jobEnded', job: refused });
      const places = [
        ...['now', 'queue', 'add', 'done', `done/${CLIP}`, `done/${EDIT_PROXY}`, 'failures'],
        ...[`failures/${refused.jobId}`, 'capabilities', 'settings', 'health'],
      ];
      for (const place of places) {
        await page.goto(`${origin}/#/${place}`);
        await page.locator('h1').waitFor();
        if (place.startsWith('done/')) await page.locator('.measures').waitFor();
        if (place.startsWith('failures/')) await page.locator('.failure-sentence').waitFor();
        const said = await words(page);
        expect(
          NAMES.filter((name) => said.includes(name)),
          place,
        ).toEqual([]);
      }
      await page.goto(`${origin}/#/failures/${refused.jobId}`);
      const label = locale === 'en-GB' ? 'One representative picture' : 'Une image représentative';
      await expect(page.locator('article.detail'), 'they are called as people call them').toContainText(label);
    });
  });
}
