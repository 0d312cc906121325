import { describe, expect, it } from 'vitest';
import { editColour } from '../../electron/work/media/proxy-edit-colour.ts';
import { parseReadBack } from '../../electron/work/media/proxy-readback.ts';
import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { hasEncoder, made } from '../support/made-media.ts';
import { mediaInfo, NO_MEDIAINFO } from './matrix-reading.ts';
import { makeProxy } from './proxy-run.ts';
import { video } from './proxy-streams.ts';

const H264 = PROXY_PROFILES.edit_h264_half_v1;
const PRORES = PROXY_PROFILES.edit_prores_proxy_v1;

/** Primaries, transfer and matrix by ffprobe's decoder and by MediaInfo. */
async function coloursOf(source: string, profile: string) {
  await using proxy = await makeProxy(source, profile);
  const facts = proxy.success.metrics['proxy_facts'] as Record<string, unknown>;
  const said = [facts['color_primaries'], facts['color_transfer'], facts['color_space']].join();
  if (NO_MEDIAINFO !== null) return { said, mediaInfo: 'not asked' };
  const [picture] = (await mediaInfo(proxy.file))('Video');
  const names = ['colour_primaries', 'transfer_characteristics', 'matrix_coefficients'] as const;
  return { said, mediaInfo: names.map((name) => picture?.(name)).join() };
}

describe.skipIf(!hasEncoder('libx264'))('colours of standard definition', () => {
  it.each([
    ['ntsc', 'smpte170m', 'smpte170m', 'smpte170m', 'BT.601 NTSC,BT.601,BT.601'],
    ['pal', 'bt470bg', 'smpte170m', 'bt470bg', 'BT.601 PAL,BT.601,BT.470 System B/G'],
  ])('%s keep their names', async (name, primaries, transfer, matrix, informed) => {
    const tags = `setparams=range=tv:color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`;
    const source = await made(`sd-${name}.mp4`, [
      ...'-f lavfi -i testsrc2=s=320x192:r=25:d=0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p'.split(' '),
      ...['-vf', tags],
    ]);
    const expected = { said: `${primaries},${transfer},${matrix}`, mediaInfo: informed };
    const found = await coloursOf(source, H264.name);
    expect(found).toEqual(NO_MEDIAINFO === null ? expected : { ...expected, mediaInfo: 'not asked' });
  });

  it('whose matrix alone is named give a ProRes proxy that names it', async () => {
    const source = await made('sd-matrix.mp4', [
      ...'-f lavfi -i testsrc2=s=320x192:r=25:d=0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p'.split(' '),
      ...['-vf', 'setparams=range=tv:colorspace=smpte170m'],
    ]);
    expect((await coloursOf(source, PRORES.name)).said).toBe(',,smpte170m');
  });
});

describe.skipIf(!hasEncoder('libx264'))('a wide gamut whose matrix alone is named', () => {
  it.each([PROXY_PROFILES.edit_dnxhr_lb_v1.name, PRORES.name, H264.name])('is named by %s', async (profile) => {
    const source = await made('wide-matrix.mp4', [
      ...'-f lavfi -i testsrc2=s=320x192:r=25:d=0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p'.split(' '),
      ...['-vf', 'scale=out_color_matrix=bt2020,format=yuv420p,setparams=range=tv:colorspace=bt2020nc'],
    ]);
    const found = await coloursOf(source, profile);
    expect(found.said).toBe(',,bt2020nc');
    if (NO_MEDIAINFO === null) expect(found.mediaInfo).toMatch(/BT\.2020 non-constant$/);
  });
});

describe('editColour', () => {
  it.each([
    ['smpte170m', H264, 'smpte170m'],
    ['bt470bg', H264, 'bt470bg'],
    ['bt470bg', PRORES, 'smpte170m'],
    ['smpte240m', PRORES, 'bt709'],
  ])('names %s as the codec can: %#', (colorSpace, profile, matrix) => {
    expect(editColour(video({ colorSpace }), profile).matrix).toBe(matrix);
  });
});

describe('a proxy read back', () => {
  it('has the colours of its frames where its header names none', () => {
    const frame = { stream_index: 0, pts_time: '0.0', interlaced_frame: 0, top_field_first: 0 };
    const read = (stream: object, colours: object) => {
      const json = {
        format: { format_name: 'mov' },
        streams: [{ index: 0, codec_type: 'video', codec_name: 'prores', ...stream }],
        frames: [{ ...frame, ...colours }],
      };
      const [first] = parseReadBack(JSON.stringify(json)).probe.streams;
      return first?.type === 'video' ? [first.colorSpace, first.colorTransfer] : [];
    };
    expect(read({}, { color_space: 'bt709', color_transfer: 'unknown' })).toEqual(['bt709', undefined]);
    expect(read({ color_space: 'bt2020nc' }, { color_space: 'bt709' })).toEqual(['bt2020nc', undefined]);
  });
});
