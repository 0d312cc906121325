import { basename, join } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import { DEFAULT_PROXY_PROFILE, PROXY_PROFILES, type ProxyProfile } from '../../../shared/profiles.ts';
import type { Pace } from '../../../shared/snapshot.ts';
import type { Warning } from '../../../shared/facts.ts';
import { countedFacts } from '../media/counted-pictures.ts';
import { argv } from '../media/argv.ts';
import { technicalMetadata } from '../media/facts.ts';
import { mergeFacts } from '../media/metadata-merge.ts';
import { readMetadata } from '../media/metadata-source.ts';
import { imageKindOf } from '../media/image-kind.ts';
import { compare } from '../media/parity.ts';
import { requireSound, requireVideo } from '../media/probe-source.ts';
import { probeOf } from '../media/source-probes.ts';
import { asReader, type SourceReader } from '../media/source-readers.ts';
import { durationMs, videoStream, type Probe } from '../media/probe.ts';
import type { HardwareChoice } from '../media/hardware-encoders.ts';
import { planReview, planSound, proxyArgs, withSettledSound, type ProxyPlan } from '../media/proxy-args.ts';
import { alphaWarning } from '../media/alpha.ts';
import { apertureWarning } from '../media/clean-aperture.ts';
import { damageWarning } from '../media/proxy-damage.ts';
import { unreadPicture, unreadSound, unreadSoundWarning } from '../media/unread-streams.ts';
import { earlierStream } from '../media/sound-clock.ts';
import { openedAsItPlays } from '../media/wav-length.ts';
import { seal } from '../workspace/workspace.ts';
import type {
  Artifact,
  ExecutionContext,
  ExecutionSuccess,
  Executor,
  ProfileProof,
  ProofSample,
} from '../execution.ts';
import { refuseFieldCoded } from './field-coded.ts';
import { knownProfile } from './known-profile.ts';
import { largestPicture, sizesWarning } from './picture-sizes.ts';
import { encodeWithFallback } from './proxies-fallback.ts';
import { planForEditing, refusePart } from './proxies-source.ts';
import { encode, readBack, type EncodeRun } from './proxies-tool.ts';
import { judgeDifferences, judgeEncoding } from './proxies-verdict.ts';
import { attemptSettling, type SettledSound, type Settling } from './settled-sound.ts';
import { slicesOf } from './x264-slices.ts';

type Context = ExecutionContext<'generate_video_proxies'>;

/**
 * JOB-TYPES §3.1: one review or editing proxy of a recording, or one sound proxy where it has no picture. Failures:
 * UNKNOWN_PROFILE, UNSUPPORTED_MEDIA, SOURCE_UNREADABLE (fatal), ENCODE_FAILED, OUTPUT_INVALID and what ends a tool
 * from outside (retryable).
 */
export function createProxyExecutor(): Executor<'generate_video_proxies'> {
  return {
    jobType: 'generate_video_proxies',
    needs: ['ffmpeg', 'ffprobe'],
    estimateBytes,
    execute,
    proof: {
      what: 'Encodes a review proxy of a one-second clip with sound and compares it with the clip.',
      sample: PROOF_CLIP,
      inputs: { proxyProfile: DEFAULT_PROXY_PROFILE },
      check: checkProof,
      profiles: Object.values<ProxyProfile>(PROXY_PROFILES).flatMap((profile) =>
        profile.name === DEFAULT_PROXY_PROFILE ? [] : [profileProof(profile)],
      ),
    },
  };
}

const SECOND_OF_PICTURE_AND_SOUND = '-f lavfi -i testsrc2=s=640x360:r=25:d=1 -f lavfi -i sine=f=440:r=48000:d=1';

const PROOF_CLIP: ProofSample = {
  fileName: 'proof-proxies.mp4',
  args: argv(`${SECOND_OF_PICTURE_AND_SOUND} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -f mp4`),
};

/** Fields are encoded with options of their own. */
const PROOF_FIELDS: ProofSample = {
  fileName: 'proof-fields.mov',
  args: argv(
    `${SECOND_OF_PICTURE_AND_SOUND} -vf interlace -c:v mpeg2video -flags +ildct+ilme -q:v 4 -c:a pcm_s16le -f mov`,
  ),
};

function profileProof(profile: ProxyProfile): ProfileProof<'generate_video_proxies'> {
  const fields = profile.family === 'edit' && profile.limits.interlaced;
  return {
    profile: profile.name,
    options: profile,
    samples: fields ? [PROOF_CLIP, PROOF_FIELDS] : [PROOF_CLIP],
    inputs: { proxyProfile: profile.name },
    check: checkProof,
  };
}

const ESTIMATE_BASE = 32 << 20;
const ESTIMATE_LARGE = 4 * 1024 ** 3;

/**
 * A camera writes 32 Mb/s or more, a proxy at most 8 plus sound: a quarter. Small, tightly packed files (phones,
 * web) may come out larger than they are, hence the first 4 GB in full and a quarter more.
 */
function estimateBytes(sourceBytes: number): number {
  return ESTIMATE_BASE + Math.ceil(Math.min(sourceBytes * 1.25, ESTIMATE_LARGE + sourceBytes / 4));
}

const execute = (given: Context): Promise<ExecutionSuccess<'generate_video_proxies'>> =>
  asReader(given, (reader) => make(given, reader));

async function make(given: Context, reader: SourceReader): Promise<ExecutionSuccess<'generate_video_proxies'>> {
  const profile = knownProfile<ProxyProfile>(
    PROXY_PROFILES,
    'proxy profile',
    given.job.proxyProfile ?? DEFAULT_PROXY_PROFILE,
  );
  given.report.stage('probing');
  await refuseStill(given);
  const probe = await probeOf(given);
  const context = openedAsItPlays(given, probe);
  await refusePart(context, probe);
  const plan = await choosePlan(context, probe, profile);
  if (durationMs(probe) === undefined) reader.leave();
  context.report.progress(PROBED);
  const file = plan.kind === 'sound' ? 'proxy_audio.m4a' : `proxy_video.${profile.container}`;
  const temporary = `part-${file}`;
  // Beside the encoder, so that it costs no time.
  const metadata = readMetadata(given);
  const { made: climbed, changes } = await attemptSettling(context, plan.audio, settlingOf(probe, plan), (settled) => {
    const heard = withSound(plan, settled);
    return encodeWithFallback(context, heard, async (choice, name) => {
      context.report.stage('encoding', name, paceOf(probe));
      const run = await encodeSource(context, probe, heard, { reader, temporary, choice });
      context.report.stage('verifying', name);
      return { run, read: await verify(context, probe, heard, run, temporary) };
    });
  });
  const {
    made: { run, read },
    encoder,
  } = climbed;
  context.report.progress(VERIFIED);
  const artifact: Artifact = {
    kind: plan.kind === 'sound' ? 'proxy_audio' : 'proxy_video',
    file,
    contentType: plan.kind === 'sound' ? profile.soundOnly.contentType : profile.contentType,
    ...(await seal(context.workspace, temporary, file)),
  };
  context.report.progress(1);
  const told = mergeFacts(technicalMetadata(probe, context.source.sizeBytes), await metadata);
  const facts = { ...told, ...countedFacts(probe, plan, run.decoded, told.frame_count) };
  const warning = damageWarning(run.decodeErrors);
  return {
    artifacts: [artifact],
    outputs: { jobType: 'generate_video_proxies', proxies: [{ artifact: 0, profile: profile.name }], facts },
    facts,
    warnings: [...(probe.warnings ?? []), warning, changes, unreadSoundWarning(probe), ...pictureWarnings(plan)].filter(
      (one) => one !== undefined,
    ),
    metrics: {
      profile: profile.name,
      encoder: encoder.name,
      encoder_setting: encoder.setting,
      encoder_because: encoder.because,
      ...(encoder.fallback === undefined ? {} : { encoder_fallback: encoder.fallback }),
      decoder: plan.kind === 'sound' ? plan.audio[0]?.codec : plan.video.codec,
      // What was read back, beside the facts of the source: the page shows both.
      ...(read === null ? {} : { proxy_facts: technicalMetadata(read, artifact.sizeBytes) }),
      encode_wall_ms: Math.round(run.result.wallMs),
      ...(run.last?.speed === undefined ? {} : { encode_speed: run.last.speed }),
    },
  };
}

/** Encoding is so much of the whole progress; the rest of it is no media. */
function paceOf(probe: Probe): Pace | undefined {
  const ms = durationMs(probe);
  const rate = videoStream(probe)?.averageRate;
  if (ms === undefined) return undefined;
  return { mediaMs: ms / (ENCODED - PROBED), ...(rate === undefined ? {} : { fps: rate.num / rate.den }) };
}

/** Shares of the whole: encoding is nearly all of it. */
const PROBED = 0.01;
const ENCODED = 0.97;
const VERIFIED = 0.99;

/** Told by content, before a tool opens it: the tools' list of formats has no stills at all. */
async function refuseStill(context: Context): Promise<void> {
  const kind = await imageKindOf(context.source.fd);
  if (kind === null) return;
  const name = basename(context.source.path);
  throw new JobFailure(
    failure('UNSUPPORTED_MEDIA', `“${name}” is a still image; there is nothing to make a proxy of.`, { subject: kind }),
  );
}

async function choosePlan(context: Context, probe: Probe, profile: ProxyProfile): Promise<ProxyPlan> {
  const { path } = context.source;
  if (videoStream(probe) !== undefined || unreadPicture(probe) !== undefined) {
    const told = requireVideo(probe, path);
    await refuseFieldCoded(context, told, probe.openOnly);
    const video = await largestPicture(context, probe, told);
    return profile.family === 'edit'
      ? planForEditing(context, probe, video, profile)
      : planReview(probe, video, profile, await slicesOf(context, profile));
  }
  const plan = planSound(probe, profile);
  if (plan !== undefined) return plan;
  if (unreadSound(probe).length > 0) requireSound(probe, basename(path));
  throw new JobFailure(
    failure('UNSUPPORTED_MEDIA', `“${basename(path)}” has neither picture nor sound that can be decoded.`),
  );
}

/** The plan with its sound settled; an editing proxy keeps the channels that the container declares. */
function withSound(plan: ProxyPlan, settled: SettledSound | undefined): ProxyPlan {
  if (settled === undefined) return plan;
  return plan.kind === 'edit' ? { ...plan, settled: settled.path } : withSettledSound(plan, settled);
}

function settlingOf(probe: Probe, plan: ProxyPlan): Settling {
  return {
    codec: 'pcm_f32le',
    decoders: [],
    earlier: earlierStream(probe, plan.audio),
    limitSeconds: plan.limitSeconds,
    into: plan.kind === 'edit' ? 'declared' : 'widest',
  };
}

async function encodeSource(
  context: Context,
  probe: Probe,
  plan: ProxyPlan,
  {
    reader,
    temporary,
    choice,
  }: { readonly reader: SourceReader; readonly temporary: string; readonly choice: HardwareChoice | null },
): Promise<EncodeRun> {
  const args = proxyArgs(plan, context.source.input, join(context.workspace, temporary), choice ?? undefined);
  const onShare = (share: number): void => {
    context.report.progress(PROBED + share * (ENCODED - PROBED));
    reader.at(share);
  };
  const run = await encode(context, args, probe, onShare, choice !== null);
  const problem = judgeEncoding(run, context.source.path);
  if (problem !== null) throw new JobFailure(problem);
  return run;
}

/** Exit code 0 is never enough (media.md): the file is read back and compared before anyone may have it. */
async function verify(
  context: Context,
  probe: Probe,
  plan: ProxyPlan,
  run: EncodeRun,
  temporary: string,
): Promise<Probe | null> {
  const made = await readBack(context, plan, join(context.workspace, temporary), run);
  const differences = made === null ? null : compare(probe, plan, made);
  const problem = await judgeDifferences(context, { probe, plan, run, made, differences });
  if (problem !== null) throw new JobFailure(problem);
  return made?.probe ?? null;
}

function checkProof(success: ExecutionSuccess<'generate_video_proxies'>): string | null {
  const artifact = success.artifacts[0];
  if (artifact?.kind !== 'proxy_video') return 'no video proxy was made';
  if (success.warnings.length > 0) return 'decoding a sound clip gave warnings';
  return artifact.sizeBytes > 0 ? null : 'the proxy is empty';
}

function pictureWarnings(plan: ProxyPlan): readonly (Warning | undefined)[] {
  return plan.kind === 'sound' ? [] : [alphaWarning(plan.video), apertureWarning(plan.video), sizesWarning(plan.video)];
}
