import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import type { JobType } from '../../shared/job.ts';
import { h264Clip, made, photoFile, wavFile } from './made-media.ts';
import { age, seeded } from './studio.ts';

/** One file that is handed to the agent, and what must come of it. */
export interface HostileFile {
  /** Path below the media root, as a server would name it. */
  readonly path: string;
  readonly kind: 'playlist' | 'place' | 'bomb' | 'cut' | 'flipped' | 'dressed' | 'name' | 'control';
  readonly job: JobType;
  /** `either`: a bomb that may be defused by decoding it within bounds. */
  readonly expected: 'failure' | 'success' | 'either';
}

export interface Corpus {
  readonly files: readonly HostileFile[];
  /** Text that is in the path of every file that nobody may open. */
  readonly canary: string;
}

/** Sound of discs and of Windows, whose decoders few files of a camera ever reach. */
const LATE_DECODERS = ['dca -ac 2', 'truehd -ar 48000 -ac 2', 'mlp -ar 48000 -ac 2', 'wmav1', 'wmav2', 'wavpack'].map(
  (codec) => ({
    name: codec.split(' ')[0] ?? codec,
    args: ['-f', 'lavfi', '-i', 'sine=f=500:d=3', '-strict', '-2', '-c:a', ...codec.split(' ')],
  }),
);

const PROXY = 'generate_video_proxies';
const THUMB = 'generate_thumbnails';
const WAVE = 'generate_audio_waveform';

/**
 * Makes the corpus below `root`, and canaries beside it. @param port of a server on loopback that nobody may call.
 */
export async function makeCorpus(root: string, port: number): Promise<Corpus> {
  const canary = 'never-to-be-opened';
  const secret = join(root, '..', canary);
  mkdirSync(secret, { recursive: true });
  mkdirSync(root, { recursive: true });
  const clip = await h264Clip({ name: 'hostile-base.mp4', seconds: 1, size: '160x90' });
  for (const name of ['a.ts', 'a.mp4', 'a.key', 'a.txt', 'a.png']) copyFileSync(clip, join(secret, name));
  const files: HostileFile[] = [];
  const add = (kind: HostileFile['kind'], path: string, job: JobType, expected: HostileFile['expected']): void => {
    files.push({ path, kind, job, expected });
  };
  const write = (
    kind: HostileFile['kind'],
    path: string,
    bytes: string | Buffer,
    job: JobType = PROXY,
    expected: HostileFile['expected'] = 'failure',
  ): void => {
    writeFileSync(join(root, path), bytes);
    age(join(root, path));
    add(kind, path, job, expected);
  };
  for (const [name, text] of Object.entries(playlists(secret, port))) write('playlist', name, text);
  // The same again where another tool meets them.
  for (const name of ['hls.mp4', 'ffconcat.mp4', 'svg.png']) add('playlist', name, THUMB, 'failure');
  add('playlist', 'hls.mp4', WAVE, 'failure');
  places(root, secret, add);
  await bombs(root, write, add);
  await damaged(write, add, clip);
  await controls(root, canary, add);
  return { files, canary };
}

const M3U = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n';
const END = '\n#EXT-X-ENDLIST\n';

/** Texts that make an unguarded tool open something else, under names of media. */
function playlists(secret: string, port: number): Record<string, string> {
  const web = `http://127.0.0.1:${port}/a.ts`;
  const inf = '#EXTINF:10,\n';
  return {
    'hls.mp4': `${M3U}${inf}${secret}/a.ts${END}`,
    'hls-file.mov': `${M3U}${inf}file://${secret}/a.ts${END}`,
    'hls-http.mkv': `${M3U}${inf}${web}${END}`,
    'hls-relative.ts': `${M3U}${inf}../never-to-be-opened/a.ts${END}`,
    'hls-key.mp4': `${M3U}#EXT-X-KEY:METHOD=AES-128,URI="file://${secret}/a.key"\n${inf}${web}${END}`,
    'hls-map.mp4': `${M3U}#EXT-X-MAP:URI="${secret}/a.mp4"\n${inf}${secret}/a.ts${END}`,
    'hls-concat.mts': `${M3U}${inf}concat:${web}|file://${secret}/a.txt${END}`,
    'hls-subfile.mxf': `${M3U}${inf}subfile,,start,0,end,64,,:${secret}/a.txt${END}`,
    'hls-crypto.avi': `${M3U}${inf}crypto+file://${secret}/a.ts${END}`,
    'hls-data.mp4': `${M3U}${inf}data:text/plain;base64,${Buffer.from(`${M3U}${inf}${web}`).toString('base64')}${END}`,
    'hls-master.mp4': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${web}\n#EXT-X-STREAM-INF:BANDWIDTH=2\n${secret}/a.ts\n`,
    'hls-tcp.mp4': `${M3U}${inf}tcp://127.0.0.1:${port}${END}`,
    'ffconcat.mp4': `ffconcat version 1.0\nfile '${secret}/a.mp4'\n`,
    'ffconcat-relative.mov': `ffconcat version 1.0\nfile ../never-to-be-opened/a.mp4\n`,
    'ffconcat-http.avi': `ffconcat version 1.0\nfile '${web}'\n`,
    'ffconcat-option.mp4': `ffconcat version 1.0\nfile '${secret}/a.mp4'\noption safe 0\noption protocol_whitelist file,http,tcp\n`,
    'dash.mp4':
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">` +
      `<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://${secret}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    'dash-http.mov':
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><BaseURL>${web}</BaseURL>` +
      `<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"/></AdaptationSet></Period></MPD>`,
    'sdp.mp4': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    'imf.mxf': `<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:1</Id><EditRate>25 1</EditRate><SegmentList/></CompositionPlaylist>`,
    'vobsub.mp4': `# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n`,
    'metadata.mp4': ';FFMETADATA1\ntitle=x\n[STREAM]\n',
    'subtitles.mp4': `1\n00:00:00,000 --> 00:00:10,000\n<font face="${secret}/a.ttf">x</font>\n`,
    'webvtt.mov': `WEBVTT\n\nNOTE ${web}\n\n00:00.000 --> 00:10.000\n<c>${web}</c>\n`,
    'data-url.mp4': 'data:video/mp4;base64,AAAAIGZ0eXBpc29t',
    'svg.png': `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="99" height="99"><image xlink:href="file://${secret}/a.png" width="99" height="99"/></svg>`,
    'svg-http.jpg': `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://${secret}/a.txt">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text><image href="${web}"/></svg>`,
    'mvg.png': `push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 '${web}'\npop graphic-context\n`,
    'postscript.jpg': `%!PS\n(${secret}/a.txt) (r) file closefile\nshowpage\n`,
  };
}

type Add = (kind: HostileFile['kind'], path: string, job: JobType, expected: HostileFile['expected']) => void;
type Write = (
  kind: HostileFile['kind'],
  path: string,
  bytes: string | Buffer,
  job?: JobType,
  expected?: HostileFile['expected'],
) => void;

/** Names that stand for something else than a file of the root. */
function places(root: string, secret: string, add: Add): void {
  const link = (to: string, name: string, job: JobType = PROXY): void => {
    symlinkSync(to, join(root, name));
    add('place', name, job, 'failure');
  };
  link(join(secret, 'a.mp4'), 'link-out.mp4');
  link('../never-to-be-opened/a.mp4', 'link-relative.mp4', THUMB);
  link('/dev/zero', 'link-device.mp4');
  link('/proc/self/environ', 'link-proc.mp4', WAVE);
  link('link-loop.mp4', 'link-loop.mp4');
  link('nowhere.mp4', 'link-dangling.mp4');
  symlinkSync(secret, join(root, 'link-folder'));
  add('place', 'link-folder/a.mp4', PROXY, 'failure');
  mkdirSync(join(root, 'folder.mp4'));
  add('place', 'folder.mp4', PROXY, 'failure');
  execFileSync('mkfifo', [join(root, 'fifo.mp4'), join(root, 'fifo.jpg')]);
  add('place', 'fifo.mp4', PROXY, 'failure');
  add('place', 'fifo.jpg', THUMB, 'failure');
  add('place', '../never-to-be-opened/a.mp4', PROXY, 'failure');
  add('place', 'sub/../../never-to-be-opened/a.mp4', PROXY, 'failure');
  // What a name in invalid UTF-8 becomes on its way through JSON.
  add('name', 'caf\ufffd.mp4', PROXY, 'failure');
}

/** Small files that ask for much. */
async function bombs(root: string, write: Write, add: Add): Promise<void> {
  const header = (width: number, height: number, interlace: number): Buffer => {
    const body = Buffer.alloc(13);
    body.writeUInt32BE(width, 0);
    body.writeUInt32BE(height, 4);
    body.set([8, 2, 0, 0, interlace], 8);
    return body;
  };
  const picture = Buffer.alloc(1 << 20);
  const png = (width: number, height: number, interlace: number): Buffer =>
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      ...[['IHDR', header(width, height, interlace)] as const, ['IDAT', deflateSync(picture)] as const].map(pngChunk),
      pngChunk(['IEND', Buffer.alloc(0)]),
    ]);
  write('bomb', 'pixels.png', png(200_000, 200_000, 0), THUMB);
  write('bomb', 'pixels-interlaced.png', png(19_000, 19_000, 1), THUMB);
  const jpeg = readFileSync(await photoFile('hostile-base.jpg', '64x64'));
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  const wide = Buffer.from(jpeg);
  wide.writeUInt32BE(0xffdc_ffdc, frame + 5);
  write('bomb', 'pixels.jpg', wide, THUMB);
  write('bomb', 'svgz.png', gzipSync(Buffer.alloc(64 << 20)), THUMB);
  const tiff = Buffer.alloc(4096);
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(2, 8);
  tiff.set([0, 1, 4, 0, 1, 0, 0, 0, 255, 255, 0, 0, 1, 1, 4, 0, 1, 0, 0, 0, 255, 255, 0, 0], 10);
  tiff.writeUInt32LE(8, 34); // the next directory is the first one again
  write('bomb', 'loop.tiff', tiff, THUMB);
  // 16000²: what a scanner really makes; it has to be shown, and cheaply.
  const large = await made(
    'large-16000.png',
    '-f lavfi -i testsrc2=s=1000x1000 -frames:v 1 -vf scale=16000:16000:flags=neighbor -pred none -compression_level 1'.split(
      ' ',
    ),
  );
  copyFileSync(large, join(root, 'large.png'));
  age(join(root, 'large.png'));
  add('bomb', 'large.png', THUMB, 'success');
  const clip = readFileSync(await h264Clip({ name: 'hostile-base.mp4', seconds: 1, size: '160x90' }));
  const patched = (type: string, at: number, value: number): Buffer => {
    const bytes = Buffer.from(clip);
    bytes.writeUInt32BE(value, bytes.indexOf(type) + 4 + at);
    return bytes;
  };
  // ISO 14496-12: counts of tables, lengths of boxes.
  // Its tracks tell the truth, and what is made is compared with them.
  writeFileSync(join(root, 'duration.mp4'), patched('mvhd', 16, 0xffff_fff0));
  age(join(root, 'duration.mp4'));
  add('bomb', 'duration.mp4', PROXY, 'either');
  write('bomb', 'samples.mp4', patched('stsz', 8, 0x7fff_ffff));
  write('bomb', 'times.mp4', patched('stts', 4, 0x7fff_ffff));
  // Without an edit list nothing hides what comes after the promised second.
  const unbounded = Buffer.from(clip.toString('latin1').replaceAll('edts', 'free'), 'latin1');
  for (const [track, jobs] of [
    ['picture', [PROXY]],
    ['sound', [PROXY, WAVE]],
  ] as const) {
    const [first, second] = [unbounded.indexOf('stts'), unbounded.lastIndexOf('stts')];
    const gaps = Buffer.from(unbounded);
    // Each picture (or block of sound) lasts hours: whoever fills the time up works for weeks.
    gaps.writeUInt32BE(0x3fff_ffff, (track === 'picture' ? first : second) + 16);
    for (const job of jobs) write('bomb', `gaps-in-${track}.mp4`, gaps, job);
  }
  const tenYears = `setpts=N*100000000/TB -fps_mode passthrough -enc_time_base 1/1000 -c:v libx264 -preset ultrafast`;
  const long = `-f lavfi -i testsrc2=s=160x90:r=1:d=3 -vf ${tenYears}`;
  write('bomb', 'ten-years.mkv', readFileSync(await made('ten-years.mkv', long.split(' '))));
  write('bomb', 'box.mp4', patched('moov', -8, 0x7fff_ffff), THUMB);
  files300(root, add);
  const wav = Buffer.from(readFileSync(await wavFile(1)));
  wav.writeUInt16LE(65_535, 22);
  wav.writeUInt32LE(0xffff_ffff, 4);
  write('bomb', 'channels.wav', wav, WAVE);
  const id3 = Buffer.concat([Buffer.from('ID3\x03\0\0\x7f\x7f\x7f\x7f', 'latin1'), Buffer.alloc(4096, 1)]);
  write('bomb', 'tag.mp3', id3, WAVE);
}

/** A transport stream that announces more and more programmes. */
function files300(root: string, add: Add): void {
  const path = join(root, 'streams.ts');
  const packets = Array.from({ length: 4000 }, (_, n) => {
    const packet = Buffer.alloc(188, 0xff);
    packet.set([0x47, 0x40 | ((n % 8000) >> 8), n & 0xff, 0x10, 0, 0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0], 0);
    return packet;
  });
  writeFileSync(path, Buffer.concat(packets));
  age(path);
  add('bomb', 'streams.ts', PROXY, 'failure');
}

function pngChunk([type, body]: readonly [string, Buffer]): Buffer {
  const chunk = Buffer.alloc(body.length + 12);
  chunk.writeUInt32BE(body.length, 0);
  chunk.write(type, 4, 'latin1');
  body.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + body.length)), 8 + body.length);
  return chunk;
}

/** Cut short, changed, or something else altogether. */
async function damaged(write: Write, add: Add, clip: string): Promise<void> {
  const random = seeded(66);
  const noise = Buffer.from(Array.from({ length: 64 << 10 }, () => Math.floor(random() * 256)));
  const bytes = readFileSync(clip);
  const front = readFileSync(
    await h264Clip({ name: 'front.mp4', seconds: 2, size: '160x90', more: ['-movflags', '+faststart'] }),
  );
  const mkv = readFileSync(await h264Clip({ name: 'hostile-base.mkv', seconds: 2, size: '160x90' }));
  const photo = readFileSync(await photoFile('hostile-base.png', '640x480'));
  write('cut', 'cut-half.mp4', front.subarray(0, front.length >> 1));
  write('cut', 'cut-100.mov', bytes.subarray(0, 100));
  write('cut', 'cut-no-index.mp4', bytes.subarray(0, bytes.indexOf('moov') - 4), THUMB);
  write('cut', 'cut.mkv', mkv.subarray(0, mkv.length >> 1));
  write('cut', 'cut.png', photo.subarray(0, photo.length >> 2), THUMB);
  write('cut', 'cut-20.jpg', readFileSync(await photoFile('hostile-base.jpg', '64x64')).subarray(0, 20), THUMB);
  const flipped = Buffer.from(bytes);
  flipped.fill(0x55, flipped.indexOf('stsd') + 8, flipped.indexOf('stsd') + 120);
  write('flipped', 'flipped-header.mp4', flipped);
  const shredded = Buffer.from(front);
  for (let at = shredded.indexOf('mdat') + 8; at < shredded.length; at += 3) shredded[at] = Math.floor(random() * 256);
  write('flipped', 'flipped-media.mp4', shredded);
  for (const { name, args } of LATE_DECODERS) {
    const sound = readFileSync(await made(`hostile-${name}.mkv`, args));
    for (let at = sound.indexOf('1f43b675', 0, 'hex') + 16; at < sound.length; at += 11) {
      sound[at] = Math.floor(random() * 256);
    }
    write('flipped', `flipped-${name}.mkv`, sound, WAVE, 'either');
  }
  write('flipped', 'noise.mp4', noise);
  write('flipped', 'noise.mkv', Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), noise]));
  write('flipped', 'noise.wav', Buffer.concat([Buffer.from('RIFF\xff\xff\xff\xffWAVEfmt ', 'latin1'), noise]), WAVE);
  write(
    'flipped',
    'noise.heic',
    Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), noise]),
    THUMB,
  );
  write('flipped', 'noise.nef', Buffer.concat([Buffer.from('FUJIFILMCCD-RAW ', 'latin1'), noise]), THUMB);
  write('dressed', 'text.mp4', 'shopping: apples, pears\n'.repeat(99));
  write('dressed', 'page.mov', '<html><script src="http://127.0.0.1/"></script></html>', THUMB);
  write('dressed', 'program.mp4', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), noise]), WAVE);
  write('dressed', 'archive.mp4', Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), noise]), THUMB);
  write('dressed', 'empty.mp4', '');
  add('cut', 'missing.mp4', PROXY, 'failure');
}

/** Ordinary media under names that other programs stumble over: all of it has to work. */
async function controls(root: string, canary: string, add: Add): Promise<void> {
  const clip = await h264Clip({ name: 'hostile-base.mp4', seconds: 1, size: '160x90' });
  const photo = await photoFile('hostile-base.jpg', '64x64');
  const put = (from: string, name: string, job: JobType): void => {
    copyFileSync(from, join(root, name));
    age(join(root, name));
    add('control', name, job, 'success');
  };
  put(clip, 'plain.mp4', PROXY);
  put(clip, 'c%d.mp4', PROXY);
  put(clip, '-i.mp4', PROXY);
  put(clip, 'a:b|c.mp4', THUMB);
  put(clip, 'http:x.mp4', WAVE);
  put(clip, 'line\nbreak "and" \'quotes\' $(id) `id`.mp4', THUMB);
  put(clip, `été 🎬 ${'é'.repeat(110)}.mp4`, THUMB);
  put(clip, `${'n'.repeat(251)}.mp4`, PROXY);
  put(photo, 'c%03d.jpg', THUMB);
  put(photo, '@list.jpg', THUMB);
  put(await wavFile(1), 'pipe:1.wav', WAVE);
  // What a tool that takes `%d` for a number would open.
  for (const name of [`c1.mp4`, `c001.jpg`]) symlinkSync(`../${canary}/a.mp4`, join(root, name));
}
