import { JobFailure, type FailureCode } from '../../../shared/failure.ts';
import type { HardwareChoice } from '../media/hardware-encoders.ts';
import type { ProxyPlan } from '../media/proxy-args.ts';
import { isDecodeError } from '../media/proxy-damage.ts';
import type { ExecutionContext } from '../execution.ts';

type Context = ExecutionContext<'generate_video_proxies'>;

/** Which encoder made a file, and why not the one that was tried before. */
interface EncoderUse {
  readonly name: string;
  readonly setting: 'software' | 'auto';
  /** Why this one, for the report: a few words. */
  readonly because: string;
  readonly fallback?: { readonly from: string; readonly because: string };
}

/** These say nothing about an encoder: another one would meet them too, or nobody wants the file any more. */
const NOT_THE_ENCODERS: readonly FailureCode[] = ['CANCELLED', 'STORAGE_UNAVAILABLE', 'DISK_FULL'];

/**
 * The ladder of one file (media.md, Encoders): a proved hardware encoder where the setting allows one, then software,
 * which is the reference. `attempt` encodes and compares, with null for software; what it throws ends the job, unless
 * it was the hardware's try.
 */
export async function encodeWithFallback<T>(
  context: Context,
  plan: ProxyPlan,
  attempt: (choice: HardwareChoice | null, name: string) => Promise<T>,
): Promise<{ readonly made: T; readonly encoder: EncoderUse }> {
  const { hardware, encoder: setting } = context;
  const software = softwareName(plan);
  const [choice] = setting === 'auto' && mayUseHardware(plan) ? ((await hardware?.ready('yuv420p')) ?? []) : [];
  if (choice === undefined || hardware === undefined) {
    return {
      made: await attempt(null, software),
      encoder: { name: software, setting, because: whySoftware(plan, setting) },
    };
  }
  const { name } = choice.encoder;
  let because: string;
  try {
    const made = await attempt(choice, name);
    hardware.worked(name);
    return { made, encoder: { name, setting, because: 'proved here by a real encode and decode' } };
  } catch (error) {
    if (!(error instanceof JobFailure) || context.signal.aborted) throw error;
    if (NOT_THE_ENCODERS.includes(error.failure.code)) throw error;
    because = reasonOf(error);
  }
  context.report.log('warn', `${name} failed; encoding in software instead: ${because}`);
  const made = await attempt(null, software);
  // Only now it is sure that the file was not to blame.
  hardware.failed(name);
  return { made, encoder: { name: software, setting, because: `${name} failed`, fallback: { from: name, because } } };
}

function softwareName(plan: ProxyPlan): string {
  return plan.kind === 'sound' ? plan.profile.soundOnly.codec : plan.profile.video.codec;
}

function whySoftware(plan: ProxyPlan, setting: 'software' | 'auto'): string {
  if (setting === 'software') return 'the setting';
  return mayUseHardware(plan)
    ? 'no hardware encoder is proved here'
    : 'this profile or source is made in software only';
}

/** H.264 in 4:2:0; fields and variable rates are what hardware encoders do differently, or not at all. */
function mayUseHardware(plan: ProxyPlan): boolean {
  if (plan.kind === 'sound' || plan.profile.video.codec !== 'libx264') return false;
  return plan.kind === 'picture' || (plan.scan === 'progressive' && plan.timing === 'constant');
}

/** The tool's first words name the cause. */
function reasonOf({ failure }: JobFailure): string {
  const line = failure.detail?.lastLines?.find(isDecodeError);
  const words = line?.replace(/^(\[[^\]]*\]\s*)+/, '').trim();
  return words === undefined || words === '' ? failure.message : `${failure.message} (${words.slice(0, 200)})`;
}
