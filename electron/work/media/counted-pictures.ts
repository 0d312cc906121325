import type { TechnicalMetadata } from '../../../shared/facts.ts';
import type { Probe } from './probe.ts';
import type { ProxyPlan } from './proxy-args.ts';
import { wireRational } from './rational.ts';

/** ffmpeg's last word on a stream of its first input, at `ffmpegStart('verbose')`; the same from 5.1 on. */
const DECODED = /Input stream #0:(\d+) \(video\): .*\b(\d+) frames decoded/;

/** Takes ffmpeg's stderr line by line and remembers how many pictures of each stream were decoded. */
export function createPictureCounter(): { line(text: string): void; readonly decoded: ReadonlyMap<number, number> } {
  const decoded = new Map<number, number>();
  return {
    line: (text) => {
      const [, index, count] = DECODED.exec(text) ?? [];
      if (index !== undefined) decoded.set(Number(index), Number(count));
    },
    decoded,
  };
}

/**
 * What is known of a source's pictures once a proxy was made of it, beside what its headers say.
 * @param told the number in the headers' facts, if any
 */
export function countedFacts(
  probe: Probe,
  plan: ProxyPlan,
  decoded: ReadonlyMap<number, number>,
  told: number | undefined,
): Pick<TechnicalMetadata, 'frame_count' | 'fps'> {
  if (plan.kind === 'sound') return {};
  // The pictures of a source that an NLE will get were listed; the header of film tells the rate with fields repeated.
  if (plan.kind === 'edit') {
    return { frame_count: plan.frames, ...(plan.film === true ? { fps: wireRational(plan.rate) } : {}) };
  }
  const count = decoded.get(plan.video.index);
  const places = probe.format.name === 'avi' ? plan.video.frameCount : undefined;
  // An AVI counts places; of a place more than there are pictures nothing is shown, in more of them pictures are held.
  const known = places === undefined || count === places - 1 ? count : places;
  return told !== undefined || known === undefined || known === 0 ? {} : { frame_count: known };
}
