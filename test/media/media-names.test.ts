import { describe, expect, it } from 'vitest';
import { codecName, formatName } from '../../electron/work/media/media-names.ts';
import { describeDifference } from '../../electron/work/media/parity-words.ts';
import { probeSource } from '../../electron/work/media/probe-source.ts';
import { JobFailure } from '../../shared/failure.ts';
import { made, madeFile, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

async function messageOf(path: string): Promise<string> {
  const rig = await rigFor('generate_video_proxies', path);
  try {
    await probeSource(rig.context);
  } catch (error) {
    if (error instanceof JobFailure) return `${error.failure.code}: ${error.failure.message}`;
    throw error;
  } finally {
    await rig.remove();
  }
  throw new Error(`${path} was read`);
}

describe('names of what is refused', () => {
  it.each([
    ['dca', 'DTS sound'],
    ['qtrle', 'QuickTime Animation video'],
    ['WMV3', 'Windows Media video'],
    ['zzzz', '“zzzz” media'],
  ])('calls the codec %s %s', (codec, name) => {
    expect(codecName(codec)).toBe(name);
  });

  it.each([
    ['asf', 'a Windows Media file (ASF)', true],
    ['jpegxl_pipe', 'a JPEG XL picture', false],
    ['srt', 'a subtitle file', false],
    ['qoi_pipe', 'a still image (QOI)', false],
    ['smjpeg', 'a file of the kind “smjpeg”', true],
  ])('calls the format %s %s', (format, name, isMedia) => {
    expect(formatName(format)).toEqual({ name, isMedia });
  });

  it.skipIf(NO_FFMPEG !== null)('never sends the owner of a subtitle file to a camera maker', async () => {
    const subtitles = await madeFile('said.srt', '1\n00:00:00,000 --> 00:00:01,000\nhello\n\n');
    expect(await messageOf(subtitles)).toBe(
      'UNSUPPORTED_MEDIA: “said.srt” is a subtitle file: there is no recording in it.',
    );
    const flash = await made('clip.flv', ['-f', 'lavfi', '-i', 'testsrc=s=160x120:r=5:d=1', '-c:v', 'flv1']);
    expect(await messageOf(flash)).toContain('is a Flash video, which this agent does not read; convert it to MOV');
  });
});

describe('a difference', () => {
  it('is told in words', () => {
    expect(describeDifference({ field: 'frame_count', expected: '150', actual: '152' })).toBe(
      'number of pictures: 152 instead of 150',
    );
    expect(describeDifference({ field: 'has_audio', expected: 'true', actual: 'false' })).toBe(
      'sound: no instead of yes',
    );
  });
});
