import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compare } from '../../electron/work/media/parity.ts';
import { planEdit } from '../../electron/work/media/proxy-edit-plan.ts';
import { parseMotion } from '../../electron/work/media/proxy-motion.ts';
import { createPacketReader } from '../../electron/work/media/proxy-readback.ts';
import { isContradicted, scanOf } from '../../electron/work/media/proxy-scan.ts';
import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { FFPROBE, hasEncoder, made } from '../support/made-media.ts';
import { mediaInfo, NO_MEDIAINFO } from './matrix-reading.ts';
import { detectedFields, makeProxy } from './proxy-run.ts';
import { probeOf, video } from './proxy-streams.ts';

const run = promisify(execFile);
const TOP = { interlaced: true, topFirst: true };
const BOTTOM = { interlaced: true, topFirst: false };

/** Everything a file says about its fields, and what its pictures show. */
async function fieldsOf(
  file: string,
): Promise<{ header: string; frames: string; pictures: string; mediaInfo: string }> {
  const asked = ['-v', 'error', '-select_streams', 'v:0', '-of', 'default=nk=1:nw=1'];
  const header = await run(FFPROBE, [...asked, '-show_entries', 'stream=field_order', file]);
  const flags = await run(FFPROBE, [...asked, '-show_entries', 'frame=top_field_first', file]);
  const { top, bottom } = await detectedFields(file);
  const said = header.stdout.trim();
  return {
    header: /^(tt|tb)$/.test(said) ? 'top' : /^(bb|bt)$/.test(said) ? 'bottom' : said,
    frames: [...new Set(flags.stdout.match(/^[01]$/gm))].map((flag) => (flag === '1' ? 'top' : 'bottom')).join(),
    pictures: top > bottom ? 'top' : 'bottom',
    mediaInfo: NO_MEDIAINFO === null ? ((await mediaInfo(file))('Video')[0]?.('ScanOrder') ?? 'none') : 'not asked',
  };
}

const everywhere = (order: 'top' | 'bottom') => ({
  header: order,
  frames: order,
  pictures: order,
  mediaInfo: NO_MEDIAINFO === null ? (order === 'top' ? 'TFF' : 'BFF') : 'not asked',
});

/** Woven pictures in which one field is `real`, while the order of the fields says `poc` and the word on showing `word`. */
function h264(real: 'top' | 'bottom', poc: 'tff' | 'bff', word: 'tff' | 'bff') {
  return made(`fields-${real}-${poc}-${word}.mov`, [
    ...['-f', 'lavfi', '-i', 'testsrc2=s=320x192:r=50:d=1.2', '-vf', `tinterlace=interleave_${real},setfield=${poc}`],
    ...'-c:v libx264 -preset ultrafast -pix_fmt yuv420p -flags +ilme+ildct -threads 1'.split(' '),
    ...['-x264-params', `${word}=1:weightp=0`],
  ]);
}

describe.skipIf(!hasEncoder('libx264'))('fields of H.264', () => {
  it.each([
    ['top', 'tff', 'tff'],
    ['bottom', 'bff', 'tff'],
  ] as const)('whose pictures are %s first are so in every word of a proxy (%s, %s)', areSoInEveryWord);
  it.each([
    ['bottom', 'bff', 'bff'],
    ['top', 'bff', 'tff'],
    ['bottom', 'tff', 'bff'],
  ] as const)(
    'whose pictures are %s first are so in every word of a proxy (%s, %s)',
    { tags: ['slow'] },
    areSoInEveryWord,
  );

  async function areSoInEveryWord(...[real, poc, word]: Parameters<typeof h264>): Promise<void> {
    const source = await h264(real, poc, word);
    for (const profile of ['edit_h264_half_v1', 'edit_prores_proxy_v1']) {
      await using proxy = await makeProxy(source, profile);
      expect(await fieldsOf(proxy.file), profile).toEqual(everywhere(real));
    }
  }
});

describe('contradicting words', () => {
  const of = (codec: string, fieldOrder: string, moving?: 'top' | 'bottom') => {
    const stream = video({ codec, fieldOrder });
    return scanOf(probeOf([stream]), stream, [BOTTOM], moving);
  };

  it('are decided by the pictures, and where these stand still by the word that players read', () => {
    expect(of('h264', 'tt', 'bottom')).toBe('bottom');
    expect(of('h264', 'tt')).toBe('top');
    expect(of('prores', 'tb', 'top')).toBe('top');
    expect(of('prores', 'tb')).toBe('bottom');
    expect(of('h264', 'bb', 'top')).toBe('bottom');
  });

  it('are top against bottom, nothing else', () => {
    const asked = (fieldOrder: string | undefined, frames = [TOP]) => {
      const stream = video({ fieldOrder });
      return isContradicted(probeOf([stream]), stream, frames);
    };
    expect(asked('bb')).toBe(true);
    expect([asked('tt'), asked('progressive'), asked(undefined), asked('bb', [])]).toEqual(Array(4).fill(false));
  });

  it('need five moving pictures that agree', () => {
    const text = (tff: number, bff: number): string =>
      [...Array<string>(tff).fill('tff'), ...Array<string>(bff).fill('bff'), 'progressive', 'undetermined']
        .map((word) => `lavfi.idet.single.current_frame=${word}`)
        .join('\n');
    expect(parseMotion(text(4, 0))).toBeUndefined();
    expect(parseMotion(text(5, 0))).toBe('top');
    expect(parseMotion(text(2, 8))).toBe('bottom');
    expect(parseMotion(text(6, 4))).toBeUndefined();
    expect(parseMotion('')).toBeUndefined();
  });

  it.each([
    ['tt', BOTTOM, 'bottom in its frames, top in its header'],
    ['bb', BOTTOM, 'bottom'],
    ['bb', TOP, 'top in its frames, bottom in its header'],
  ])('of a proxy are seen by the comparison: %s', (fieldOrder, flags, actual) => {
    const picture = video({ fieldOrder: 'tt', width: 640, height: 480 });
    const reader = createPacketReader({ rate: { num: 25, den: 1 }, timeBase: { num: 1, den: 12_800 } });
    for (let at = 0; at < 250; at++) reader.line(`${at * 512},${at / 25},512,K_`);
    const packets = reader.facts();
    if (packets === undefined) throw new Error('no packets');
    const plan = planEdit(probeOf([picture]), picture, PROXY_PROFILES.edit_h264_half_v1, { packets, frames: [TOP] });
    if (plan.kind !== 'edit') throw new Error(plan.because);
    const proxy = probeOf([video({ fieldOrder, width: 320, height: 240, profile: 'High' })]);
    const frames = [{ stream: 0, time: 0, flags }];
    const found = compare(probeOf([picture]), plan, { probe: proxy, packets, frames });
    expect(found).toContainEqual({ field: 'field_order', expected: 'top', actual });
  });
});
