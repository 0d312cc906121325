import type { Warning } from '../../../shared/facts.ts';
import { INPUT_DECODERS } from './input.ts';
import { codecName } from './media-names.ts';
import type { Probe, Stream, UnreadStream } from './probe.ts';

/**
 * Pictures and tracks that nothing here can decode, because their codec is not on the list of input.ts or ffmpeg has
 * none for it. One of them is no reason to refuse the others: what can be read is made, what cannot is named.
 */

/** Codecs whose decoders have other names. */
const CODEC_OF: Readonly<Record<string, string>> = { amrnb: 'amr_nb', amrwb: 'amr_wb', dca: 'dts' };
const READABLE: ReadonlySet<string> = new Set(
  INPUT_DECODERS.flatMap((decoder) => [decoder, CODEC_OF[decoder] ?? decoder]),
);

/** The probe with those streams set aside; their numbers stay with the streams that are left. */
export function setUnreadAside(probe: Probe): Probe {
  const unread = probe.streams.filter(isUnread);
  if (unread.length === 0) return probe;
  return {
    ...probe,
    streams: probe.streams.map((stream) => (isUnread(stream) ? { ...base(stream), type: 'unknown' } : stream)),
    unread: unread.flatMap((stream) => (isCover(stream) ? [] : [toUnread(stream)])),
  };
}

function isUnread(stream: Stream): boolean {
  if (stream.type === 'audio') return stream.codec === undefined || !READABLE.has(stream.codec);
  // A picture that ffmpeg has no codec for is looked at where a picture is needed: its tag may name a camera's raw format.
  return stream.type === 'video' && stream.codec !== undefined && !READABLE.has(stream.codec);
}

function isCover(stream: Stream): boolean {
  return stream.type === 'video' && stream.isAttachedPicture;
}

function toUnread(stream: Stream): UnreadStream {
  return {
    type: stream.type === 'video' ? 'video' : 'audio',
    codec: stream.codec ?? stream.codecTag,
    isDefault: stream.disposition['default'] === true,
  };
}

function base({ index, codec, codecTag, profile, timeBase, startTime, duration, bitRate, disposition, tags }: Stream) {
  return { index, codec, codecTag, profile, timeBase, startTime, duration, bitRate, disposition, tags };
}

export function unreadSound({ unread = [] }: Probe): readonly UnreadStream[] {
  return unread.filter(({ type }) => type === 'audio');
}

export function unreadPicture({ unread = [] }: Probe): UnreadStream | undefined {
  return unread.find(({ type }) => type === 'video');
}

/** What an editor calls it; completes “its sound holds …”. */
export function unreadName({ codec, type }: UnreadStream): string {
  return codec === undefined ? `${type === 'video' ? 'a picture' : 'sound'} of an unknown kind` : codecName(codec);
}

/** For whoever gets what was made of the rest of the sound; undefined where all of it was read. */
export function unreadSoundWarning(probe: Probe): Warning | undefined {
  const left = unreadSound(probe);
  const [first] = left;
  if (first === undefined) return undefined;
  const kinds = [...new Set(left.map(unreadName))].join(', ');
  const tracks = left.length === 1 ? 'One sound track' : `${left.length} sound tracks`;
  const message = `${tracks} cannot be decoded and ${left.length === 1 ? 'is' : 'are'} left out: ${kinds}.`;
  return { code: 'SOUND_LEFT_OUT', message, count: left.length };
}
