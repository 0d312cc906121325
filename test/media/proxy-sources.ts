import { made, madeFile, madeFrom } from '../support/made-media.ts';

/** Sources that only the proxy tests need. */

const split = (text: string): string[] => text.split(' ');
const lavfi = (graph: string): string[] => ['-f', 'lavfi', '-i', graph];
const fast = split('-c:v libx264 -preset ultrafast -pix_fmt yuv420p -threads 1');
const bitexact = split('-fflags +bitexact -flags +bitexact -map_metadata -1');

/** Silent pattern in H.264. */
export function pattern(name: string, size: string, rate: string, seconds: number, more: readonly string[] = []) {
  return made(name, [...lavfi(`testsrc2=s=${size}:r=${rate}:d=${seconds}`), ...fast, ...bitexact, ...more]);
}

/** Two colours apart by time: red first, blue from `at` on, and a tone from `at` on; at a variable rate. */
export function flashAndBeep(at: number, seconds: number) {
  const times = `setpts='if(lt(N,30),N/30,1+(N-30)/7)/TB'`;
  const frames = 30 + Math.floor((seconds - 1) * 7);
  const blue = `color=blue:s=160x90:r=30:d=${seconds * 2}`;
  return made('flash.mov', [
    ...lavfi(`color=red:s=160x90:r=30:d=${seconds * 2}`),
    ...lavfi(blue),
    ...lavfi(`sine=f=1000:r=48000:d=${seconds},volume='if(lt(t,${at}),0,1)':eval=frame`),
    '-filter_complex',
    `[0]${times}[a];[1]${times}[b];[a][b]overlay=enable='gte(t,${at})',trim=end_frame=${frames}[v]`,
    ...split('-map [v] -map 2 -fps_mode passthrough -enc_time_base 1/90000'),
    ...fast,
    ...split('-c:a pcm_s16le'),
    ...bitexact,
  ]);
}

/** A screen recording: ten frames, then nothing for 5 s, then ten more. */
export function screenRecording() {
  return made('screen.mkv', [
    ...lavfi(`testsrc2=s=160x90:r=30:d=0.6666,setpts='if(lt(N,10),N/30,5.3+(N-10)/30)/TB'`),
    ...fast,
    ...split('-fps_mode passthrough -enc_time_base 1/1000'),
    ...bitexact,
  ]);
}

/** 50 moments a second woven into 25 pictures; blurred, because the detector takes fine patterns for combing. */
export function interlaced() {
  return made('interlaced.mts', [
    ...lavfi('testsrc2=s=720x576:r=50:d=1,gblur=sigma=5,tinterlace=interleave_top,setfield=tff'),
    ...split(
      '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -flags +ildct+ilme -x264opts tff=1 -threads 1 -aspect 16:9',
    ),
  ]);
}

/** Grey of 100 or 203 cd/m² in PQ, BT.2020. */
export function hdrGrey(transfer: 'smpte2084' | 'arib-std-b67') {
  const source = `color=0xffffff:s=320x180:r=25:d=0.4,format=gbrp,setparams=range=pc:color_primaries=bt709:color_trc=bt709:colorspace=gbr`;
  const light = 'zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020';
  return made(`hdr-${transfer}.mp4`, [
    ...lavfi(`${source},${light}:t=${transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le`),
    ...split('-c:v libx265 -preset ultrafast -x265-params log-level=error:pools=1:frame-threads=1 -tag:v hvc1'),
    ...split(`-color_primaries bt2020 -color_trc ${transfer} -colorspace bt2020nc -color_range tv`),
    ...bitexact,
  ]);
}

/** One colour in the old matrix, as SD recordings have it. */
export function standardDefinition(colour: string) {
  return made(`sd-${colour}.mp4`, [
    ...lavfi(`color=${colour}:s=720x576:r=25:d=0.4,scale=out_color_matrix=bt601,format=yuv420p`),
    ...fast,
    ...split('-colorspace bt470bg -color_primaries bt470bg -color_trc gamma28 -color_range tv'),
    ...bitexact,
  ]);
}

/** 5.1 with sound in one speaker only. */
export function surround(speaker: string) {
  return made(`surround-${speaker}.mov`, [
    ...lavfi('testsrc2=s=160x90:r=25:d=1'),
    ...lavfi(`sine=f=1000:r=48000:d=1,pan=5.1|${speaker}=c0`),
    ...fast,
    ...split('-c:a pcm_s16le'),
    ...bitexact,
  ]);
}

/** Every one of `count` mono tracks carries the same loud tone: their sum is far over full scale. */
export function manyLoudTracks(count: number) {
  return made(`loud-${count}.mov`, [
    ...lavfi('testsrc2=s=160x90:r=25:d=1'),
    ...lavfi('sine=f=1000:r=48000:d=1,volume=16dB'),
    ...split('-map 0'),
    ...Array.from({ length: count }, () => ['-map', '1']).flat(),
    ...fast,
    ...split('-c:a pcm_s16le'),
    ...bitexact,
  ]);
}

/** One stream of ten channels without a layout, as recorders write them; 1 s of 1 kHz at -18 dBFS in the last one. */
export function tenChannels() {
  const samples = Buffer.alloc(48_000 * 10 * 2);
  for (let at = 0; at < 48_000; at++) {
    samples.writeInt16LE(Math.round(4125 * Math.sin((2 * Math.PI * 1000 * at) / 48_000)), at * 20 + 18);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  const format: readonly [number, number][] = [
    [16, 4],
    [1, 2],
    [10, 2],
    [48_000, 4],
    [48_000 * 20, 4],
    [20, 2],
    [16, 2],
  ];
  let at = 16;
  for (const [value, bytes] of format) at = header.writeUIntLE(value, at, bytes);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return madeFile('ten.wav', Buffer.concat([header, samples]));
}

export function monoClip() {
  return made('mono.mkv', [
    ...lavfi('testsrc2=s=160x90:r=25:d=1'),
    ...lavfi('sine=f=1000:r=44100:d=1'),
    ...fast,
    ...split('-c:a libmp3lame -ac 1'),
    ...bitexact,
  ]);
}

/** Sound whose clock runs 1 % slow against its own samples from 5 s on; silent until 6.01 s, then a tone until 10.05 s. */
export function driftingSound() {
  return made('drift.mkv', [
    ...lavfi('testsrc2=s=160x90:r=25:d=10'),
    ...lavfi(
      `sine=f=1000:r=48000:d=10,volume='if(lt(t,6),0,1)':eval=frame,asetpts='if(lt(T,5),PTS,PTS+(T-5)*0.01/TB)'`,
    ),
    ...split('-map 0 -map 1'),
    ...fast,
    ...split('-c:a flac'),
    ...bitexact,
  ]);
}

/** Sound that begins 0.8 s after the picture, in a stream that begins at 1.4 s or later. */
export function lateSound() {
  return made('late.ts', [
    ...lavfi('testsrc2=s=160x90:r=25:d=2'),
    ...split('-itsoffset 0.8'),
    ...lavfi('sine=f=1000:r=48000:d=1.2'),
    ...split('-map 0 -map 1'),
    ...fast,
    ...split('-c:a mp2'),
  ]);
}

/** `from`..`to` (shares of the file) overwritten with `byte`. */
export function scribbled(source: string, name: string, from: number, to: number, byte: number) {
  return madeFrom(source, name, `bytes ${from} to ${to} are ${byte}`, (bytes) => {
    const changed = Buffer.from(bytes);
    return changed.fill(byte, Math.floor(bytes.length * from), Math.floor(bytes.length * to));
  });
}

/** A transport stream from `share` of its length on: it begins in the middle of a GOP. */
export function beginningCut(source: string, share: number) {
  return madeFrom(source, 'mid-gop.ts', `without the first ${share}`, (bytes) => {
    const packets = Math.floor((bytes.length * share) / 188);
    return bytes.subarray(packets * 188);
  });
}

/**
 * A copy that stopped, as copies do, at any byte: never just behind a transport packet, where by chance a picture may
 * end too, and then nothing could tell it from a whole recording.
 */
export function cut(source: string, name: string, share: number) {
  return madeFrom(source, name, `cut at ${share}, inside a packet`, (bytes) => {
    const end = Math.floor(bytes.length * share);
    return bytes.subarray(0, end % 188 === 0 ? end - 94 : end);
  });
}
