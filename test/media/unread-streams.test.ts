import { describe, expect, it } from 'vitest';
import type { JobType } from '../../shared/job.ts';
import { JobFailure } from '../../shared/failure.ts';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { inspectMedia } from '../../electron/compose/work/plan-jobs.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';
import { levels, makeProxy, pictureOf, soundOf } from './proxy-run.ts';

const split = (text: string): string[] => text.split(' ');
const PICTURE = split('-f lavfi -i testsrc2=s=320x180:r=25:d=2');
const TONES = split('-f lavfi -i sine=f=500:r=44100:d=2,volume=12dB -f lavfi -i sine=f=900:r=44100:d=2');
const H264 = split('-c:v libx264 -preset ultrafast -pix_fmt yuv420p');

/** A listed track behind one that is not: the number of a stream in its file is not its number among those that are read. */
const oneOfTwo = (ending: string): Promise<string> =>
  made(`one-of-two.${ending}`, [
    ...[...PICTURE, ...TONES, ...split('-map 0 -map 1 -map 2'), ...H264],
    ...split('-c:a:0 tta -c:a:1 aac -disposition:a:0 default'),
  ]);
const onlyUnread = (): Promise<string> =>
  made('only-unread.mkv', [...PICTURE, ...TONES, ...H264, ...split('-c:a tta')]);
const sizedFor = split('-vf scale=320:180 -c:v cinepak');
const unreadPictureFile = (): Promise<string> =>
  made('cinepak.mov', [...PICTURE, ...TONES, ...sizedFor, ...split('-c:a aac')]);
const listed = (codec: string, more: string, ending = 'mkv'): Promise<string> =>
  made(`listed-${codec}.${ending}`, [...PICTURE, ...TONES, ...H264, ...split(`-c:a ${codec} ${more}`)]);

async function failureOf(jobType: JobType, path: string, profile?: string) {
  const rig = await rigFor(jobType, path, profile === undefined ? {} : { proxyProfile: profile });
  const executor = {
    generate_video_proxies: createProxyExecutor,
    generate_audio_waveform: createWaveformExecutor,
  } as const;
  try {
    if (jobType !== 'generate_video_proxies' && jobType !== 'generate_audio_waveform') throw new Error(jobType);
    await (executor[jobType]() as ReturnType<typeof createProxyExecutor>).execute(rig.context as never);
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  } finally {
    await rig.remove();
  }
  throw new Error('it succeeded');
}

describe.skipIf(NO_FFMPEG !== null)(`a stream that nobody reads ${NO_FFMPEG ?? ''}`, () => {
  it('leaves the pictures alone', async () => {
    const rig = await rigFor('generate_thumbnails', await oneOfTwo('mkv'));
    try {
      const { artifacts, warnings } = await createThumbnailExecutor().execute(rig.context);
      expect(artifacts).toHaveLength(1);
      expect(warnings).toEqual([]);
    } finally {
      await rig.remove();
    }
  });

  it('is left out of a review proxy and of a waveform, and named', async () => {
    const source = await oneOfTwo('mkv');
    await using proxy = await makeProxy(source);
    expect(pictureOf(proxy.probe).width).toBe(320);
    const [level = -99] = (await levels(proxy.file)).rms;
    expect(Math.abs(level - -21)).toBeLessThan(2);
    const warning = { code: 'SOUND_LEFT_OUT', count: 1 };
    expect(proxy.success.warnings).toMatchObject([warning]);
    expect(proxy.success.warnings[0]?.message).toBe('One sound track cannot be decoded and is left out: “tta” media.');
    const rig = await rigFor('generate_audio_waveform', source);
    try {
      const { warnings, outputs } = await createWaveformExecutor().execute(rig.context);
      expect(warnings).toMatchObject([warning]);
      const peak = outputs.waveform.samples[500] ?? 0;
      expect(Math.abs(peak - 0.125)).toBeLessThan(0.02);
    } finally {
      await rig.remove();
    }
  });

  it('makes a silent review proxy with a warning where it is all the sound there is, and no waveform', async () => {
    const source = await onlyUnread();
    await using proxy = await makeProxy(source);
    expect(proxy.probe.streams.map(({ type }) => type)).toEqual(['video']);
    expect(proxy.success.warnings.map(({ code }) => code)).toEqual(['SOUND_LEFT_OUT']);
    expect(await failureOf('generate_audio_waveform', source)).toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
      retryable: false,
      detail: { subject: 'tta' },
    });
    const { context, remove } = await rigFor('transcribe_audio', source);
    const tools = { ffprobe: () => Promise.resolve(context.tools.ffprobe), processes: () => context.processes };
    expect(await inspectMedia(source, tools)).toMatchObject({ picture: true, sound: true });
    await remove();
  });

  it('is no part of an editing proxy, which is refused by its name', async () => {
    const failure = await failureOf('generate_video_proxies', await oneOfTwo('mkv'), 'edit_prores_proxy_v1');
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false });
    expect(failure.message).toContain('its sound holds “tta” media, which cannot be decoded');
  });

  it('does not turn a film into its sound', async () => {
    const source = await unreadPictureFile();
    expect(await failureOf('generate_video_proxies', source)).toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
      detail: { subject: 'cinepak' },
    });
    const rig = await rigFor('generate_audio_waveform', source);
    try {
      expect((await createWaveformExecutor().execute(rig.context)).warnings).toEqual([]);
    } finally {
      await rig.remove();
    }
  });
});

describe.skipIf(NO_FFMPEG !== null)(`sound of discs and of Windows ${NO_FFMPEG ?? ''}`, () => {
  it.each([
    ['dca', '-strict -2 -ac 2', 'ts'],
    ['wmav2', '-b:a 128k -ac 2', 'mkv'],
  ])('%s is heard', isHeard);
  it.each([
    ['truehd', '-strict -2 -ar 48000 -ac 2', 'mkv'],
    ['mlp', '-strict -2 -ar 48000 -ac 2', 'mkv'],
    ['wmav1', '-b:a 128k -ac 2', 'avi'],
    ['wavpack', '-ac 2', 'mkv'],
  ])('%s is heard', { tags: ['slow'] }, isHeard);

  async function isHeard(codec: string, more: string, ending: string): Promise<void> {
    await using proxy = await makeProxy(await listed(codec, more, ending));
    expect(soundOf(proxy.probe).codec).toBe('aac');
    const [level = -99] = (await levels(proxy.file)).rms;
    expect(Math.abs(level - -9.07)).toBeLessThan(4);
    expect(proxy.success.warnings).toEqual([]);
  }
});
