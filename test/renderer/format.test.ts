import { describe, expect, it } from 'vitest';
import { clock, moment, spokenTimeLeft, took } from '../../renderer/format/durations.ts';
import { instant } from '../../renderer/format/instants.ts';
import { fileName, folderOf, visible } from '../../renderer/format/name.ts';
import { bytes, percent } from '../../renderer/format/numbers.ts';
import { chooseLanguage } from '../../renderer/i18n.ts';
import { parseRoute, routeTo } from '../../renderer/route.ts';
import { shellLine, supportText } from '../../renderer/support-text.ts';
import { failure } from '../../shared/failure.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('numbers', () => {
  it.each([
    [0, '0 B', '0 o'],
    [999, '999 B', '999 o'],
    [1000, '1 kB', '1 ko'],
    [1_254_000_000, '1.25 GB', '1,25 Go'],
    [48_300_000_000, '48.3 GB', '48,3 Go'],
    [9.9e17, '990 PB', '990 Po'],
  ])('%d bytes', (value, english, french) => {
    expect(plain(bytes(value, 'en'))).toBe(english);
    expect(plain(bytes(value, 'fr'))).toBe(french);
  });

  it('says 100 % only when it is over', () => {
    expect(percent(0.9999, 'en')).toBe('99%');
    expect(percent(1, 'en')).toBe('100%');
    expect(percent(1.7, 'en')).toBe('100%');
    expect(plain(percent(0.374, 'fr'))).toBe('37 %');
  });
});

describe('durations', () => {
  it.each([
    [-5, '0:00'],
    [7400, '0:07'],
    [754_000, '12:34'],
    [3_723_000, '1:02:03'],
  ])('clock %d', (ms, text) => expect(clock(ms)).toBe(text));

  it('moments keep the tenth', () => expect([moment(400), moment(61_990)]).toEqual(['0:00.4', '1:01.9']));

  it.each([
    [3, '3 ms'],
    [3440, '3.4 s'],
    [725_000, '12 min 5 s'],
    [3_720_000, '1 h 2 min'],
  ])('took %d', (ms, text) => expect(plain(took(ms, 'en'))).toBe(text));

  it('speaks the time left with its spread, in steps that do not jitter', () => {
    const say = (low: number, high: number) => {
      const { key, ...values } = spokenTimeLeft({ lowMs: low * 1000, highMs: high * 1000 });
      return [key, ...Object.values(values).map(plain)];
    };
    expect(say(0, 3)).toEqual(['time.upTo', '5 s']);
    expect(say(11, 14)).toEqual(['time.about', '15 s']);
    expect(say(22, 48)).toEqual(['time.range', '25 s', '50 s']);
    expect(say(130, 290)).toEqual(['time.range', '3 min', '5 min']);
    expect(say(3900, 5000)).toEqual(['time.range', '1 h 05', '1 h 25']);
    expect(say(121, 179)).toEqual(say(125, 171));
  });

  it('leaves the day out today, and counts 24 hours', () => {
    const now = new Date(2026, 2, 2, 23, 0).getTime();
    expect(instant(new Date(2026, 2, 2, 18, 5, 9).getTime(), 'en', now)).toBe('18:05:09');
    expect(instant(new Date(2026, 2, 1, 18, 5).getTime(), 'en', now)).toBe('1 Mar 2026, 18:05');
    expect(instant('nonsense', 'en', now)).toBe('–');
  });
});

describe('names', () => {
  it.each([
    ['RUSHES/a/b.mov', 'b.mov', 'RUSHES/a'],
    ['C:\\Rushes\\b.mov', 'b.mov', 'C:\\Rushes'],
    ['b.mov', 'b.mov', ''],
    ['RUSHES/-strange name %d.mov', '-strange name %d.mov', 'RUSHES'],
    ['a/', 'a', 'a'],
  ])('%s', (path, name, folder) => expect([fileName(path), folderOf(path)]).toEqual([name, folder]));

  it('shows what would deceive the eye', () => {
    expect(visible('photo\u202egpj.exe')).toBe('photo\ufffdgpj.exe');
    expect(visible('two\nlines\u0000\u2066')).toBe('two\ufffdlines\ufffd\ufffd');
    expect(visible('été 🎬 東京 مرحبا')).toBe('été 🎬 東京 مرحبا');
  });
});

describe('routes and languages', () => {
  it('reads back what it writes, and knows nothing else', () => {
    expect(parseRoute(routeTo('done', 'a/b ü'))).toEqual({ view: 'done', chosen: 'a/b ü' });
    expect(parseRoute(routeTo('queue'))).toEqual({ view: 'queue' });
    for (const hash of ['', '#/', '#/nowhere', '#token=abc']) expect(parseRoute(hash)).toEqual({ view: 'now' });
    expect(parseRoute('#/done/%E0%A4%A')).toEqual({ view: 'done', chosen: '%E0%A4%A' });
  });

  it('the setting wins, then the browser, then English', () => {
    expect(chooseLanguage('fr', ['en'])).toBe('fr');
    expect(chooseLanguage('system', ['de-DE', 'fr-CA', 'en'])).toBe('fr');
    expect(chooseLanguage('system', ['de'])).toBe('en');
  });
});

describe('for support', () => {
  it('quotes a command so that it can be pasted', () => {
    expect(shellLine(['ffmpeg', '-i', "it's a clip.mov", '$(reboot)', ''])).toBe(
      `ffmpeg -i 'it'\\''s a clip.mov' '$(reboot)' ''`,
    );
  });

  it('says everything about a failure, and only what is known', () => {
    const { agent, tools } = sampleSnapshot();
    const job = {
      jobId: uuidOf(1),
      jobType: 'generate_thumbnails',
      assetUuid: uuidOf(2),
      sourcePath: 'R/a.mov',
      claimedAt: 'a',
      endedAt: 'b',
      wallMs: 1,
    } as const;
    const failed = failure('RENDER_FAILED', 'No picture came out.', { exitCode: 0, lastLines: ['one', 'two'] });
    const text = supportText({ ...job, ending: { kind: 'failed', failure: failed } }, { agent, tools });
    expect(text).toContain('Code: RENDER_FAILED (retryable: true)');
    expect(text).toContain('Exit code: 0');
    expect(text).toContain('Last lines:\n  one\n  two');
    expect(text).not.toContain('Signal');
    expect(supportText({ ...job, ending: { kind: 'cancelled' } }, { agent, tools })).not.toContain('Code');
  });
});
