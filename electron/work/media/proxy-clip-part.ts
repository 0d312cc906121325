import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { openBeneath } from '../storage/open-beneath.ts';
import { audioStreams, videoStream, type Probe } from './probe.ts';
import { connectedClips } from './proxy-playlist.ts';

/** A file that is only a part of what was recorded: a proxy of it alone would stand for the wrong thing. */
interface ClipPart {
  /** Completes “… is …”. */
  readonly what: string;
  /** A sentence: what to do instead. */
  readonly advice: string;
  readonly subject: 'op-atom' | 'spanned-clip';
}

/**
 * Whether a source is one part of a clip. Looks at the card's own structure around it: an MXF's operational pattern,
 * the playlists of an AVCHD folder. null: it stands for itself, or nothing around it says otherwise.
 */
export async function clipPart(path: string, probe: Probe): Promise<ClipPart | null> {
  if (isOpAtom(probe)) return opAtomPart(path, probe);
  if (extname(path).toLowerCase() === '.mts' || extname(path).toLowerCase() === '.m2ts') return avchdPart(path);
  return null;
}

/** SMPTE ST 390: the 13th byte of an OP-Atom label is 10h; ffprobe prints the label as four groups. */
function isOpAtom(probe: Probe): boolean {
  return /^060e2b34\.040101[0-9a-f]{2}\.0d010201\.10/i.test(probe.format.tags['operational_pattern_ul'] ?? '');
}

/** OP-Atom keeps each track in a file of its own: Panasonic P2, and Avid's media folders. */
async function opAtomPart(path: string, probe: Probe): Promise<ClipPart> {
  const isPicture = videoStream(probe) !== undefined;
  const hasP2Folders = /[\\/]CONTENTS[\\/](VIDEO|AUDIO)[\\/][^\\/]+$/i.test(path);
  const kind = hasP2Folders ? 'a P2 clip' : 'a clip stored track by track (OP-Atom)';
  const what = `only the ${isPicture ? 'picture' : `sound (${audioStreams(probe).length} track)`} of ${kind}`;
  const sounds = hasP2Folders && isPicture ? await p2SoundFiles(path) : undefined;
  const missing = sounds === 0 ? ', and no sound file of it is on this card' : '';
  return {
    what: `${what}${missing}`,
    advice: 'Join its tracks into one file with the camera maker’s or editing software, then make the proxy of that.',
    subject: 'op-atom',
  };
}

/** P2: `CONTENTS/VIDEO/0001AB.MXF` sounds in `CONTENTS/AUDIO/0001AB00.MXF` and so on. */
async function p2SoundFiles(path: string): Promise<number> {
  const clip = basename(path, extname(path)).toLowerCase();
  const names = await readdir(join(dirname(path), '..', 'AUDIO')).catch(() => []);
  return names.filter((name) => name.toLowerCase().startsWith(clip)).length;
}

/** A camera's playlist is a few hundred bytes; a forged one must not fill memory. */
const LARGEST_PLAYLIST = 1 << 20;
const MOST_PLAYLISTS = 200;

/** AVCHD: `BDMV/STREAM/00001.MTS` with `BDMV/PLAYLIST/00000.MPL`, which says which streams go on in the next. */
async function avchdPart(path: string): Promise<ClipPart | null> {
  if (basename(dirname(path)).toUpperCase() !== 'STREAM') return null;
  const clip = basename(path, extname(path));
  const card = dirname(dirname(path));
  for (const name of await playlistsOf(card)) {
    const run = connectedClips(await readPlaylist(card, name)).find((clips) => clips.includes(clip));
    if (run === undefined) continue;
    return {
      what: `part ${run.indexOf(clip) + 1} of ${run.length} of one recording that the camera split (AVCHD ${run.join(', ')})`,
      advice: 'Join the parts with the camera maker’s software, then make the proxy of the whole.',
      subject: 'spanned-clip',
    };
  }
  return null;
}

/** @param card real path of the folder that holds STREAM; a PLAYLIST that is a link elsewhere is none of this card */
async function playlistsOf(card: string): Promise<readonly string[]> {
  const folder = join(card, 'PLAYLIST');
  if ((await realpath(folder).catch(() => null)) !== folder) return [];
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /\.(mpl|mpls)$/i.test(name)).slice(0, MOST_PLAYLISTS);
}

/** Without following a link, like a source; empty for what is no file, or none of a playlist's size. */
async function readPlaylist(card: string, name: string): Promise<Buffer> {
  const nothing = Buffer.alloc(0);
  const found = await openBeneath(card, join(card, 'PLAYLIST', name)).catch(() => null);
  if (found?.kind !== 'file') return nothing;
  try {
    return found.stats.size > LARGEST_PLAYLIST ? nothing : await found.handle.readFile().catch(() => nothing);
  } finally {
    await found.handle.close();
  }
}
