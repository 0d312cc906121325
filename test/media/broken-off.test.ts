import { describe, expect, it } from 'vitest';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { made, madeFrom, NO_FFMPEG } from '../support/made-media.ts';
import { failureOf, makeProxy, pictureTimes } from './proxy-run.ts';
import { rigFor } from './probe-context.ts';

/** Six seconds in pieces of one second, as programs record that want to survive a crash. */
function inPieces(name: string, flags: readonly string[]): Promise<string> {
  return made(name, [
    ...['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25:d=6', '-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=6'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25', '-bf', '0', '-c:a', 'aac'],
    ...flags,
  ]);
}

/** Where the boxes of a type begin. */
function boxes(bytes: Buffer, type: string): number[] {
  const found: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) === type) found.push(at);
  }
  return found;
}

const CRASH_PROOF = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'];

type Place = 'within the pictures' | 'before the pictures' | 'within the list of a piece' | 'within the first piece';

function breakOff(whole: string, place: Place): Promise<string> {
  return madeFrom(whole, `${place.replaceAll(' ', '-')}-${whole.split('/').pop()}`, place, (bytes) => {
    const [data, lists] = [boxes(bytes, 'mdat'), boxes(bytes, 'moof')];
    const fourth = data[3] ?? 0;
    const ends: Readonly<Record<Place, number>> = {
      'within the pictures': fourth + (bytes.readUInt32BE(fourth) >> 1),
      'before the pictures': fourth + 4,
      'within the list of a piece': (lists.find((at) => at > (data[2] ?? 0)) ?? 0) + 200,
      'within the first piece': (data[0] ?? 0) + 500,
    };
    return bytes.subarray(0, ends[place]);
  });
}

describe.skipIf(NO_FFMPEG !== null)(`a recording in pieces that a crash broke off ${NO_FFMPEG ?? ''}`, () => {
  it.each<[Place, string, readonly string[]]>([
    ['within the pictures', 'pieces.mp4', CRASH_PROOF],
    ['before the pictures', 'pieces.mov', ['-movflags', 'frag_keyframe+empty_moov']],
    ['within the pictures', 'behind.mp4', ['-movflags', 'frag_keyframe']],
  ])('%s is taken up to there, and said', async (place, name, flags) => {
    const path = await breakOff(await inPieces(name, flags), place);
    const warning = { code: 'RECORDING_BROKEN_OFF', message: expect.stringContaining('its last piece is not whole') };
    await using proxy = await makeProxy(path);
    const { all } = await pictureTimes(proxy.file);
    // Three whole pieces, and of the fourth what is there.
    expect(all.length).toBeGreaterThanOrEqual(74);
    expect(all.length).toBeLessThan(99);
    expect(proxy.success.warnings).toContainEqual(warning);
    expect(proxy.success.facts?.duration_ms).toBeLessThan(4000);

    await using sound = await rigFor('generate_audio_waveform', path);
    const { outputs, warnings } = await createWaveformExecutor().execute(sound.context);
    expect(warnings).toContainEqual(warning);
    expect(outputs.waveform.duration_ms).toBeGreaterThan(2900);

    await using pictures = await rigFor('generate_thumbnails', path, { thumbnailProfile: 'video_storyboard_v1' });
    const { outputs: shown } = await createThumbnailExecutor().execute(pictures.context);
    expect(shown.thumbs).toHaveLength(10);
    expect(Math.max(...shown.thumbs.map(({ facts }) => facts.time_ms))).toBeLessThan(4000);
  });

  it('has an editing proxy where it broke off between pictures, and none within one, by name', async () => {
    const whole = await inPieces('pieces.mp4', CRASH_PROOF);
    await using made = await makeProxy(await breakOff(whole, 'before the pictures'), 'edit_h264_half_v1');
    expect((await pictureTimes(made.file)).all).toHaveLength(75);
    const torn = await failureOf(await breakOff(whole, 'within the pictures'), 'edit_h264_half_v1');
    expect(torn).toMatchObject({ code: 'UNSUPPORTED_MEDIA', detail: { subject: 'edit_h264_half_v1' } });
    expect(torn.message).toContain('a crash broke the recording off within a picture; make a review proxy');
  });

  it('is as good as a Matroska in that state', async () => {
    const whole = await inPieces('live.mkv', ['-live', '1']);
    const crashed = await madeFrom(whole, 'crashed.mkv', 'cut', (bytes) => bytes.subarray(0, (bytes.length * 5) >> 3));
    await using proxy = await makeProxy(crashed);
    expect((await pictureTimes(proxy.file)).all.length).toBeGreaterThan(75);
  });

  it.each<[string, Place, string, readonly string[]]>([
    [
      'its table promises more',
      'within the pictures',
      'table.mp4',
      ['-movflags', 'frag_keyframe+empty_moov+dash+global_sidx'],
    ],
    [
      'its table promises more pieces',
      'before the pictures',
      'table.mp4',
      ['-movflags', 'frag_keyframe+empty_moov+dash+global_sidx'],
    ],
    ['the list of a piece is torn', 'within the list of a piece', 'pieces.mp4', CRASH_PROOF],
    ['not one piece is whole', 'within the first piece', 'pieces.mp4', CRASH_PROOF],
  ])('is not complete where %s', async (_, place, name, flags) => {
    const failure = await failureOf(await breakOff(await inPieces(name, flags), place));
    expect(failure).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(failure.message).toMatch(/cut short|not complete|broken off within the list of its last piece/);
    expect(failure.message).toContain('copy it again');
  });
});
