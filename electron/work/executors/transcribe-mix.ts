import { LIMITER, mixSound } from '../media/mix.ts';
import type { AudioStream } from '../media/probe.ts';
import { SAMPLE_RATE } from '../speech/windows.ts';

/**
 * A `-filter_complex` graph that makes one mono track `[speech]` of all streams. A plain sum loses what two channels
 * carry with opposite polarity (a miswired cable, a boom and a lavalier): here each channel is turned by another angle
 * within half a turn first, so that no two of them can cancel. Two channels stand 90° apart: sound in both comes out
 * equally loud whatever their polarity, sound in one of a pair 3 dB lower. An ear for words does not hear phase.
 */
export function speechMix(streams: readonly AudioStream[], limitSeconds?: number): string {
  const parts: string[] = [];
  const channels: { readonly label: string; readonly gain: number }[] = [];
  for (const [at, stream] of streams.entries()) {
    const mix = mixSound([stream], limitSeconds);
    if (mix === undefined) continue;
    const label = `m${String(at)}`;
    parts.push(mix.graph.replaceAll('[mix]', `[${label}]`));
    if (mix.channels === 1) channels.push({ label, gain: 1 });
    else {
      parts.push(`[${label}]channelsplit=channel_layout=stereo[${label}l][${label}r]`);
      channels.push({ label: `${label}l`, gain: Math.SQRT1_2 }, { label: `${label}r`, gain: Math.SQRT1_2 });
    }
  }
  const [only] = channels;
  if (channels.length === 1 && only !== undefined) {
    return [...parts, `[${only.label}]aresample=${String(SAMPLE_RATE)}[speech]`].join(';');
  }
  const turned = channels.map(({ label, gain }, at) => {
    // The filter counts half turns.
    const shift = (at / channels.length).toFixed(4);
    return `[${label}]aresample=${String(SAMPLE_RATE)},aphaseshift=shift=${shift},volume=${gain.toFixed(4)}[t${String(at)}]`;
  });
  const labels = channels.map((_, at) => `[t${String(at)}]`).join('');
  const sum = `amix=inputs=${String(channels.length)}:duration=longest:dropout_transition=0:normalize=false`;
  return [...parts, ...turned, `${labels}${sum},${LIMITER}[speech]`].join(';');
}
