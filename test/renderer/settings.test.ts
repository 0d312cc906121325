import { describe, expect, it } from 'vitest';
import { en } from '../../renderer/locales/en.ts';
import { fr } from '../../renderer/locales/fr.ts';
import { discard, drafts, edit, issuesOf, withDraft } from '../../renderer/settings/draft.ts';
import { ALL_FIELDS } from '../../renderer/settings/fields.ts';
import { saveDraft } from '../../renderer/settings/save.ts';
import type { Bridge } from '../../shared/bridge.ts';
import { defaultSettings, SETTING_NAMES, SettingsSchema } from '../../shared/settings.ts';

/** Edited in a place of their own: the server’s section and the view of capabilities. */
const ELSEWHERE = ['serverUrl', 'capabilities'];

describe('the settings form', () => {
  it('has a field for every setting; a new one is added to renderer/settings/fields.ts and both locales', () => {
    const names = ALL_FIELDS.map(({ name }) => name as string);
    expect([...names, ...ELSEWHERE].sort()).toEqual([...SETTING_NAMES].sort());
    expect(new Set(names).size).toBe(names.length);
  });

  it('offers exactly the values that the schema knows, each with a text', () => {
    for (const { name, control } of ALL_FIELDS) {
      if (control.kind !== 'choice') continue;
      for (const option of control.options) {
        expect(SettingsSchema.shape[name].safeParse(option).success, `${name}: ${option}`).toBe(true);
      }
      for (const texts of [en, fr]) {
        const choice = texts.settings.choice as Readonly<Record<string, Readonly<Record<string, string>>>>;
        expect(Object.keys(choice[name] ?? {}).sort(), name).toEqual([...control.options].sort());
      }
      expect(SettingsSchema.shape[name].safeParse('no such option').success).toBe(false);
    }
  });

  it('says what is wrong at the field, by the shared schema', () => {
    const issues = issuesOf({
      maxParallelJobs: 99,
      idleMinutes: 'soon',
      ffmpegPath: 'ffmpeg',
      agentName: '',
      speechModelMirror: 'not an address',
      workHours: [{ days: [], start: '7:00', end: '19:00' }],
      mediaRoots: [
        { name: 'é', path: 'relative' },
        { name: 'ok', path: '/media' },
      ],
    });
    expect(issues).toEqual({
      maxParallelJobs: { kind: 'max', limit: 16 },
      idleMinutes: { kind: 'number' },
      ffmpegPath: { kind: 'path' },
      agentName: { kind: 'needed' },
      speechModelMirror: { kind: 'address' },
      'workHours.0.days': { kind: 'needed' },
      'workHours.0.start': { kind: 'time' },
      'mediaRoots.0.name': { kind: 'name' },
      'mediaRoots.0.path': { kind: 'path' },
    });
    expect(
      issuesOf({
        mediaRoots: [
          { name: 'a', path: '/x' },
          { name: 'a', path: '/y' },
        ],
      }),
    ).toEqual({
      mediaRoots: { kind: 'unique' },
    });
    expect(issuesOf({ maxParallelJobs: 2.5 })).toEqual({ maxParallelJobs: { kind: 'whole' } });
    expect(issuesOf({ ffmpegPath: null, maxParallelJobs: 4 })).toEqual({});
  });

  it('keeps what was typed, and forgets a change that was taken back', () => {
    const saved = defaultSettings();
    discard();
    edit('maxParallelJobs', 99, saved);
    expect(withDraft(saved, drafts.getState().draft).maxParallelJobs).toBe(99);
    edit('maxParallelJobs', saved.maxParallelJobs, saved);
    expect(drafts.getState().draft).toEqual({});
    edit('ffmpegPath', null, saved);
    expect(drafts.getState().draft, 'an unset path that is emptied is no change').toEqual({});
  });

  it('sends nothing that is wrong, shows a refusal at its field, and is clean after saving', async () => {
    const saved = defaultSettings();
    const sent: unknown[] = [];
    let answer: unknown = { ok: true, output: { restart: ['allowInsecureHttp'] } };
    const bridge = {
      call: (name: string, input: unknown) => {
        sent.push([name, input]);
        return Promise.resolve(answer);
      },
    } as unknown as Bridge;
    discard();
    edit('maxParallelJobs', 99, saved);
    expect(await saveDraft(bridge)).toEqual({ kind: 'wrong' });
    expect(sent).toEqual([]);

    edit('maxParallelJobs', 4, saved);
    answer = { ok: false, refusal: { code: 'SETTING_MANAGED', message: 'IT has set it.', field: 'maxParallelJobs' } };
    expect(await saveDraft(bridge)).toEqual({ kind: 'wrong' });
    expect(drafts.getState().refused).toEqual({ maxParallelJobs: { kind: 'said', message: 'IT has set it.' } });
    expect(drafts.getState().draft).toEqual({ maxParallelJobs: 4 });

    answer = { ok: true, output: { restart: [] } };
    expect(await saveDraft(bridge)).toEqual({ kind: 'saved', restart: [] });
    expect(sent.at(-1)).toEqual(['changeSettings', { change: { maxParallelJobs: 4 } }]);
    expect(drafts.getState()).toEqual({ draft: {}, refused: {} });
  });
});
