import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adml, admx, MANAGED_PREFERENCES, mobileconfig, TEMPLATES } from '../../scripts/pack/policy-templates.ts';
import { ROOT } from '../../scripts/pack/stage.ts';
import { policyOf } from '../../electron/compose/policy/system-policy.ts';
import { SETTING_NAMES } from '../../shared/settings.ts';

describe('the templates for Group Policy and MDM', () => {
  it('are made from the settings as they are now: else run npm run policy-templates', () => {
    for (const [file, make] of Object.entries(TEMPLATES)) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      expect(readFileSync(join(ROOT, file), 'utf8') === make(), `${file} is out of date`).toBe(true);
    }
  });

  it('have every setting, with a name and a help that exist', () => {
    const [policies, strings] = [admx(), adml()];
    for (const name of [...SETTING_NAMES, 'enrolmentTokenFile']) expect(policies).toContain(`<policy name="${name}" `);
    const wanted = [...policies.matchAll(/\$\(string\.([^)]+)\)/g)].map((match) => match[1] ?? '');
    for (const id of wanted) expect(strings).toContain(`<string id="${id}">`);
    const shown = [...policies.matchAll(/\$\(presentation\.([^)]+)\)/g)].map((match) => match[1] ?? '');
    for (const id of shown) expect(strings).toContain(`<presentation id="${id}">`);
  });

  it('start from a profile whose settings the agent takes', () => {
    const text = mobileconfig();
    expect(text).toContain('<key>serverUrl</key><string>https://');
    expect(policyOf(MANAGED_PREFERENCES, 'profile')).toEqual({
      settings: {
        serverUrl: 'https://rushcatalog.studio.example',
        mediaRoots: [{ name: 'rushes', path: '/Volumes/rushes' }],
        maxParallelJobs: 2,
        closeToTray: true,
      },
      defaults: {},
      enrolmentTokenFile: '/Library/Application Support/rushcatalog-agent/enrolment-token',
    });
    expect(policyOf({ ...MANAGED_PREFERENCES, closeTray: true }, 'profile')).toMatchObject({
      refusal: { message: expect.stringContaining('“closeTray” is not known') },
    });
  });
});
