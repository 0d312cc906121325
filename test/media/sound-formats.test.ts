import { execFile } from 'node:child_process';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { decodeSound } from '../../electron/work/executors/transcribe-sound.ts';
import { probeSource } from '../../electron/work/media/probe-source.ts';
import { audioStreams } from '../../electron/work/media/probe.ts';
import { joinReaders } from '../../electron/work/media/source-readers.ts';
import { commonLayout, createFormatWatch } from '../../electron/work/media/sound-formats.ts';
import { checkSilence, createSilenceReader } from '../../electron/work/media/sound-silence.ts';
import { WaveformFacts } from '../../shared/facts.ts';
import { FFMPEG, made, madeFile, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';
import { makeProxy } from './proxy-run.ts';

const run = promisify(execFile);
const course = async (context: Parameters<typeof joinReaders>[0]) => ({
  reader: await joinReaders(context),
  onProgress: () => undefined,
});
const split = (text: string): string[] => text.split(' ');

/** One second of a tone in every two, in one speaker; `more` encodes it. */
function part(name: string, seconds: number, pan: string, more: string, offset = 0, picture = true): Promise<string> {
  const tone = `aevalsrc='0.4*sin(2*PI*500*t)*lt(mod(t,2),1)':s=48000:d=${seconds},pan=${pan}`;
  return made(name, [
    ...(picture ? ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${seconds}`] : []),
    ...['-f', 'lavfi', '-i', tone],
    ...(picture ? split('-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p') : []),
    ...split(more),
    ...(picture ? split(`-output_ts_offset ${offset} -muxdelay 0`) : []),
  ]);
}

async function joined(name: string, parts: readonly string[]): Promise<string> {
  return madeFile(name, Buffer.concat(await Promise.all(parts.map((path) => readFile(path)))));
}

/** Mono, then 5.1 with sound in the centre alone, then stereo with sound to the right alone. */
const threeLayouts = async (): Promise<string> =>
  joined('three-layouts.ts', [
    await part('layouts-a.ts', 6, 'mono|c0=c0', '-c:a eac3'),
    await part('layouts-b.ts', 6, '5.1(side)|FC=c0', '-c:a eac3', 6),
    await part('layouts-c.ts', 6, 'stereo|FR=c0', '-c:a eac3', 12),
  ]);

const twoRates = async (): Promise<string> =>
  joined('two-rates.mp3', [
    await part(
      'rates-a.mp3',
      6,
      'stereo|c0=c0|c1=c0',
      '-c:a libmp3lame -b:a 96k -write_xing 0 -id3v2_version 0',
      0,
      false,
    ),
    await part(
      'rates-b.mp3',
      6,
      'stereo|c0=c0|c1=c0',
      '-ar 44100 -c:a libmp3lame -b:a 96k -write_xing 0 -id3v2_version 0',
      0,
      false,
    ),
  ]);

/** Peak of each second of each channel, 0..1, written apart from the agent's readers. */
async function seconds(file: string, channels: number): Promise<readonly (readonly number[])[]> {
  const raw = ['-v', 'error', '-i', file, '-map', '0:a:0', '-af', 'aresample=async=1:first_pts=0', '-f', 'f32le', '-'];
  const { stdout } = await run(FFMPEG, raw, { encoding: 'buffer', maxBuffer: 256 << 20 });
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength));
  const rate = 48_000 * channels;
  return Array.from({ length: Math.floor(samples.length / rate) }, (_, second) =>
    Array.from({ length: channels }, (_channel, channel) => {
      let peak = 0;
      // The middle of each second: what leaks over its edges is not looked at.
      for (let at = second * rate + rate / 5 + channel; at < (second + 0.8) * rate; at += channels) {
        peak = Math.max(peak, Math.abs(samples[at] ?? 0));
      }
      return peak;
    }),
  );
}

const LOUD = 0.2;
const SILENT = 0.01;

describe.skipIf(NO_FFMPEG !== null)(`sound that changes its format ${NO_FFMPEG ?? ''}`, () => {
  it('is heard in a review proxy from its first second to its last, in every speaker', async () => {
    await using proxy = await makeProxy(await threeLayouts());
    const heard = await seconds(proxy.file, 2);
    expect(heard.length).toBeGreaterThanOrEqual(17);
    for (const [second, [left = 0, right = 0]] of heard.slice(0, 18).entries()) {
      const isLoud = second % 2 === 0;
      const expectedLeft = isLoud && second < 12;
      expect({ second, left: left > LOUD }).toEqual({ second, left: expectedLeft });
      expect({ second, right: right > LOUD }).toEqual({ second, right: isLoud });
      if (!isLoud) expect(Math.max(left, right)).toBeLessThan(SILENT);
    }
    expect(proxy.success.warnings).toMatchObject([{ code: 'SOUND_FORMAT_CHANGES' }]);
    expect(proxy.success.warnings[0]?.message).toContain('mono, 5.1(side), stereo');
  });

  it('keeps the channels that the container declares in an editing proxy, and is heard in them', async () => {
    await using proxy = await makeProxy(await threeLayouts(), 'edit_prores_proxy_v1');
    const heard = await seconds(proxy.file, 1);
    expect(heard.slice(0, 18).map(([level = 0]) => level > LOUD)).toEqual(
      Array.from({ length: 18 }, (_, second) => second % 2 === 0),
    );
    expect(proxy.success.warnings.map(({ code }) => code)).toContain('SOUND_FORMAT_CHANGES');
  });

  it('is heard in the proxy of a recording of sound alone whose rate changes', async () => {
    await using proxy = await makeProxy(await twoRates());
    const heard = await seconds(proxy.file, 2);
    expect(heard.slice(0, 12).map(([left = 0]) => left > LOUD)).toEqual(
      Array.from({ length: 12 }, (_, second) => second % 2 === 0),
    );
  });

  it.each([threeLayouts, twoRates])('is drawn under its picture, and lasts as long (%#)', async (source) => {
    const path = await source();
    const rig = await rigFor('generate_audio_waveform', path);
    try {
      const { outputs, warnings } = await createWaveformExecutor().execute(rig.context);
      const facts = WaveformFacts.parse(outputs.waveform);
      const length = path.endsWith('.ts') ? 18 : 12;
      expect(Math.abs(facts.duration_ms / 1000 - length)).toBeLessThan(0.2);
      for (let second = 0; second < length; second++) {
        const at = Math.floor(((second + 0.5) * 1000 * facts.bucket_count) / facts.duration_ms);
        expect({ second, loud: (facts.samples[at] ?? 0) > LOUD }).toEqual({ second, loud: second % 2 === 0 });
      }
      expect(warnings.map(({ code }) => code)).toContain('SOUND_FORMAT_CHANGES');
    } finally {
      await rig.remove();
    }
  });

  it('reaches the speech engine at its own moments', async () => {
    const rig = await rigFor('transcribe_audio', await threeLayouts());
    try {
      const probe = await probeSource(rig.context);
      const sound = await decodeSound(rig.context, probe, audioStreams(probe), await course(rig.context));
      expect(sound.changes?.code).toBe('SOUND_FORMAT_CHANGES');
      const pcm = await readFile(sound.pcmPath);
      for (let second = 0; second < 18; second++) {
        let peak = 0;
        for (let at = second * 16_000 + 4000; at < second * 16_000 + 12_000; at++) {
          peak = Math.max(peak, Math.abs(pcm.readInt16LE(at * 2)) / 32_768);
        }
        expect({ second, loud: peak > 0.1 }).toEqual({ second, loud: second % 2 === 0 });
      }
      await expect(stat(join(rig.context.workspace, 'settled-sound.nut'))).rejects.toThrow();
      await rm(sound.pcmPath);
    } finally {
      await rig.remove();
    }
  });
});

it.skipIf(NO_FFMPEG)('a cut MP3 has one verdict, whoever listens', async () => {
  const sound = await made('whole.mp3', split('-f lavfi -i sine=d=20 -c:a libmp3lame -b:a 96k -id3v2_version 0'));
  const whole = await readFile(sound);
  const path = await madeFile('cut.mp3', whole.subarray(0, whole.length / 2));
  const drawn = await rigFor('generate_audio_waveform', path);
  const heard = await rigFor('transcribe_audio', path);
  const probe = await probeSource(heard.context);
  const verdict = { failure: { code: 'SOURCE_UNREADABLE', message: expect.stringContaining('is cut short') } };
  await expect(createWaveformExecutor().execute(drawn.context)).rejects.toMatchObject(verdict);
  await expect(
    decodeSound(heard.context, probe, audioStreams(probe), await course(heard.context)),
  ).rejects.toMatchObject(verdict);
  await drawn.remove();
  await heard.remove();
});

describe('what is heard', () => {
  const span = (start: number, end: number) => ({ start, end });

  it('is lost where the file is silent and the mix was not', () => {
    expect(checkSilence({ mix: [], proxy: [span(20, 30)] })).toEqual({
      expected: 'sound at 20.0 s',
      actual: 'silence',
    });
    expect(checkSilence({ mix: [span(0, 5)], proxy: [span(0, 5.05)] })).toBeNull();
    expect(checkSilence({ mix: [span(0, 5), span(9, 20)], proxy: [span(0, 20)] })).not.toBeNull();
    expect(checkSilence({ mix: [span(3, Number.POSITIVE_INFINITY)], proxy: [span(4, 9)] })).toBeNull();
  });

  it('is read from ffmpeg’s lines', () => {
    const reader = createSilenceReader();
    reader.line('[silencedetect @ 0x55] [info] silence_start: 1.5');
    reader.line('[silencedetect @ 0x55] [info] silence_end: 4 | silence_duration: 2.5');
    reader.line('[silencedetect @ 0x55] [info] silence_start: 8');
    expect(reader.spans()).toEqual([span(1.5, 4), span(8, Number.POSITIVE_INFINITY)]);
  });
});

describe('a format watch', () => {
  it('sees the second building of a graph in the words of each version', () => {
    for (const name of ['graph_0_in_0_1', 'graph_0_in_0:1', 'graph_-1_in_0:1']) {
      const watch = createFormatWatch();
      const said = `[${name} @ 0x5] [verbose] tb:1/48000 samplefmt:fltp samplerate:48000 chlayout:`;
      watch.line(`${said}stereo`);
      watch.line('[graph 0 input from stream 0:0 @ 0x5] [verbose] w:160 h:90 pixfmt:yuv420p tb:1/90000');
      expect(watch.rebuilt).toBe(false);
      watch.line(`${said}5.1(side)`);
      expect(watch.rebuilt).toBe(true);
      expect([...watch.formats]).toEqual([[1, ['stereo', '5.1(side)']]]);
    }
  });

  it('finds the layout that holds all others, and a place for every speaker', () => {
    expect(commonLayout(['mono', 'stereo'])).toEqual({
      name: 'stereo',
      channels: 2,
      pan: 'pan=stereo|FL=FL+FC+0.7071*BL+0.7071*SL+0.5*BC|FR=FR+FC+0.7071*BR+0.7071*SR+0.5*BC',
    });
    expect(commonLayout(['stereo', '5.1(side)', '5.1']).pan).toBe(
      'pan=5.1(side)|FL=FL|FR=FR|FC=FC|LFE=LFE|SL=SL+BL+0.7071*BC|SR=SR+BR+0.7071*BC',
    );
    expect(commonLayout(['10 channels', 'stereo'])).toMatchObject({ name: undefined, channels: 10 });
    expect(commonLayout(['mono', '5.1'], 'mono')).toMatchObject({ name: 'mono', channels: 1 });
  });
});
