import { basename } from 'node:path';
import { failure, JobFailure, type Failure } from '../../../shared/failure.ts';
import type { ExecutionContext, Toolbox } from '../execution.ts';
import type { ChildResult } from '../process/child.ts';
import type { JobType } from '../../../shared/job.ts';
import { refusedAsMixed } from './adts-rates.ts';
import { asFarAsItPlays } from './broken-off.ts';
import { withWholePicture } from './clean-aperture.ts';
import { withFrameColours } from './frame-colours.ts';
import { imageKindOf } from './image-kind.ts';
import { codecName, CUT_ADVICE, formatName } from './media-names.ts';
import { toolDetail, toolFailure } from './tool-failure.ts';
import { refusedAsCut, unopenableAsCut } from './probe-cut.ts';
import { withPlayedLength } from './played-length.ts';
import { refusedAsUntold } from './untold-sound.ts';
import { withUntoldSound } from './wav-length.ts';
import { tooLong } from './promised-length.ts';
import { refusedAsProtected } from './protected-media.ts';
import {
  audioStreams,
  parseProbe,
  probeArgs,
  videoStream,
  withoutEstimates,
  type AudioStream,
  type Probe,
  type UnreadStream,
  type VideoStream,
} from './probe.ts';
import { setUnreadAside, unreadPicture, unreadSound } from './unread-streams.ts';

type ProbeContext = Pick<ExecutionContext<JobType>, 'processes' | 'source'> & {
  readonly tools: Pick<Toolbox, 'ffprobe'>;
};

/** A header is read in well under a second; a share may need a minute to wake up. */
const PROBE_WALL_MS = 120_000;
const PROBE_MAX_BYTES = 16 << 20;
const PROBE_ADDRESS_SPACE = 4 * 1024 ** 3;

/**
 * Asks ffprobe what the source is. Throws JobFailure: SOURCE_UNREADABLE when it is damaged, empty or no media,
 * UNSUPPORTED_MEDIA when it is protected or of a kind the tools do not decode.
 */
export async function probeSource(context: ProbeContext): Promise<Probe> {
  const { source } = context;
  const locked = await refusedAsProtected(source);
  if (locked !== null) throw new JobFailure(locked);
  const { result, openOnly } = await ask(context);
  if (result.end.kind !== 'exited') throw new JobFailure(toolFailure(result, 'ENGINE_UNAVAILABLE', 'Reading the file'));
  if (result.end.code !== 0) throw new JobFailure(await explain(result, source));
  let probe: Probe;
  try {
    const all = parseProbe(result.stdout.toString('utf8'));
    probe = setUnreadAside(openOnly.length === 0 ? all : { ...all, openOnly });
  } catch (cause) {
    throw new JobFailure(unreadable(source.path, result), { cause });
  }
  if (probe.streams.length === 0) throw new JobFailure(unreadable(source.path, result));
  const refused =
    (await refusedAsCut(source, probe.format.name)) ??
    (await refusedAsMixed(source, probe.format.name)) ??
    (await refusedAsUntold(source, probe));
  if (refused !== null) throw new JobFailure(refused);
  const told = result.stderrTail.some((line) => line.includes(ESTIMATED)) ? withoutEstimates(probe) : probe;
  const seen = await withFrameColours(context, told);
  const played = await asFarAsItPlays(context, await withPlayedLength(context, seen));
  const known = await withWholePicture(source, await withUntoldSound(source, played));
  const endless = tooLong(known, basename(source.path));
  if (endless !== null) throw new JobFailure(endless);
  return known;
}

/** A file names a handful of codecs; a forged one must not keep us here. */
const MOST_UNREAD = 16;

/** Asks once more wherever a stream's decoder is not on the list: the other streams may be all that is needed. */
async function ask(
  context: ProbeContext,
): Promise<{ readonly result: ChildResult; readonly openOnly: readonly string[] }> {
  const { source } = context;
  const openOnly: string[] = [];
  for (;;) {
    const result = await context.processes.run({
      program: context.tools.ffprobe.path,
      args: probeArgs(source.input, openOnly),
      descriptors: [source.fd],
      stdout: { kind: 'collect', maxBytes: PROBE_MAX_BYTES },
      limits: { wallMs: PROBE_WALL_MS, addressSpaceBytes: PROBE_ADDRESS_SPACE },
    });
    const refused = result.stderrTail.flatMap((line) => REFUSED.exec(line)?.groups?.['codec'] ?? []);
    const more = [...new Set(refused)].filter((codec) => !openOnly.includes(codec));
    const isRefusal = result.end.kind === 'exited' && result.end.code !== 0 && more.length > 0;
    if (!isRefusal || openOnly.length + more.length > MOST_UNREAD) return { result, openOnly };
    openOnly.push(...more);
  }
}

/** libavformat/demux.c, the same words in 4 to 8. */
const ESTIMATED = 'Estimating duration from bitrate';

/**
 * The picture to work with. Throws NO_VIDEO_TRACK when there is none (cover art is none), UNSUPPORTED_MEDIA when the
 * tools cannot decode it, SOURCE_UNREADABLE when its size cannot be learned.
 */
export function requireVideo(probe: Probe, sourcePath: string): VideoStream {
  const name = basename(sourcePath);
  const stream = videoStream(probe);
  const unread = unreadPicture(probe);
  if (stream === undefined && unread !== undefined) throw new JobFailure(unreadFailure(name, unread));
  if (stream === undefined) throw new JobFailure(failure('NO_VIDEO_TRACK', `“${name}” has no picture.`));
  if (stream.codec === undefined) {
    const tag = stream.codecTag ?? 'unknown';
    const camera = cameraRaw(tag) ?? cameraRaw(name);
    throw new JobFailure(unsupported(camera === undefined ? codecWords(name, tag) : cameraRawWords(name, camera), tag));
  }
  if (stream.width < 1 || stream.height < 1) {
    throw new JobFailure(failure('SOURCE_UNREADABLE', `The picture of “${name}” has no readable beginning.`));
  }
  return stream;
}

/**
 * The sound to work with: every track that can be decoded. Throws NO_AUDIO_TRACK where there is none at all,
 * UNSUPPORTED_MEDIA where none can be decoded.
 * @param name of the file
 */
export function requireSound(probe: Probe, name: string): readonly AudioStream[] {
  const streams = audioStreams(probe);
  if (streams.length > 0) return streams;
  const [unread] = unreadSound(probe);
  if (unread !== undefined) throw new JobFailure(unreadFailure(name, unread));
  throw new JobFailure(failure('NO_AUDIO_TRACK', `“${name}” has no sound.`));
}

function unreadFailure(name: string, unread: UnreadStream): Failure {
  return unsupported(codecWords(name, unread.codec ?? 'unknown'), unread.codec ?? unread.type);
}

/** Formats that only their makers' software decodes, by codec tag or file name. */
const CAMERA_RAW: readonly { readonly pattern: RegExp; readonly name: string }[] = [
  { pattern: /^br(vn|st|s2|xq|hq|lt|aw)|\.braw$/i, name: 'Blackmagic RAW' },
  { pattern: /^r3d|\.r3d$/i, name: 'REDCODE RAW (R3D)' },
  { pattern: /^craw|\.crm$/i, name: 'Canon Cinema RAW Light (CRM)' },
  { pattern: /^apr[nh]$/i, name: 'Apple ProRes RAW' },
  { pattern: /\.nev$/i, name: 'Nikon N-RAW' },
  { pattern: /\.(ari|arx)$/i, name: 'ARRIRAW' },
];

function cameraRaw(tagOrName: string): string | undefined {
  return CAMERA_RAW.find(({ pattern }) => pattern.test(tagOrName))?.name;
}

async function explain(result: ChildResult, source: ProbeContext['source']): Promise<Failure> {
  const name = basename(source.path);
  const lines = result.stderrTail.join('\n');
  const image = await imageKindOf(source.fd).catch(() => null);
  if (image !== null) {
    const message = `“${name}” is a still image; this job needs a recording.`;
    return failure('UNSUPPORTED_MEDIA', message, { ...toolDetail(result), subject: image });
  }
  const refused = REFUSED.exec(lines)?.groups;
  const { codec, format } = refused ?? {};
  const kind = codec ?? format;
  const camera = cameraRaw(name) ?? cameraRaw(kind ?? '');
  if (camera !== undefined) return unsupported(cameraRawWords(name, camera), kind ?? camera, result);
  if (codec !== undefined) return unsupported(codecWords(name, codec), codec, result);
  if (format !== undefined) return unsupported(formatWords(name, format), format, result);
  const cut = await unopenableAsCut(source);
  return cut === null ? unreadable(source.path, result) : { ...cut, detail: toolDetail(result) };
}

/** ffmpeg's two refusals by whitelist (input.ts); a container's line begins with its own name. */
const REFUSED =
  /Codec \((?<codec>[^)]+)\) not on whitelist|\[(?<format>[^\s\]]+) @ [^\]]*\](?: \[\w+\])? Format not on whitelist/;

function unsupported(message: string, subject: string, result?: ChildResult): Failure {
  return failure('UNSUPPORTED_MEDIA', message, { ...(result === undefined ? {} : toolDetail(result)), subject });
}

function cameraRawWords(name: string, kind: string): string {
  return `“${name}” is ${kind}, which this agent cannot decode; convert it with the camera maker’s software.`;
}

function codecWords(name: string, codec: string): string {
  const advice = 'convert it to H.264, ProRes or DNxHR, and sound to PCM, first';
  return `“${name}” holds ${codecName(codec)}, which this agent cannot decode; ${advice}.`;
}

function formatWords(name: string, format: string): string {
  const { name: kind, isMedia } = formatName(format);
  return isMedia
    ? `“${name}” is ${kind}, which this agent does not read; convert it to MOV, MP4, MXF or WAV first.`
    : `“${name}” is ${kind}: there is no recording in it.`;
}

function unreadable(path: string, result: ChildResult): Failure {
  const name = basename(path);
  const lines = result.stderrTail.join('\n');
  // Any text passes ffmpeg's faintest guess at MP4; only a real beginning tells of an unfinished recording.
  const isUnfinished = lines.includes('moov atom not found') && !lines.includes('detected only with low score');
  const reason = isUnfinished
    ? `its index is missing, so the recording or copy was not finished; ${CUT_ADVICE}`
    : 'it is damaged, incomplete or not a media file';
  return failure('SOURCE_UNREADABLE', `“${name}” cannot be read: ${reason}.`, toolDetail(result));
}
