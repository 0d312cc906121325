import { describe, expect, it } from 'vitest';
import { made, madeFrom, NO_FFMPEG } from '../support/made-media.ts';
import { failureOf, makeProxy, pictureOf, pictureTimes } from './proxy-run.ts';
import { first } from '../support/first.ts';

/** Chunks of an AVI's list of pictures and sound, as bytes behind `movi`. */
function chunksOf(bytes: Buffer): { readonly from: number; readonly to: number; readonly chunks: Buffer[] } {
  const list = bytes.indexOf('movi') - 8;
  const [from, to] = [list + 12, list + 8 + bytes.readUInt32LE(list + 4)];
  const chunks: Buffer[] = [];
  for (let at = from; at < to;) {
    const length = bytes.readUInt32LE(at + 4);
    chunks.push(bytes.subarray(at, at + 8 + length));
    at += 8 + length + (length & 1);
  }
  return { from, to, chunks };
}

/** The same AVI with every fourth picture empty, as screen recorders and capture programs hold one; with its index. */
function held(whole: string): Promise<string> {
  return madeFrom(whole, `held-${whole.split('/').pop()}`, 'every fourth empty', (bytes) => {
    const { from, to, chunks } = chunksOf(bytes);
    const [data, index]: [Buffer[], Buffer[]] = [[], []];
    let [pictures, at] = [0, 4];
    for (const chunk of chunks) {
      const isEmpty = chunk.toString('latin1', 2, 4) === 'dc' && pictures++ % 4 === 2;
      const kept = isEmpty ? Buffer.concat([chunk.subarray(0, 4), Buffer.alloc(4)]) : chunk;
      const entry = Buffer.concat([chunk.subarray(0, 4), Buffer.alloc(12)]);
      entry.writeUInt32LE(isEmpty ? 0 : 0x10, 4);
      entry.writeUInt32LE(at, 8);
      entry.writeUInt32LE(kept.length - 8, 12);
      data.push(kept, Buffer.alloc(kept.length & 1));
      index.push(entry);
      at += kept.length + (kept.length & 1);
    }
    const length = (id: string, body: Buffer): Buffer => {
      const head = Buffer.from(`${id}....`);
      head.writeUInt32LE(body.length, 4);
      return Buffer.concat([head, body]);
    };
    const movie = length('LIST', Buffer.concat([Buffer.from('movi'), ...data]));
    const inside = [bytes.subarray(8, from - 12), movie, length('idx1', Buffer.concat(index))];
    expect(to).toBeLessThanOrEqual(bytes.length);
    return length('RIFF', Buffer.concat(inside));
  });
}

const avi = (name: string, ...codec: string[]): Promise<string> =>
  made(name, [
    ...['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25:d=4', '-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=4'],
    ...[...codec, '-c:a', 'pcm_s16le'],
  ]);

describe.skipIf(NO_FFMPEG !== null)(`an AVI that holds pictures ${NO_FFMPEG ?? ''}`, () => {
  first(1).each(['edit_h264_half_v1', 'edit_prores_proxy_v1'])(
    'has all of them in its %s, at its one rate',
    async (profile) => {
      await using proxy = await makeProxy(await held(await avi('capture.avi', '-c:v', 'mjpeg')), profile);
      const { all } = await pictureTimes(proxy.file);
      expect(all).toHaveLength(100);
      expect(all.map((time) => Math.round(time * 25))).toEqual(all.map((_, at) => at));
      expect(pictureOf(proxy.probe).averageRate).toEqual({ num: 25, den: 1 });
      expect(proxy.success.facts?.frame_count).toBe(100);
    },
  );

  it('has no more pictures than it holds where MP3 alone moved them up', async () => {
    const source = await made('mp3.avi', [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25:d=2', '-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=2'],
      ...['-c:v', 'mjpeg', '-c:a', 'libmp3lame'],
    ]);
    await using proxy = await makeProxy(source, 'edit_prores_proxy_v1');
    const { all } = await pictureTimes(proxy.file);
    expect(all.map((time) => Math.round(time * 25))).toEqual([0, ...Array.from({ length: 49 }, (_, n) => n + 2)]);
    expect(proxy.success.facts?.frame_count).toBe(50);
  });

  it('has a review proxy of its whole length', async () => {
    await using proxy = await makeProxy(await held(await avi('capture.avi', '-c:v', 'mjpeg')));
    const { all } = await pictureTimes(proxy.file);
    expect(all).toHaveLength(100);
  });

  it('has no editing proxy where its pictures have no times either, by name', async () => {
    const late = await avi('late.avi', '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-pix_fmt', 'yuv420p');
    const failure = await failureOf(await held(late), 'edit_h264_half_v1');
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false });
    expect(failure.message).toContain('pictures are held in it');
  });
});
