import { assertNever } from '../../../shared/assert-never.ts';
import type { EditVideo } from '../../../shared/profiles.ts';
import {
  hardwareCodecArgs,
  hardwareDeviceArgs,
  hardwareFilters,
  usualKbps,
  type HardwareChoice,
} from './hardware-encoders.ts';
import { overBlack } from './alpha.ts';
import { withoutBlanking } from './blanking.ts';
import { ffmpegStart, inputArgs } from './input.ts';
import { mayExceedFullScale } from './mix.ts';
import type { AudioStream } from './probe.ts';
import { PROGRESS_ARGS } from './progress.ts';
import { heldWithin } from './promised-length.ts';
import { argv } from './argv.ts';
import { BIT_EXACT, DECODER_THREADS } from './proxy-bit-exact.ts';
import type { EditPlan } from './proxy-edit-plan.ts';
import { settledInput } from './settled-sound-args.ts';
import { mayChangeFormat } from './sound-formats.ts';
import { sameGraph } from './proxy-picture.ts';
import { keyFrameInterval, lastPictureKept } from './proxy-rate.ts';
import { quicktimeLanguage } from './quicktime-language.ts';
import { formatRatio, ratioValue } from './rational.ts';
import { outputTimecode } from './timecode.ts';

/**
 * ffmpeg arguments of one editing proxy, in a single run: one picture, then every audio stream in its order.
 * @param input `source.input`
 * @param output absolute path of a file that is overwritten
 */
export function editArgs(plan: EditPlan, input: string, output: string, hardware?: HardwareChoice): string[] {
  // The rotation stays a flag: ffmpeg then copies the source's display matrix.
  const before = ['-noautorotate', '-threads', String(DECODER_THREADS)];
  const lead = plan.leadSeconds === 0 ? [] : ['-itsoffset', (-plan.leadSeconds).toFixed(6)];
  return [
    ffmpegStart(mayChangeFormat(plan.audio) && plan.settled === undefined ? 'verbose' : 'warning'),
    ['-y', '-filter_threads', String(DECODER_THREADS)],
    hardware === undefined ? [] : hardwareDeviceArgs(hardware),
    inputArgs(input, { before: [...before, ...lead, ...sameGraph(plan.video)] }),
    plan.settled === undefined ? [] : settledInput(plan.settled, lead),
    PROGRESS_ARGS,
    ['-map', `0:${plan.video.index}`, '-vf', `${editFilters(plan)}${upload(plan, hardware)}`],
    encoderArgs(plan, hardware),
    // A constant rate is made by the fps filter; a variable one needs a clock that times each picture.
    plan.timing === 'variable'
      ? ['-fps_mode', 'passthrough', '-enc_time_base', formatRatio(plan.video.timeBase ?? FINE)]
      : [],
    plan.audio.flatMap((stream, at) => soundArgs(plan, stream, at)),
    BIT_EXACT,
    described(plan),
    movFlags(plan),
    argv('-max_muxing_queue_size 4096 -f mov'),
    ['-t', String(plan.limitSeconds), `file:${output}`],
  ].flat();
}

const FINE = { num: 1, den: 90_000 };

function editFilters(plan: EditPlan): string {
  const { size, scan, sampleAspect: aspect, colour } = plan;
  const field = { progressive: 'prog', top: 'tff', bottom: 'bff' }[scan];
  const interlaced = scan === 'progressive' ? 0 : 1;
  return [
    ...withoutBlanking(plan.video),
    ...overBlack(plan.video),
    `scale=w=${size.width}:h=${size.height}:interl=${interlaced}:flags=bicubic${colour.scale}:out_range=tv`,
    `format=${plan.profile.pixelFormat}`,
    `setsar=sar=${formatRatio(aspect)}:max=1000000`,
    `setparams=field_mode=${field}:range=tv${colour.tags}`,
    // start_time=0: a picture that cannot be decoded before its first key frame is held from its first packet on.
    ...(plan.timing === 'constant' ? [steadyRate(plan)] : []),
  ].join(',');
}

/** Film's last picture may begin within the time of the one before, and would be left out for it. */
function steadyRate({ rate, film, video }: EditPlan): string {
  const last = film === true ? ':eof_action=pass' : lastPictureKept(video, rate);
  return `fps=fps=${formatRatio(rate)}:start_time=0:round=near${last}`;
}

function upload({ profile }: EditPlan, hardware: HardwareChoice | undefined): string {
  return hardware === undefined || profile.pixelFormat !== 'yuv420p'
    ? ''
    : hardwareFilters(hardware, profile.pixelFormat);
}

/** Hardware only for H.264 in 4:2:0; B frames none, so that an NLE finds each picture at once. */
function encoderArgs(plan: EditPlan, hardware: HardwareChoice | undefined): readonly string[] {
  const { video, pixelFormat } = plan.profile;
  if (hardware === undefined || video.codec !== 'libx264' || pixelFormat !== 'yuv420p') {
    return [...codecArgs(video, plan), '-pix_fmt', pixelFormat];
  }
  return hardwareCodecArgs(hardware, {
    crf: video.crf,
    usualKbps: 1.5 * usualKbps(plan.size.width, plan.size.height, ratioValue(plan.rate)),
    pixelFormat,
    keyFrameInterval: keyFrameInterval(plan.rate, video.maxKeyFrameDistanceSeconds),
    bFrames: video.bFrames,
  });
}

function codecArgs(video: EditVideo, plan: EditPlan): string[] {
  const threads = ['-threads:v', String(video.threads)];
  const interlaced = plan.scan !== 'progressive';
  switch (video.codec) {
    case 'libx264': {
      // Where pictures may be shown for long, only key frames alone keep the distance.
      const variable = plan.timing === 'variable';
      const distance = variable ? 1 : keyFrameInterval(plan.rate, video.maxKeyFrameDistanceSeconds);
      // Without force-cfr x264 writes into the stream that the rate may vary, which MediaInfo and NLEs then warn of.
      const steady = variable ? [] : ['force-cfr=1'];
      const fields = interlaced ? [`${plan.scan === 'top' ? 'tff' : 'bff'}=1`, 'weightp=0'] : [];
      const params = [...steady, ...fields];
      return [
        ['-c:v', video.codec, '-preset', video.preset, '-profile:v', video.h264Profile, '-crf', String(video.crf)],
        ['-bf', String(video.bFrames), '-g', String(distance)],
        interlaced ? ['-flags:v', '+ilme+ildct'] : [],
        params.length === 0 ? [] : ['-x264-params', params.join(':')],
        threads,
      ].flat();
    }
    case 'prores_ks':
      return [
        ['-c:v', video.codec, '-profile:v', video.proresProfile, '-vendor', video.vendor],
        interlaced ? ['-flags:v', '+ildct'] : [],
        threads,
      ].flat();
    case 'dnxhd':
      return ['-c:v', video.codec, '-profile:v', video.dnxProfile, ...threads];
    default:
      return assertNever(video);
  }
}

/** Channels and their order stay as they are; gaps of 0.1 s or more become silence, so that the sound keeps its place. */
function soundArgs(plan: EditPlan, stream: AudioStream, at: number): string[] {
  const trimmed = plan.leadSeconds === 0 ? '' : ',atrim=start=0';
  return [
    ['-map', plan.settled === undefined ? `0:${stream.index}` : `1:${at + 1}`, `-c:a:${at}`, sampleCodec(plan, stream)],
    [
      `-filter:a:${at}`,
      `${heldWithin(plan.limitSeconds)},aresample=async=1:min_hard_comp=0.1${trimmed}${withinFullScale(stream)}`,
    ],
    [`-metadata:s:a:${at}`, `language=${quicktimeLanguage(stream.tags['language'])}`],
  ].flat();
}

/** Whole samples hold nothing above full scale; what lies within it stays as it is. */
function withinFullScale(stream: AudioStream): string {
  return mayExceedFullScale(stream) ? ',alimiter=limit=1:level=false:latency=true' : '';
}

/** Samples of 16 bits or fewer need no more; what has no depth (AAC) or a greater one gets 24. */
function sampleCodec(plan: Pick<EditPlan, 'profile'>, stream: AudioStream): string {
  const { codec, codec16 } = plan.profile.audio;
  return stream.bitsPerSample !== undefined && stream.bitsPerSample <= 16 ? codec16 : codec;
}

/** What is written explicitly, after everything of the source was dropped. */
function described({ timecode, reel, video }: EditPlan): string[] {
  const language = video.tags['language'];
  return [
    timecode === undefined ? [] : ['-timecode', outputTimecode(timecode)],
    // The reel's place is the timecode track; without one it goes where Final Cut keeps it.
    reel === undefined
      ? []
      : timecode === undefined
        ? ['-metadata', `com.apple.proapps.reel=${reel}`]
        : ['-metadata:s:v:0', `reel_name=${reel}`],
    language === undefined ? [] : ['-metadata:s:v:0', `language=${quicktimeLanguage(language)}`],
  ].flat();
}

function movFlags({ colour, reel, timecode }: EditPlan): string[] {
  const flags = [
    // Else one of three names missing in the source leaves out all of them, and DNxHR's own pictures then say BT.709.
    ...(colour.tags === '' ? [] : ['+write_colr']),
    ...(reel === undefined || timecode !== undefined ? [] : ['+use_metadata_tags']),
  ];
  return flags.length === 0 ? [] : ['-movflags', flags.join('')];
}
