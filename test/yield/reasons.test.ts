import { describe, expect, it } from 'vitest';
import { pausedFor, pauseEnd, readPauseRequest, pauseRequestAt } from '../../electron/agent/yield/pause-request.ts';
import { reasonsNow, suspends, type Circumstances } from '../../electron/agent/yield/reasons.ts';
import { watchedProgram } from '../../electron/agent/yield/watched-programs.ts';
import { outsideHours } from '../../electron/agent/yield/work-hours.ts';
import { reasonLine } from '../../electron/headless/status-text.ts';
import { en } from '../../renderer/locales/en.ts';
import { fr } from '../../renderer/locales/fr.ts';
import { defaultSettings, WATCHED_PROGRAMS, type Settings } from '../../shared/settings.ts';
import type { YieldReason } from '../../shared/snapshot.ts';

// A Wednesday, at noon by whatever clock this machine keeps.
const NOON = new Date(2026, 2, 4, 12, 0).getTime();
const given = (change: Partial<Omit<Circumstances, 'settings'>> & { settings?: Partial<Settings> }): Circumstances => ({
  request: { kind: 'none' },
  policy: undefined,
  seen: {},
  now: NOON,
  ...change,
  settings: { ...defaultSettings(), ...change.settings },
});
const iso = (ms: number): string => new Date(ms).toISOString();
const MINUTE = 60_000;
const since = iso(NOON);

/** Every reason, what brings it about, and what is told of it. */
const CASES: Readonly<Record<YieldReason['kind'], readonly [Circumstances, YieldReason]>> = {
  paused: [given({ request: pausedFor('1h', NOON) }), { kind: 'paused', since, until: iso(NOON + 60 * MINUTE) }],
  finishing: [
    given({ request: { kind: 'finishing', since, pauseFor: '30m' } }),
    { kind: 'finishing', since, pauseFor: '30m' },
  ],
  'user-input': [
    given({ settings: { workWhen: 'idle', idleMinutes: 5 }, seen: { idleMs: MINUTE } }),
    { kind: 'user-input', since, until: iso(NOON + 4 * MINUTE), idleMinutes: 5 },
  ],
  'idle-unknown': [given({ settings: { workWhen: 'idle' }, seen: { idleMs: null } }), { kind: 'idle-unknown', since }],
  'watched-program': [given({ seen: { program: 'Resolve' } }), { kind: 'watched-program', since, program: 'Resolve' }],
  load: [
    given({ settings: { yieldToLoad: true, loadThreshold: 0.5 }, seen: { load: 0.72 } }),
    { kind: 'load', since, share: 0.7, threshold: 0.5 },
  ],
  battery: [given({ seen: { onBattery: true } }), { kind: 'battery', since }],
  hours: [
    given({ settings: { workWhen: 'hours' } }),
    { kind: 'hours', since, until: iso(new Date(2026, 2, 4, 19, 0).getTime()) },
  ],
  'quiet-hours': [
    given({
      policy: {
        minPollIntervalSeconds: 5,
        maxParallelJobs: 1,
        allowedJobTypes: [],
        quietHours: { start: '11:00', end: '13:30', timezone: undefined },
      },
    }),
    { kind: 'quiet-hours', since, until: iso(NOON + 90 * MINUTE) },
  ],
  'low-memory': [
    given({ settings: { minFreeMemoryMb: 500 }, seen: { freeMb: 312 } }),
    { kind: 'low-memory', since, freeMb: 300, neededMb: 500 },
  ],
};
const kinds = Object.keys(CASES) as YieldReason['kind'][];

describe('reasons to leave the machine to its editor', () => {
  it.each(kinds)('%s holds, and is told with what ends it', (kind) => {
    const [circumstances, reason] = CASES[kind];
    expect(reasonsNow(circumstances, [])).toEqual([reason]);
    expect(suspends([reason])).toBe(kind !== 'finishing');
  });

  it.each(kinds)('%s has a sentence in both languages and at the terminal', (kind) => {
    for (const texts of [en, fr]) expect(texts.yield.reason[kind]).toMatch(/^.{10,}\.$/);
    expect(en.yield.reason[kind]).not.toBe(fr.yield.reason[kind]);
    expect(reasonLine(CASES[kind][1])).toMatch(/^[A-Z].{10,}\.$/);
  });

  it('none holds on a machine that nobody uses, or when a switch is off', () => {
    expect(reasonsNow(given({}), [])).toEqual([]);
    const nobody = { idleMs: 6 * MINUTE, program: null, load: 0.1, onBattery: false, freeMb: 9_000 };
    const settings = { workWhen: 'idle', yieldToLoad: true } as const;
    expect(reasonsNow(given({ settings, seen: nobody }), [])).toEqual([]);
    const all = { idleMs: 0, load: 1, onBattery: true, freeMb: 1 };
    const off = { workWhen: 'always', yieldToLoad: false, pauseOnBattery: false, minFreeMemoryMb: 0 } as const;
    expect(reasonsNow(given({ settings: off, seen: all }), [])).toEqual([]);
  });

  it('keep their beginning, stand oldest first, and end a way from where they began', () => {
    const settings = { yieldToLoad: true, loadThreshold: 0.5, minFreeMemoryMb: 500 };
    const first = reasonsNow(given({ settings, seen: { load: 0.6 } }), []);
    const later = given({ settings, seen: { load: 0.45, freeMb: 400 }, now: NOON + MINUTE });
    const second = reasonsNow(later, first);
    expect(second.map((reason) => [reason.kind, reason.since])).toEqual([
      ['load', since],
      ['low-memory', iso(NOON + MINUTE)],
    ]);
    expect(reasonsNow(given({ settings, seen: { load: 0.45, freeMb: 600 } }), [])).toEqual([]);
    expect(reasonsNow(given({ settings, seen: { load: 0.39, freeMb: 630 } }), second)).toEqual([]);
  });
});

describe('a pause', () => {
  it('lasts as long as it was meant to', () => {
    expect(pauseEnd('30m', NOON)).toBe(NOON + 30 * MINUTE);
    expect(pauseEnd('tomorrow', NOON)).toBe(new Date(2026, 2, 5, 6, 0).getTime());
    expect(pauseEnd('until-resumed', NOON)).toBeNull();
    const request = pausedFor('30m', NOON);
    expect(pauseRequestAt(request, NOON + 29 * MINUTE)).toBe(request);
    expect(pauseRequestAt(request, NOON + 30 * MINUTE)).toEqual({ kind: 'none' });
  });

  it('is remembered, and what cannot be read is none', () => {
    const request = pausedFor('tomorrow', NOON);
    expect(readPauseRequest(JSON.stringify(request))).toEqual(request);
    for (const text of [undefined, '', '{', '{"kind":"paused"}', '{"kind":"other"}']) {
      expect(readPauseRequest(text)).toEqual({ kind: 'none' });
    }
  });
});

describe('hours', () => {
  const at = (day: number, hour: number): number => new Date(2026, 2, day, hour, 0).getTime();
  const { workHours } = defaultSettings();
  it.each([
    ['Wednesday noon', at(4, 12), at(4, 19)],
    ['Wednesday evening', at(4, 19), null],
    ['Thursday before seven', at(5, 6), null],
    ['Thursday at seven', at(5, 7), at(5, 19)],
    ['Saturday before seven, still Friday’s window', at(7, 6), null],
    ['Saturday noon', at(7, 12), null],
    ['Monday before seven, still Sunday’s window', at(9, 6), null],
    ['Monday at seven', at(9, 7), at(9, 19)],
  ])('%s', (_when, now, nextStart) => {
    expect(outsideHours(workHours, now)).toEqual(nextStart === null ? null : { nextStart });
  });

  it('look a whole week ahead', () => {
    const only = [{ days: ['wed'] as const, start: '08:00', end: '09:00' }].map((entry) => ({
      ...entry,
      days: [...entry.days],
    }));
    expect(outsideHours(only, at(4, 10))).toEqual({ nextStart: at(11, 8) });
  });
});

describe('watched programs', () => {
  const running = (...names: string[]) => [{ pid: 1, names }];
  it.each([
    ['Adobe Premiere Pro.exe', 'Adobe Premiere Pro'],
    ['Adobe Premiere Pro 2025', 'Adobe Premiere Pro'],
    ['Adobe Premiere Pro (Beta)', 'Adobe Premiere Pro'],
    ['AfterFX.exe', 'AfterFX'],
    ['resolve', 'Resolve'],
    ['AvidMediaCompos', 'AvidMediaComposer'],
    ['Final Cut Pro', 'Final Cut Pro'],
  ])('%s is known', (name, as) => expect(watchedProgram(running('GUI Thread', name), WATCHED_PROGRAMS)).toBe(as));

  it.each(['systemd-resolve', 'resolved', 'Resolve Helper', 'Adobe Premiere Pro Indexer', 'ffmpeg', 'Final Cut'])(
    '%s is not one',
    (name) => expect(watchedProgram(running(name), WATCHED_PROGRAMS)).toBeNull(),
  );
});
