import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import WaveformData from 'waveform-data';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { createWaveform, datHeader } from '../../electron/work/media/waveform-pcm.ts';
import { JobFailure } from '../../shared/failure.ts';
import { WaveformFacts } from '../../shared/facts.ts';
import * as media from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

async function waveform(path: string) {
  const rig = await rigFor('generate_audio_waveform', path);
  try {
    const success = await createWaveformExecutor().execute(rig.context);
    const facts = WaveformFacts.parse(success.outputs.waveform);
    const artifact = success.artifacts[0];
    if (artifact === undefined) throw new Error('no file');
    const bytes = await readFile(join(rig.context.workspace, artifact.file));
    expect(artifact).toMatchObject({
      kind: 'waveform',
      contentType: 'application/octet-stream',
      sizeBytes: bytes.length,
    });
    const dat = WaveformData.create(new Uint8Array(bytes).buffer);
    return { facts, dat, success, sha256: artifact.sha256, reported: rig.reported };
  } finally {
    await rig.remove();
  }
}

async function failureOf(path: string) {
  try {
    await waveform(path);
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
  throw new Error(`${path} succeeded`);
}

const split = (text: string): string[] => text.split(' ');

/** Constant or formula levels per channel, exactly representable in 16 bit where a test needs it. */
function levels(name: string, formula: string, seconds: number, more: readonly string[] = []): Promise<string> {
  return media.made(name, [
    '-f',
    'lavfi',
    '-i',
    `aevalsrc='${formula}':s=48000:d=${seconds}`,
    '-c:a',
    'pcm_s16le',
    ...more,
  ]);
}

describe.skipIf(media.NO_FFMPEG !== null)(`waveforms ${media.NO_FFMPEG ?? ''}`, () => {
  it('writes an audiowaveform file with 256 samples a pixel, channels apart', async () => {
    // 48,000 frames: 187 full pixels and a part of one.
    const { dat, facts } = await waveform(await levels('apart.wav', '0.5|-0.25', 1));
    expect(dat.bits).toBe(8);
    expect(dat).toMatchObject({ sample_rate: 48_000, scale: 256, length: 188, channels: 2 });
    expect([dat.channel(0).max_sample(5), dat.channel(0).min_sample(187)]).toEqual([64, 64]);
    expect([dat.channel(1).max_sample(5), dat.channel(1).min_sample(187)]).toEqual([-32, -32]);
    expect(facts).toMatchObject({ duration_ms: 1000, bucket_count: 1000, channels: 2, sample_rate: 48_000 });
    expect(new Set(facts.samples)).toEqual(new Set([0.5]));
  });

  it('puts each peak into its bucket', async () => {
    // One loud millisecond at 0.5 s of 2 s: bucket 250 of 1000, frames 24,000 to 24,072, nothing else.
    const { facts, dat } = await waveform(await levels('click.wav', `if(between(t,0.5,0.5015),0.75,0)`, 2));
    expect(facts.samples.flatMap((value, i) => (value > 0 ? [[i, value]] : []))).toEqual([[250, 0.75]]);
    const loud = Array.from({ length: dat.length }, (_, i) => dat.channel(0).max_sample(i)).flatMap((v, i) =>
      v > 0 ? [i] : [],
    );
    expect(loud).toEqual([93, 94]);
  });

  it('does not take anti-phase stereo for silence, and draws silence as zeros', async () => {
    const anti = await waveform(await levels('anti.wav', 'sin(2*PI*440*t)/2|-sin(2*PI*440*t)/2', 1));
    expect(Math.min(...anti.facts.samples)).toBeGreaterThan(0.02);
    expect(Math.max(...anti.facts.samples)).toBeCloseTo(0.5, 2);
    const silence = await waveform(await levels('silence.wav', '0|0', 1));
    expect(silence.facts.samples.every((value) => value === 0)).toBe(true);
    expect(silence.facts.samples).toHaveLength(1000);
  });

  it('shows the extremes of more than two channels, never their sum', async () => {
    const { dat, facts } = await waveform(await levels('six.wav', '0.25|0.25|0.5|-0.75|0.25|0.25', 1));
    expect(dat.channels).toBe(1);
    expect([dat.channel(0).max_sample(10), dat.channel(0).min_sample(10)]).toEqual([64, -96]);
    expect(facts.samples[500]).toBe(0.75);
    expect(facts.channels).toBe(6);
  });

  it('hears any one of eight mono tracks, and all are silent when none is loud', async () => {
    for (const loud of [0, 7]) {
      const { facts } = await waveform(await media.eightMonoTracks(loud));
      expect(Math.max(...facts.samples)).toBeCloseTo(0.125, 2);
      expect(facts.channels).toBe(8);
    }
    expect(Math.max(...(await waveform(await media.eightMonoTracks(-1))).facts.samples)).toBe(0);
  });

  it('keeps two mono tracks apart, padded to the longer one', async () => {
    const path = await media.made('dual.mov', [
      ...split('-f lavfi -i aevalsrc=0.5:s=48000:d=1 -f lavfi -i aevalsrc=0.25:s=48000:d=2'),
      ...split('-map 0 -map 1 -c:a pcm_s16le'),
    ]);
    const { dat, facts } = await waveform(path);
    expect(dat.channels).toBe(2);
    expect([dat.channel(0).max_sample(50), dat.channel(0).max_sample(300)]).toEqual([64, 0]);
    expect([dat.channel(1).max_sample(50), dat.channel(1).max_sample(300)]).toEqual([32, 32]);
    expect(facts.duration_ms).toBe(2000);
  });

  it('lies under the picture: a late start is silence', async () => {
    const path = await media.made('late.mkv', [
      ...split('-f lavfi -i testsrc2=s=160x90:r=25:d=3 -itsoffset 1 -f lavfi -i sine=r=48000:d=2'),
      ...split('-map 0 -map 1 -c:v libx264 -c:a pcm_s16le'),
    ]);
    const { facts } = await waveform(path);
    expect(facts.duration_ms).toBe(3000);
    expect(Math.max(...facts.samples.slice(0, 330))).toBe(0);
    expect(Math.min(...facts.samples.slice(340))).toBeGreaterThan(0.1);
  });

  it.each(['ts', 'mpg'])('lies under the picture of a stream of packets, too (%s)', async (ending) => {
    const path = await media.made(`late-sound.${ending}`, [
      ...split('-f lavfi -i testsrc2=s=160x90:r=25:d=4 -itsoffset 1.5 -f lavfi -i sine=r=48000:d=2.5'),
      ...split('-map 0 -map 1 -c:v mpeg2video -c:a mp2'),
    ]);
    const { facts } = await waveform(path);
    expect(Math.abs(facts.duration_ms - 4000)).toBeLessThan(100);
    const at = (seconds: number): number => facts.samples[Math.round((seconds * 1e6) / facts.duration_ms)] ?? -1;
    expect(at(1.3)).toBeLessThan(0.01);
    expect(at(1.7)).toBeGreaterThan(0.1);
  });

  it.each([
    ['aac.m4a', ['-c:a', 'aac'], 'aac_fixed'],
    ['tone.mp3', ['-c:a', 'libmp3lame'], 'mp3'],
    ['tone.mkv', ['-c:a', 'ac3'], 'ac3_fixed'],
    ['tone.flac', ['-c:a', 'flac'], 'flac'],
    ['tone.opus', ['-c:a', 'libopus'], 'opus'],
  ])(
    'makes the same bytes twice from %s, by a fixed-point decoder where there is one',
    async (name, codec, decoder) => {
      const path = await media.made(name, ['-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=2', '-ac', '2', ...codec]);
      const [first, second] = [await waveform(path), await waveform(path)];
      expect(second.sha256).toBe(first.sha256);
      expect(second.facts).toEqual(first.facts);
      expect(first.success.metrics['decoders']).toEqual([decoder]);
      expect(Math.max(...first.facts.samples)).toBeCloseTo(0.0884, 1);
      expect(first.success.warnings).toEqual([]);
    },
  );

  it('stays flat in memory over three hours', { tags: ['slow'] }, async () => {
    const path = await media.made('three-hours.mkv', ['-f', 'lavfi', '-i', 'sine=r=8000:d=10800', '-c:a', 'pcm_s16le']);
    global.gc?.();
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
    const { facts, dat, reported } = await waveform(path);
    clearInterval(watch);
    console.log(`three hours: ${((peak - before) / 1e6).toFixed(0)} MB above the start`);
    expect(facts.duration_ms).toBe(10_800_000);
    expect(dat.length).toBe(337_500);
    expect(peak - before).toBeLessThan(80e6);
    expect(reported.filter((entry) => typeof entry === 'number').length).toBeGreaterThan(10);
  });

  it('fails by name: no sound, no media, cut short', async () => {
    expect(await failureOf(await media.silentClip())).toMatchObject({ code: 'NO_AUDIO_TRACK', retryable: false });
    expect(await failureOf(await media.textAsMp4())).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(await failureOf(await media.truncatedClip())).toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  it('passes its own proof, and the proof can fail', async () => {
    const { proof } = createWaveformExecutor();
    const { success } = await waveform(await media.made(proof.sample.fileName, proof.sample.args));
    expect(proof.check(success)).toBeNull();
    const quiet = { ...success.outputs.waveform, samples: success.outputs.waveform.samples.map(() => 0) };
    expect(proof.check({ ...success, outputs: { ...success.outputs, waveform: quiet } })).toContain('0.125');
  });
});

describe('arithmetic', () => {
  const pcm = (samples: number[]): Buffer => Buffer.from(Int16Array.from(samples).buffer);

  it('gives what one plain loop over all samples gives, for any number of channels', () => {
    const source = fc.record({
      channels: fc.integer({ min: 1, max: 9 }),
      samples: fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 1, maxLength: 6000 }),
      cut: fc.integer({ min: 1, max: 5000 }),
    });
    fc.assert(
      fc.property(source, ({ channels, samples, cut }) => {
        const bytes = pcm(samples);
        const waveform = createWaveform(channels);
        for (let at = 0; at < bytes.length; at += cut) waveform.push(bytes.subarray(at, at + cut));
        waveform.finish();
        const rows = channels === 2 ? 2 : 1;
        const frames = Math.floor(samples.length / channels);
        const pixels = Array.from({ length: Math.ceil(frames / 256) }, (_, pixel) =>
          Array.from({ length: rows }, (__, row) => {
            const shown = samples
              .slice(pixel * 256 * channels, Math.min(frames, (pixel + 1) * 256) * channels)
              .filter((___, i) => i % rows === row);
            return [Math.min(...shown), Math.max(...shown)].map((level) => Math.trunc(level / 256) & 0xff);
          }),
        );
        expect([...waveform.takePixels()]).toEqual(pixels.flat(2));
        const whole = samples.slice(0, frames * channels);
        const peak = frames === 0 ? 0 : Math.max(0, ...whole.map(Math.abs));
        expect(waveform.buckets(1)[0]).toBeCloseTo(Math.min(1, peak / 32_768), 4);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same result however the bytes are cut', () => {
    const samples = Array.from({ length: 3001 * 3 }, (_, i) => ((i * 7919) % 60_000) - 30_000);
    const whole = pcm(samples);
    const drawn = [whole.length, 1, 7, 1000].map((size) => {
      const waveform = createWaveform(3);
      for (let at = 0; at < whole.length; at += size) waveform.push(whole.subarray(at, at + size));
      waveform.finish();
      return { dat: waveform.takePixels().toString('hex'), buckets: waveform.buckets(100), frames: waveform.frames };
    });
    expect(drawn[0]?.frames).toBe(3001);
    for (const other of drawn.slice(1)) expect(other).toEqual(drawn[0]);
  });

  it('keeps buckets right when its bins have doubled', () => {
    const waveform = createWaveform(1);
    const chunk = 100_000;
    for (let i = 0; i < 20; i++) waveform.push(pcm(Array.from({ length: chunk }, () => (i + 1) * 1000)));
    waveform.finish();
    const buckets = waveform.buckets(20);
    // A bin that lies across a boundary counts for both sides: at most the next step's level, never another.
    for (const [i, value] of buckets.entries()) {
      expect([(i + 1) * 1000, (i + 2) * 1000].map((level) => Math.round((level / 32_768) * 1e4) / 1e4)).toContain(
        value,
      );
    }
    expect(buckets.at(-1)).toBeCloseTo(20_000 / 32_768, 3);
  });

  it('fills all buckets from fewer samples', () => {
    const waveform = createWaveform(1);
    waveform.push(pcm([16_384, -32_768]));
    waveform.finish();
    expect(waveform.buckets(4)).toEqual([0.5, 0.5, 1, 1]);
    expect([...waveform.takePixels()]).toEqual([0x80, 64]);
    expect(datHeader(8000, waveform).toString('hex')).toBe('0200000001000000401f0000000100000100000001000000');
  });
});
