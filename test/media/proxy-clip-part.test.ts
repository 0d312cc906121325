import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipPart } from '../../electron/work/media/proxy-clip-part.ts';
import { connectedClips } from '../../electron/work/media/proxy-playlist.ts';
import { FFMPEG, made, madeFrom, NO_FFMPEG } from '../support/made-media.ts';
import { failureOf, makeProxy } from './proxy-run.ts';
import { cut, interlaced, pattern, scribbled } from './proxy-sources.ts';
import { probeOf } from './proxy-streams.ts';
import { first } from '../support/first.ts';

const run = promisify(execFile);
const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;

/** A playlist as AVCHD cameras write it: clip name and connection condition of each item. */
function playlist(items: readonly (readonly [string, number])[]): Buffer {
  const header = Buffer.from('MPLS0100\0\0\0\x14'.padEnd(20, '\0'), 'latin1');
  const list = Buffer.alloc(10);
  list.writeUInt16BE(items.length, 6);
  const body = items.map(([name, condition]) => {
    const item = Buffer.alloc(22);
    item.writeUInt16BE(20, 0);
    item.write(`${name}M2TS`, 2, 'latin1');
    item[12] = condition;
    return item;
  });
  return Buffer.concat([header, list, ...body]);
}

describe('connectedClips', () => {
  it('finds the parts of a split recording, and leaves single ones alone', () => {
    const bytes = playlist([
      ['00000', 1],
      ['00001', 1],
      ['00002', 6],
      ['00003', 5],
      ['00004', 1],
    ]);
    expect(connectedClips(bytes)).toEqual([['00001', '00002', '00003']]);
  });

  it('takes nothing from what is no playlist, or from half of one', () => {
    const whole = playlist([
      ['00001', 1],
      ['00002', 6],
    ]);
    expect(connectedClips(Buffer.from('MPL'))).toEqual([]);
    expect(connectedClips(Buffer.alloc(100, 0xff))).toEqual([]);
    expect(connectedClips(whole.subarray(0, 54))).toEqual([]);
    for (let length = 0; length < whole.length; length++) connectedClips(whole.subarray(0, length));
  });
});

describe.skipIf(NO_FFMPEG !== null)(`parts of clips${WITHOUT}`, () => {
  let card = '';

  beforeAll(async () => {
    card = await realpath(await mkdtemp(join(tmpdir(), 'rushcatalog-card-')));
  });

  afterAll(() => rm(card, { recursive: true }));

  it('P2: names a picture without its sound, under every profile', async () => {
    const folder = join(card, 'CONTENTS', 'VIDEO');
    await mkdir(folder, { recursive: true });
    const file = join(folder, '0001AB.MXF');
    const codec = '-c:v dnxhd -b:v 60M -pix_fmt yuv422p -f mxf_opatom'.split(' ');
    await run(FFMPEG, ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=25:d=0.2', ...codec, file]);
    for (const profile of ['video_review_default_v1', 'edit_prores_proxy_v1']) {
      const failure = await failureOf(file, profile);
      expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false, detail: { subject: 'op-atom' } });
      expect(failure.message).toBe(
        '“0001AB.MXF” is only the picture of a P2 clip, and no sound file of it is on this card. Join its tracks into ' +
          'one file with the camera maker’s or editing software, then make the proxy of that.',
      );
    }
  });

  it('AVCHD: names the parts of a recording that the camera split, and takes one that was not', async () => {
    const [streams, lists] = [join(card, 'BDMV', 'STREAM'), join(card, 'BDMV', 'PLAYLIST')];
    await mkdir(streams, { recursive: true });
    await mkdir(lists, { recursive: true });
    const source = await interlaced();
    for (const name of ['00001', '00002', '00003']) await cp(source, join(streams, `${name}.MTS`));
    await writeFile(
      join(lists, '00000.MPL'),
      playlist([
        ['00001', 1],
        ['00002', 1],
        ['00003', 6],
      ]),
    );
    const failure = await failureOf(join(streams, '00003.MTS'));
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false });
    expect(failure.message).toContain('part 2 of 2 of one recording that the camera split (AVCHD 00002, 00003)');
    await using proxy = await makeProxy(join(streams, '00001.MTS'));
    expect(proxy.success.artifacts).toHaveLength(1);
  });

  it('AVCHD: follows no link to a playlist or to a folder of them', async () => {
    const [streams, elsewhere] = [join(card, 'linked', 'STREAM'), join(card, 'elsewhere')];
    await mkdir(streams, { recursive: true });
    await mkdir(elsewhere);
    await cp(await interlaced(), join(streams, '00002.MTS'));
    const split = playlist([
      ['00001', 1],
      ['00002', 6],
    ]);
    await writeFile(join(elsewhere, '00000.MPL'), split);
    const partOf = async (): Promise<unknown> => clipPart(join(streams, '00002.MTS'), probeOf([]));
    await symlink(elsewhere, join(card, 'linked', 'PLAYLIST'));
    expect(await partOf()).toBeNull();
    await rm(join(card, 'linked', 'PLAYLIST'));
    await mkdir(join(card, 'linked', 'PLAYLIST'));
    await symlink(join(elsewhere, '00000.MPL'), join(card, 'linked', 'PLAYLIST', '00000.MPL'));
    expect(await partOf()).toBeNull();
    await writeFile(join(card, 'linked', 'PLAYLIST', '00001.MPL'), split);
    expect(await partOf()).toMatchObject({ subject: 'spanned-clip' });
  });

  it('a transport stream that ends inside a packet is cut short, a bad spot in its middle is not', async () => {
    const whole = await pattern('whole.ts', '320x180', '25', 2);
    expect(await failureOf(await cut(whole, 'half.ts', 0.4987))).toMatchObject({
      code: 'SOURCE_UNREADABLE',
      retryable: false,
      message: expect.stringContaining('ends inside a packet of its transport stream') as string,
    });
    await using proxy = await makeProxy(whole);
    expect(proxy.success.warnings).toEqual([]);
    await using spotted = await makeProxy(await scribbled(whole, 'spot.ts', 0.5, 0.503, 0xff));
    expect(spotted.success.warnings).toMatchObject([{ code: 'SOURCE_DAMAGED' }]);
  });

  first(1).each([
    ['H.264', '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -threads 1 -bf 2 -g 25', [0.34, 0.5, 0.71]],
    ['MPEG-2 with sound', '-c:v mpeg2video -b:v 2M -g 15 -bf 2', [0.34, 0.52, 0.87]],
  ])('%s in whole packets that end inside a picture or a block of sound is cut short', async (name, codec, shares) => {
    const sound = name.includes('sound') ? '-f lavfi -i sine=r=48000:d=3 -c:a mp2' : '';
    const picture = '-f lavfi -i testsrc2=s=320x192:r=25:d=3';
    const whole = await made('whole.ts', `${picture} ${sound} ${codec}`.split(' ').filter(Boolean));
    for (const share of shares) {
      const half = await madeFrom(whole, 'half-whole.ts', `whole packets up to ${share}`, (bytes) =>
        bytes.subarray(0, Math.floor((bytes.length * share) / 188) * 188),
      );
      expect(await failureOf(half), `${name} at ${share}`).toMatchObject({
        code: 'SOURCE_UNREADABLE',
        retryable: false,
        message: expect.stringMatching(/ends inside (its last picture|a block of its transport stream)/) as string,
      });
    }
  });

  it('a programme stream that ends inside a picture is cut short', { tags: ['slow'] }, async () => {
    const whole = await pattern('whole.mpg', '320x192', '25', 3, '-c:v mpeg2video -b:v 2M -g 15 -bf 2'.split(' '));
    await using proxy = await makeProxy(whole);
    expect(proxy.success.warnings).toEqual([]);
    // At a sector of 2048 bytes, where copies stop.
    const half = await madeFrom(whole, 'half.mpg', 'half its sectors', (bytes) =>
      bytes.subarray(0, Math.floor(bytes.length / 2 / 2048) * 2048),
    );
    const failure = await failureOf(half);
    expect(failure).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(failure.message).toContain('ends inside its last picture');
  });
});
