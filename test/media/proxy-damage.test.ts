import { describe, expect, it } from 'vitest';
import type { ChildEnd } from '../../electron/work/process/child.ts';
import { judgeEncoding } from '../../electron/work/executors/proxies-verdict.ts';
import { createDecodeErrorReader, damageWarning } from '../../electron/work/media/proxy-damage.ts';
import {
  emptyFile,
  h264Clip,
  mp3WithCover,
  NO_FFMPEG,
  photoFile,
  textAsMp4,
  truncatedClip,
} from '../support/made-media.ts';
import { failureOf, makeProxy, pictureTimes } from './proxy-run.ts';
import { beginningCut, cut, pattern, scribbled } from './proxy-sources.ts';

const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;
const whole = () => h264Clip({ name: 'whole.mp4', seconds: 4, more: ['-movflags', '+faststart'] });

describe.skipIf(NO_FFMPEG !== null)(`proxies of damaged sources${WITHOUT}`, () => {
  it.each<[string, () => Promise<string>]>([
    ['half an MP4', () => truncatedClip()],
    ['half a Matroska', async () => cut(await pattern('whole.mkv', '320x180', '25', 3), 'half.mkv', 0.5)],
    ['an MP3 whose header promises more', async () => cut(await mp3WithCover(), 'half.mp3', 0.6)],
    ['an MP4 with zeros from its middle on', async () => scribbled(await whole(), 'zeros.mp4', 0.5, 1, 0)],
    ['an MP4 with zeros in its middle', async () => scribbled(await whole(), 'hole.mp4', 0.2, 0.8, 0)],
    ['an MP4 of which only the header is whole', async () => scribbled(await whole(), 'header.mp4', 0.05, 1, 0x55)],
    ['text', textAsMp4],
    ['nothing', emptyFile],
  ])('are refused for %s', async (_, make) => {
    const failure = await failureOf(await make());
    expect(failure).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(failure.message).toMatch(/^“.+”.+\.$/);
  });

  it('are refused for stills, by content', async () => {
    expect(await failureOf(await photoFile('still.jpg'))).toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
      retryable: false,
    });
    expect(await failureOf(await photoFile('still.png'))).toMatchObject({ code: 'UNSUPPORTED_MEDIA' });
  });

  it('are refused for a profile nobody knows, by its name', async () => {
    const failure = await failureOf(await h264Clip(), 'video_review_9000p_v1');
    expect(failure).toMatchObject({ code: 'UNKNOWN_PROFILE', detail: { subject: 'video_review_9000p_v1' } });
  });

  it('are made of a source with a bad spot, with a warning', async () => {
    await using made = await makeProxy(await scribbled(await whole(), 'spot.mp4', 0.5, 0.505, 0xff));
    expect((await pictureTimes(made.file)).all.at(-1)).toBeCloseTo(3.96, 2);
    expect(made.success.warnings).toMatchObject([{ code: 'SOURCE_DAMAGED' }]);
    expect(made.success.warnings[0]?.count).toBeGreaterThan(0);
  });

  it('are made of a recording that begins in the middle of a GOP', async () => {
    const recording = await pattern('gop.ts', '320x180', '25', 4, ['-g', '50', '-bf', '2']);
    await using made = await makeProxy(await beginningCut(recording, 0.3));
    const { all } = await pictureTimes(made.file);
    expect(all[0]).toBe(0);
    expect(all.at(-1)).toBeGreaterThan(2);
  });
});

describe('judgeEncoding', () => {
  const judged = (end: ChildEnd, lines: readonly string[], frame = 0) => {
    const reader = createDecodeErrorReader();
    for (const line of lines) reader.line(line);
    const result = { end, stdout: Buffer.alloc(0), stderrTail: lines, command: ['ffmpeg', '-i', 'x'], wallMs: 1 };
    const last = { outTimeMs: frame * 40, frame, fps: 25, speed: 1, done: false };
    return judgeEncoding(
      { result, decodeErrors: reader.decodeErrors(), last, silences: [], decoded: new Map() },
      '/media/clip.mov',
    );
  };

  it('accepts code 0', () => {
    expect(judged({ kind: 'exited', code: 0 }, ['[h264 @ 0x1] [error] concealing 300 errors'], 10)).toBeNull();
  });

  it('blames the file when nothing in it decodes, the tool when it stopped on the way', () => {
    const lost = '[error] Error while decoding stream #0:0: Invalid data found when processing input';
    expect(judged({ kind: 'exited', code: 1 }, [lost])).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(judged({ kind: 'exited', code: 1 }, [lost], 10)).toMatchObject({ code: 'ENCODE_FAILED', retryable: true });
    expect(judged({ kind: 'signalled', signal: 'SIGSEGV' }, [], 10)).toMatchObject({ code: 'ENCODE_FAILED' });
    expect(judged({ kind: 'exited', code: 1 }, ["[fatal] Unknown encoder 'libx264'"])).toMatchObject({
      code: 'ENCODE_FAILED',
      detail: { command: ['ffmpeg', '-i', 'x'], lastLines: ["[fatal] Unknown encoder 'libx264'"], exitCode: 1 },
    });
  });

  it('blames the disk that is full and the share that went away, whatever the exit code', () => {
    expect(judged({ kind: 'exited', code: 1 }, ['[error] x.mp4: No space left on device'], 9)?.code).toBe('DISK_FULL');
    expect(judged({ kind: 'exited', code: 0 }, ['[error] /dev/fd/3: Input/output error'], 9)?.code).toBe(
      'STORAGE_UNAVAILABLE',
    );
  });

  it('passes on how a tool was ended', () => {
    expect(judged({ kind: 'stalled', afterMs: 120_000 }, [])?.code).toBe('STALLED');
    expect(judged({ kind: 'cancelled' }, [])?.code).toBe('CANCELLED');
  });
});

describe('complaints', () => {
  it('count errors and lost packets per stream, in the words of ffmpeg 5 and 7, and no warnings', () => {
    const reader = createDecodeErrorReader();
    for (const line of [
      '[h264 @ 0x55d] [error] error while decoding MB 10 3, bytestream -5',
      '[error] Error while decoding stream #0:1: Invalid data found when processing input',
      '[vist#0:0/h264 @ 0x55d] [error] Error submitting packet to decoder: Invalid data found when processing input',
      '[mp4 @ 0x55d] [warning] Non-monotonous DTS',
    ]) {
      reader.line(line);
    }
    expect(reader.decodeErrors()).toMatchObject({ errors: 3, lostPackets: { 0: 1, 1: 1 }, storageFailed: false });
    expect(damageWarning(reader.decodeErrors())).toMatchObject({ code: 'SOURCE_DAMAGED', count: 3 });
    expect(damageWarning(createDecodeErrorReader().decodeErrors())).toBeUndefined();
  });

  it('tell where', () => {
    let atMs: number | undefined;
    const reader = createDecodeErrorReader(() => atMs);
    const lost = '[error] Error while decoding stream #0:1: Invalid data found when processing input';
    reader.line(lost);
    expect(damageWarning(reader.decodeErrors())?.message).toBe(
      'The source is damaged in one place: picture or sound may be disturbed there.',
    );
    for (atMs of [12_400, 48_000, 3_661_000]) reader.line(lost);
    expect(damageWarning(reader.decodeErrors())?.message).toBe(
      'The source is damaged in 4 places, between about 0:12 and 1:01:01: picture or sound may be disturbed there.',
    );
  });
});
