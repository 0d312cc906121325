/** What the name of a file says about it. */

export const MEDIA_KINDS = ['video', 'sound', 'photo'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** With what cards and recorders name: 360 and INSV (two lenses), LRF and LRV (small copies), MOD and TOD (camcorders). */
const VIDEO =
  'mov qt mp4 m4v mxf mts m2ts m2t ts trp mpg mpeg m2p m2v vob mod tod avi divx mkv mk3d webm ogv 3gp 3g2 dv dif wmv asf ' +
  'flv f4v insv 360 lrv lrf dav braw r3d crm nev ari arx';
const SOUND = 'wav wave bwf rf64 w64 aif aiff aifc mp3 mp2 mpga m4a m4b aac ac3 eac3 dts flac ogg oga opus caf wma amr';
const PHOTO =
  'jpg jpeg jpe jfif mpo insp png tif tiff webp heic heics heif heifs hif avif dng gpr cr2 cr3 crw nef nrw arw sr2 srf ' +
  'raf orf rw2 rwl pef srw 3fr fff iiq x3f erf kdc dcr mrw mos mef jxl';

const KIND_OF_ENDING: ReadonlyMap<string, MediaKind> = new Map([
  ...VIDEO.split(' ').map((ending) => [ending, 'video'] as const),
  ...SOUND.split(' ').map((ending) => [ending, 'sound'] as const),
  ...PHOTO.split(' ').map((ending) => [ending, 'photo'] as const),
]);

/** What a file is by its name, with or without folders; null where the name is not one of media. */
export function kindOfName(path: string): MediaKind | null {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? null : (KIND_OF_ENDING.get(name.slice(dot + 1).toLowerCase()) ?? null);
}

/** The folder in which Premiere, Resolve and “Save proxies” put them beside the media. */
export const PROXY_FOLDER = 'Proxy';

/** Whether the file of this stem in a folder of proxies is one of a file above it: `A001.mov` has `Proxy/A001_Proxy.mp4`. */
export function isProxyOf(stem: string, stemsAbove: ReadonlySet<string>): boolean {
  return stemsAbove.has(stem) || stemsAbove.has(stem.replace(/_Proxy$/, ''));
}
