import { describe, expect, it } from 'vitest';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { probeSource } from '../../electron/work/media/probe-source.ts';
import { h264Clip, made, madeFrom, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

const clip = (): Promise<string> => h264Clip({ name: 'locked.mp4', size: '192x108' });
const renamed = (source: string, name: string, ...pairs: [string, string][]): Promise<string> =>
  madeFrom(source, name, JSON.stringify(pairs), (bytes) =>
    Buffer.from(
      pairs.reduce((text, [from, to]) => text.replaceAll(from, to), bytes.toString('latin1')),
      'latin1',
    ),
  );

/** Common Encryption by ffmpeg itself. */
async function commonEncryption(name: string, ...more: string[]): Promise<string> {
  const key = ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '00112233445566778899aabbccddeeff'];
  return made(name, ['-i', await clip(), '-c', 'copy', ...key, '-encryption_kid', 'f'.repeat(32), ...more]);
}

/** The first track of a Matroska with ContentEncodings behind it; lengths of all around it grow along. */
async function encryptedMatroska(): Promise<string> {
  const whole = await made('plain.mkv', ['-i', await clip(), '-c', 'copy', '-live', '1']);
  return madeFrom(whole, 'locked.mkv', 'ContentEncodings of the first track', (bytes) => {
    const encryption = element('5035', Buffer.concat([element('47e1', [5]), element('47e2', Buffer.alloc(16, 7))]));
    const added = element('6d80', element('6240', Buffer.concat([element('5033', [1]), encryption])));
    // The list of places, before it, names it too.
    const tracks = bytes.lastIndexOf('1654ae6b', bytes.indexOf('1f43b675', 200, 'hex'), 'hex');
    const entry = bytes.indexOf(0xae, tracks + 5);
    const end = entry + 1 + lengthAt(bytes, entry + 1).width + lengthAt(bytes, entry + 1).length;
    const changed = Buffer.concat([bytes.subarray(0, end), added, bytes.subarray(end)]);
    for (const at of [tracks + 4, entry + 1]) {
      const { width, length } = lengthAt(bytes, at);
      // The mark of eight bytes lies in the first of them, which stays.
      if (width > 6) changed.writeUIntBE(length + added.length, at + width - 6, 6);
      else changed.writeUIntBE(length + added.length + 2 ** (7 * width), at, width);
    }
    return changed;
  });
}

function element(id: string, body: Buffer | readonly number[]): Buffer {
  const inside = Buffer.from(body);
  return Buffer.concat([Buffer.from(id, 'hex'), Buffer.from([0x80 | inside.length]), inside]);
}

function lengthAt(bytes: Buffer, at: number): { width: number; length: number } {
  const width = Math.clz32(bytes[at] ?? 0) - 23;
  if (width > 6) return { width, length: bytes.readUIntBE(at + width - 6, 6) };
  return { width, length: bytes.readUIntBE(at, width) - 2 ** (7 * width) };
}

/** Noise instead of contents, and the two bits that say so. */
async function scrambledBroadcast(name: string, packetBytes: number, syncAt: number): Promise<string> {
  const clear = await made(name, [
    ...['-i', await clip(), '-c:v', 'copy', '-c:a', 'mp2', '-mpegts_m2ts_mode', syncAt === 0 ? '0' : '1'],
  ]);
  return madeFrom(clear, `locked-${name}`, 'all scrambled', (bytes) => {
    const changed = Buffer.from(bytes);
    for (let at = syncAt; at + 188 <= changed.length; at += packetBytes) {
      const stream = changed.readUInt16BE(at + 1) & 0x1fff;
      if (stream < 0x100 || stream === 0x1fff) continue;
      changed.writeUInt8(changed.readUInt8(at + 3) | 0x80, at + 3);
      for (let i = at + 60; i < at + 188; i++) changed.writeUInt8(changed.readUInt8(i) ^ 0xa7, i);
    }
    return changed;
  });
}

async function scrambledDisc(): Promise<string> {
  const clear = await made('disc.vob', [
    '-i',
    await clip(),
    '-c:v',
    'mpeg2video',
    '-c:a',
    'ac3',
    '-packetsize',
    '2048',
  ]);
  return madeFrom(clear, 'VTS_01_1.VOB', 'scrambled every second', (bytes) => {
    const changed = Buffer.from(bytes);
    for (let at = 0; at + 2048 <= changed.length; at += 4096) {
      const block = at + 14 + (changed.readUInt8(at + 13) & 7);
      if (changed.readUInt8(block + 3) < 0xbd || (changed.readUInt8(block + 6) & 0xc0) !== 0x80) continue;
      changed.writeUInt8(changed.readUInt8(block + 6) | 0x10, block + 6);
      for (let i = at + 128; i < at + 2048; i++) changed.writeUInt8(changed.readUInt8(i) ^ 0x5c, i);
    }
    return changed;
  });
}

const LOCKED: Readonly<Record<string, () => Promise<string>>> = {
  'Common Encryption': () => commonEncryption('cenc.mp4'),
  'Common Encryption, index first': () => commonEncryption('cenc-front.mp4', '-movflags', '+faststart'),
  'encrypted in pieces': async () =>
    renamed(
      await made('pieces.mp4', ['-i', await clip(), '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov']),
      'cbcs.mp4',
      ['avc1\0\0\0\0', 'encv\0\0\0\0'],
    ),
  'a film of Apple’s shop': async () => renamed(await clip(), 'film.m4v', ['avc1\0', 'drmi\0'], ['mp4a\0', 'drms\0']),
  'a song of Apple’s shop': async () =>
    renamed(await made('song.m4a', ['-i', await clip(), '-vn', '-c:a', 'copy']), 'song.m4p', ['mp4a\0', 'drms\0']),
  'an audio book': async () =>
    renamed(await made('book.m4a', ['-i', await clip(), '-vn', '-c:a', 'copy']), 'book.aaxc', ['mp4a\0', 'aavd\0']),
  'Matroska and WebM': encryptedMatroska,
  'pay TV': () => scrambledBroadcast('pay.ts', 188, 0),
  'pay TV of a recorder': () => scrambledBroadcast('pay.mts', 192, 4),
  'a film disc': scrambledDisc,
};

describe.skipIf(NO_FFMPEG !== null)(`protected media ${NO_FFMPEG ?? ''}`, () => {
  it.each(Object.keys(LOCKED))('%s is named as such under every job, and not tried again', async (kind) => {
    const path = (await LOCKED[kind]?.()) ?? '';
    const refused = {
      failure: {
        code: 'UNSUPPORTED_MEDIA',
        retryable: false,
        message: expect.stringMatching(
          / is protected: its picture or sound is encrypted .* without copy protection\.$/,
        ),
        detail: { subject: 'protected' },
      },
    };
    await using proxy = await rigFor('generate_video_proxies', path);
    await expect(createProxyExecutor().execute(proxy.context)).rejects.toMatchObject(refused);
    await using edit = await rigFor('generate_video_proxies', path, { proxyProfile: 'edit_prores_proxy_v1' });
    await expect(createProxyExecutor().execute(edit.context)).rejects.toMatchObject(refused);
    await using picture = await rigFor('generate_thumbnails', path, { thumbnailProfile: 'video_storyboard_v1' });
    await expect(createThumbnailExecutor().execute(picture.context)).rejects.toMatchObject(refused);
    await using sound = await rigFor('generate_audio_waveform', path);
    await expect(createWaveformExecutor().execute(sound.context)).rejects.toMatchObject(refused);
    // Transcripts are made of what the same probe lets through.
    await using speech = await rigFor('transcribe_audio', path);
    await expect(probeSource(speech.context)).rejects.toMatchObject(refused);
  });

  it('is not seen where a container only could be', async () => {
    const clear = [
      await clip(),
      await made('plain.mkv', ['-i', await clip(), '-c', 'copy', '-live', '1']),
      await made('pay.ts', ['-i', await clip(), '-c:v', 'copy', '-c:a', 'mp2', '-mpegts_m2ts_mode', '0']),
      await made('disc.vob', ['-i', await clip(), '-c:v', 'mpeg2video', '-c:a', 'ac3']),
    ];
    for (const path of clear) {
      await using rig = await rigFor('generate_thumbnails', path);
      expect((await probeSource(rig.context)).streams.length, path).toBeGreaterThan(0);
    }
  });

  it('is not seen in a broadcast of which a moment is scrambled', async () => {
    const clear = await made('pay.ts', ['-i', await clip(), '-c:v', 'copy', '-c:a', 'mp2', '-mpegts_m2ts_mode', '0']);
    const moment = await madeFrom(clear, 'moment.ts', 'ten packets', (bytes) => {
      const changed = Buffer.from(bytes);
      for (let at = 188 * 200; at < 188 * 210; at += 188) changed.writeUInt8(changed.readUInt8(at + 3) | 0xc0, at + 3);
      return changed;
    });
    await using rig = await rigFor('generate_thumbnails', moment);
    expect((await probeSource(rig.context)).streams).toHaveLength(2);
  });
});
