/**
 * What cameras write as more than one file: one clip in parts. Folder and file names are those of the makers' manuals:
 * P2, XDCAM and XDCAM EX, XAVC, Canon XF, AVCHD, GoPro, DJI, Insta360, RED.
 */

/**
 * `chapter`: a clip that goes on in the next file, because of its size. `lens`: of two that record at once. `picture`,
 * `sound`: tracks apart. `copy`: the camera's own small one. `take`: alone, on a card where parts are told otherwise.
 */
export const PART_ROLES = ['chapter', 'lens', 'picture', 'sound', 'copy', 'take'] as const;
type PartRole = (typeof PART_ROLES)[number];

export interface CardPart {
  /** Folder, from the beginning of the path, in which other parts may still arrive; '' for the path's beginning. */
  readonly card: string;
  /** The clip's name on that card. */
  readonly clip: string;
  readonly role: PartRole;
  /** Which of the clip's parts of this role, from 1. */
  readonly number: number;
}

interface Pattern {
  /** Over the whole path. Groups: `card` (with its last slash), `clip`, `number`. */
  readonly path: RegExp;
  readonly role: PartRole;
  /** What the group `number` says; a pattern without that group is of number 1. */
  readonly number?: (text: string) => number;
}

const CARD = '(?<card>(?:.*?/)?)';
const next = (text: string): number => Number(text) + 1;

/** The first that fits is it. */
const PATTERNS: readonly Pattern[] = [
  // Panasonic P2: OP-Atom, a file for each track.
  { path: new RegExp(`^${CARD}CONTENTS/VIDEO/(?<clip>[^/]+)\\.MXF$`, 'i'), role: 'picture' },
  {
    path: new RegExp(`^${CARD}CONTENTS/AUDIO/(?<clip>[^/]+)(?<number>\\d\\d)\\.MXF$`, 'i'),
    role: 'sound',
    number: next,
  },
  { path: new RegExp(`^${CARD}CONTENTS/PROXY/(?<clip>[^/]+)\\.(?:MP4|MOV)$`, 'i'), role: 'copy' },
  // Sony XDCAM: the disc's small copies; XAVC on SD and SxS: the same under M4ROOT.
  { path: new RegExp(`^${CARD}(?:Sub|M4ROOT/SUB)/(?<clip>[^/]+)S\\d\\d\\.(?:MXF|MP4)$`, 'i'), role: 'copy' },
  {
    path: new RegExp(`^${CARD}BPAV/CLPR/(?<clip>[^/]+)_(?<number>\\d\\d)/[^/]+\\.MP4$`, 'i'),
    role: 'chapter',
  },
  // Canon XF: CLIPS001/AA0001/AA000101.MXF.
  {
    path: new RegExp(`^${CARD}CONTENTS/CLIPS\\d{3}/(?<clip>\\w{6})/\\k<clip>(?<number>\\d\\d)\\.MXF$`, 'i'),
    role: 'chapter',
  },
  // AVCHD: which streams are one clip is told by the card's playlists (`spansOf`), not by names.
  { path: new RegExp(`^${CARD}BDMV/STREAM/(?<clip>\\d{5})\\.(?:MTS|M2TS)$`, 'i'), role: 'take' },
  { path: new RegExp(`^${CARD}(?<clip>[^/]+)\\.RDC/\\k<clip>_(?<number>\\d{3})\\.R3D$`, 'i'), role: 'chapter' },
  // GoPro: GX021234.MP4 is the second chapter of 1234; before the HERO6 GOPR1234 goes on with GP011234.
  { path: new RegExp(`^${CARD}G[LXH]\\d\\d(?<clip>\\d{4})\\.(?:LRV|THM)$`, 'i'), role: 'copy' },
  { path: new RegExp(`^${CARD}G[HXS](?<number>\\d\\d)(?<clip>\\d{4})\\.(?:MP4|360)$`, 'i'), role: 'chapter' },
  { path: new RegExp(`^${CARD}GOPR(?<clip>\\d{4})\\.MP4$`, 'i'), role: 'chapter' },
  { path: new RegExp(`^${CARD}GP(?<number>\\d\\d)(?<clip>\\d{4})\\.MP4$`, 'i'), role: 'chapter', number: next },
  // DJI: a part number behind the clip's own; without one every file is told to be a clip.
  { path: new RegExp(`^${CARD}(?<clip>DJI_.+?)\\.LRF$`, 'i'), role: 'copy' },
  {
    path: new RegExp(`^${CARD}(?<clip>DJI_(?:\\d{14}_)?\\d{4}(?:_[A-Z])?)_(?<number>\\d{3})\\.(?:MP4|MOV)$`, 'i'),
    role: 'chapter',
  },
  // Insta360: VID_20240131_120000_00_007.insv and …_10_007.insv are two lenses of one clip, LRV_…_11_007 its copy.
  { path: new RegExp(`^${CARD}LRV_(?<clip>\\d{8}_\\d{6})_\\d\\d_\\d{3}\\.(?:insv|lrv)$`, 'i'), role: 'copy' },
  {
    path: new RegExp(`^${CARD}VID_(?<clip>\\d{8}_\\d{6})_(?<number>[01])0_\\d{3}\\.insv$`, 'i'),
    role: 'lens',
    number: next,
  },
  // Whatever else is called so by a camera is its small copy of the file of the same name.
  { path: new RegExp(`^${CARD}(?<clip>[^/]+)\\.(?:LRV|LRF)$`, 'i'), role: 'copy' },
];

/** What part of a clip a file is; null: a file of its own. @param path with slashes, as the folders lie */
export function cardPartOf(path: string): CardPart | null {
  for (const { path: pattern, role, number = Number } of PATTERNS) {
    const groups = pattern.exec(path)?.groups;
    if (groups === undefined) continue;
    const { card = '', clip = '', number: text } = groups;
    return { card: card.replace(/\/$/, ''), clip, role, number: text === undefined ? 1 : number(text) };
  }
  return null;
}

/** Where `MPLS` files say that one stream goes on in the next without a gap. */
const SEAMLESS = new Set([5, 6]);

/**
 * The streams of one AVCHD playlist (`BDMV/PLAYLIST/*.MPL`) in runs that were recorded as one, e.g.
 * `[['00000', '00001'], ['00002']]`. Empty where it is no playlist.
 */
export function spansOf(playlist: DataView): string[][] {
  const spans: string[][] = [];
  try {
    if (playlist.getUint32(0) !== MPLS) return [];
    const start = playlist.getUint32(8);
    const items = playlist.getUint16(start + 6);
    let at = start + 10;
    for (let index = 0; index < items; index += 1) {
      const name = String.fromCodePoint(...[2, 3, 4, 5, 6].map((offset) => playlist.getUint8(at + offset)));
      const condition = playlist.getUint16(at + 11) & 0x0f;
      if (SEAMLESS.has(condition) && spans.length > 0) spans.at(-1)?.push(name);
      else spans.push([name]);
      at += 2 + playlist.getUint16(at);
    }
  } catch (error) {
    // It is shorter than it says.
    if (!(error instanceof RangeError)) throw error;
  }
  return spans;
}

/** “MPLS” */
const MPLS = 0x4d504c53;
