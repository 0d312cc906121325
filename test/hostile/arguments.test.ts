import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HARDWARE_ENCODERS } from '../../electron/work/media/hardware-encoders.ts';
import { probeArgs, type Probe } from '../../electron/work/media/probe.ts';
import { planReview, planSound, proxyArgs } from '../../electron/work/media/proxy-args.ts';
import { planEdit } from '../../electron/work/media/proxy-edit-plan.ts';
import { packetArgs, passArgs, readBackArgs } from '../../electron/work/media/proxy-readback.ts';
import { motionArgs } from '../../electron/work/media/proxy-motion.ts';
import { peekArgs } from '../../electron/work/media/proxy-scan.ts';
import { grabArgs } from '../../electron/work/media/thumbnail-args.ts';
import { pcmArgs } from '../../electron/work/media/waveform-args.ts';
import { findProfile, PROXY_PROFILES, THUMBNAIL_PROFILES, type ProxyProfile } from '../../shared/profiles.ts';
import { audio, probeOf, video } from '../media/proxy-streams.ts';

/** Everything in a command that a server or a file can have written. */
interface Written {
  /** Absolute path, where descriptors cannot be passed. */
  readonly input: string;
  readonly workspace: string;
  readonly language: string;
  readonly reel: string;
  readonly timecode: string;
  readonly title: string;
}

const PLAIN: Written = {
  input: '/media/clip.mov',
  workspace: '/work/run',
  language: 'eng',
  reel: 'A001',
  timecode: '01:00:00:00',
  title: 'clip',
};

/** Options that take no value. */
const ALONE = ['-nostdin', '-y', '-hide_banner', '-noautorotate', '-vn', '-sn', '-dn', '-an', '-show_format'];
const ALONE_TOO = [
  '-copyts',
  '-copyinkf',
  '-nostats',
  '-noaccurate_seek',
  '-start_at_zero',
  '-show_streams',
  '-show_packets',
  '-show_frames',
];

/** What a tool takes for options, and what it takes for files, as it reads the list from left to right. */
function readLikeTool(args: readonly string[]): { readonly options: string[]; readonly files: string[] } {
  const options: string[] = [];
  const files: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (!word.startsWith('-') || word === '-') files.push(word);
    else {
      options.push(word);
      if (word === '-i') files.push(args[at + 1] ?? '');
      if (![...ALONE, ...ALONE_TOO].includes(word)) at += 1;
    }
  }
  return { options, files };
}

function probeWith({ language, reel, timecode, title }: Written): Probe {
  const tags = { language, title, reel_name: reel, timecode };
  const picture = video({ tags, width: 1920, height: 1080, timeBase: { num: 1, den: 25 } });
  return probeOf([picture, audio({ index: 1, tags }), audio({ index: 2, tags, channels: 1 })], { tags });
}

const hardware = HARDWARE_ENCODERS.map((encoder) => ({ encoder, renderNode: '/dev/dri/renderD128' }));

/** Every command that these words can get into, by name. */
function commands(written: Written): ReadonlyMap<string, () => readonly string[]> {
  const found = new Map<string, () => readonly string[]>();
  const { input, workspace } = written;
  const probe = probeWith(written);
  const [picture, sound] = [probe.streams[0] as ReturnType<typeof video>, probe.streams[1] as ReturnType<typeof audio>];
  const output = `${workspace}/part-proxy`;
  for (const profile of Object.values<ProxyProfile>(PROXY_PROFILES)) {
    const packets = {
      count: 25,
      first: 0,
      last: 24,
      end: 25,
      lastKeySeconds: 0,
      longestKeyGap: 0.4,
      untimed: 0,
      onGrid: true,
      onFilm: false,
      shown: { total: 0, shortest: 0, longest: 0 },
    };
    const plan =
      profile.family === 'review'
        ? planReview(probe, picture, profile)
        : planEdit(probe, picture, profile, { packets: packets as never, frames: [] });
    if (plan.kind === 'refused') found.set(profile.name, () => []);
    else {
      found.set(profile.name, () => proxyArgs(plan, input, output));
      if (profile.video.codec === 'libx264') {
        for (const choice of hardware)
          found.set(`${profile.name} ${choice.encoder.name}`, () => proxyArgs(plan, input, output, choice));
      }
    }
    const alone = planSound(probeOf([sound], probe.format), profile);
    if (alone !== undefined) found.set(`${profile.name} sound`, () => proxyArgs(alone, input, output));
  }
  found.set('probe', () => probeArgs(input));
  found.set('packets', () => packetArgs(input, '0'));
  found.set('peek', () => peekArgs(input, 0));
  found.set('motion', () => motionArgs(input, picture));
  found.set('read back', () => readBackArgs(output, 1.5));
  found.set('pass', () => passArgs(output, { isSeen: true, isHeard: true }));
  const { image } = THUMBNAIL_PROFILES.video_representative_v1;
  found.set('grab', () =>
    grabArgs(
      { input, stream: picture, zero: undefined, image, size: { width: 480, height: 270 }, pattern: 'p-%03d.webp' },
      { from: 0, at: 1 },
    ),
  );
  const wish = {
    streams: [sound],
    sampleRate: 48_000,
    decoders: 'any',
    format: 'mov',
    earlier: [],
    limitSeconds: 3600,
  } as const;
  found.set('samples', () => pcmArgs({ ...wish, input }));
  return found;
}

const nasty = fc.constantFrom(
  ...[
    '-i',
    '-f',
    'concat',
    '-protocol_whitelist',
    'file,http',
    '%d',
    '%s',
    '|',
    ':',
    ';',
    "'",
    '"',
    '\\',
    '\n',
    '\r',
    '\0',
  ],
  ...[
    '=',
    ',',
    '[in]',
    '-y',
    '--',
    '/etc/passwd',
    'http://x/',
    'file:',
    'pipe:0',
    'subfile,,',
    '$(id)',
    '`id`',
    ' ',
    '../',
  ],
);
const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(nasty, { maxLength: 6 }).map((parts) => parts.join('')),
  fc.tuple(nasty, fc.string({ maxLength: 20 })).map((parts) => parts.join(' ')),
);
const path = word.map((text) => `/${text}`);
const timecode = fc.oneof(fc.constantFrom('01:00:00:00', '10:59:59;28', '-i', '01:00:00:00 -i'), word);
const written = fc.record({ input: path, workspace: path, language: word, reel: word, timecode, title: word });

describe('argument builders', () => {
  const plain = commands(PLAIN);

  it('10,000 generated names and tags never change the option list', () => {
    let commandsBuilt = 0;
    fc.assert(
      fc.property(written, fc.constantFrom(...plain.keys()), (words, name) => {
        const args = commands(words).get(name)?.() ?? [];
        // A drop-frame timecode at 25 frames a second: refused before any command.
        if (args.length === 0) return;
        commandsBuilt += 1;
        const [mine, theirs] = [readLikeTool(args), readLikeTool(plain.get(name)?.() ?? [])];
        expect(mine.options.filter(isFixed)).toEqual(theirs.options.filter(isFixed));
        expect(mine.files.length).toBe(theirs.files.length);
        for (const file of mine.files) expect(file).toMatch(/^(file:\/|pipe:1$|-$|p-%03d\.webp$)/);
      }),
      { numRuns: 10_000, seed: 6 },
    );
    console.info(`  ${commandsBuilt} commands built from generated names and tags`);
    expect(commandsBuilt).toBeGreaterThanOrEqual(9_000);
  });

  it('10,000 generated profile names choose nothing but what they name', () => {
    const known = [...Object.keys(PROXY_PROFILES), ...Object.keys(THUMBNAIL_PROFILES)];
    fc.assert(
      fc.property(
        fc.oneof(word, fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', ...known)),
        (name) => {
          const found = findProfile<{ readonly name: string }>({ ...PROXY_PROFILES, ...THUMBNAIL_PROFILES }, name);
          expect(found === undefined || (known.includes(name) && found.name === name)).toBe(true);
        },
      ),
      { numRuns: 10_000, seed: 6 },
    );
  });

  it('the reader of this test notices an option that was smuggled in', () => {
    const smuggled = readLikeTool(['-y', 'clip.mov', '-f', 'concat']);
    expect(smuggled).toEqual({ options: ['-y', '-f'], files: ['clip.mov'] });
  });
});

/** Options that are there or not for what the tags say at all: no timecode, no option for it. */
const BY_PRESENCE = ['-timecode', '-metadata:s:v:0', '-movflags', '-metadata'];

const isFixed = (option: string): boolean => !BY_PRESENCE.includes(option);
