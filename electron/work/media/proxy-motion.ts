import { ffmpegStart, inputArgs } from './input.ts';
import type { VideoStream } from './probe.ts';
import { DECODER_THREADS } from './proxy-bit-exact.ts';

/** Which of two fields is the earlier, by what moves between them: for sources whose words contradict each other. */

/** Four seconds and more; a shot that stands still for so long tells nothing. */
const WATCHED_FRAMES = 120;
/** So many pictures must move, and so large a share of them in the same direction of time. */
const LEAST_MOVING = 5;
const SURE = 0.8;

/** ffmpeg arguments that compare each field with its neighbours; one verdict for each picture on stdout. */
export function motionArgs(input: string, { index }: VideoStream): string[] {
  const print = 'metadata=mode=print:key=lavfi.idet.single.current_frame:file=-';
  return [
    ...ffmpegStart(),
    ...inputArgs(input, { before: ['-an', '-sn', '-dn', '-threads', String(DECODER_THREADS)] }),
    ...['-map', `0:${index}`, '-vf', `idet,${print}`, '-frames:v', String(WATCHED_FRAMES)],
    ...['-fps_mode', 'passthrough', '-f', 'null', '-'],
  ];
}

/** undefined: too little moves to tell. */
export function parseMotion(text: string): 'top' | 'bottom' | undefined {
  const count = (word: string): number => text.split(`current_frame=${word}`).length - 1;
  const [top, bottom] = [count('tff'), count('bff')];
  if (top + bottom < LEAST_MOVING || Math.max(top, bottom) < SURE * (top + bottom)) return undefined;
  return top > bottom ? 'top' : 'bottom';
}
