/** A rational frame rate: 30000/1001 is what people call 29.97. */
export interface FrameRate {
  readonly num: number;
  readonly den: number;
}

export interface TimecodeBase {
  readonly rate: FrameRate;
  readonly dropFrame: boolean;
  /** Frame number of the first picture: the start timecode as a count. */
  readonly startFrame: number;
}

/** HH:MM:SS:FF; `;`, `.` or `,` before the frames says drop-frame (SMPTE ST 12-1). Three digits above 100 fps. */
const TIMECODE = /^(\d{2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})$/;

/** Frames that one second of timecode counts: 30 for 29.97, 24 for 23.976. */
function nominalRate({ num, den }: FrameRate): number {
  return Math.max(1, Math.round(num / den));
}

/**
 * Frame numbers that drop-frame leaves out at the beginning of each minute but every tenth: two for 29.97, four for
 * 59.94 (SMPTE ST 12-1). Other rates have no drop-frame.
 */
function droppedPerMinute(rate: FrameRate): number {
  const nominal = nominalRate(rate);
  return rate.den === 1001 && nominal % 30 === 0 ? nominal / 15 : 0;
}

/** A frame number as timecode; runs over midnight back to 00:00:00:00. */
export function formatTimecode(frame: number, rate: FrameRate, dropFrame: boolean): string {
  const nominal = nominalRate(rate);
  const dropped = dropFrame ? droppedPerMinute(rate) : 0;
  const perDay = framesPerDay(nominal, dropped);
  const shown = labelNumber(((Math.floor(frame) % perDay) + perDay) % perDay, nominal, dropped);
  const seconds = Math.floor(shown / nominal);
  const digits = nominal > 100 ? 3 : 2;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${parts.join(':')}${dropped > 0 ? ';' : ':'}${String(shown % nominal).padStart(digits, '0')}`;
}

/** The frame number that a timecode names; undefined when it is none of this rate, or one that drop-frame leaves out. */
export function parseTimecode(text: string, rate: FrameRate, dropFrame?: boolean): number | undefined {
  const match = TIMECODE.exec(text.trim());
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, seconds = 0, frames = 0] = [match[1], match[2], match[3], match[5]].map(Number);
  const nominal = nominalRate(rate);
  if (hours > 23 || minutes > 59 || seconds > 59 || frames >= nominal) return undefined;
  const dropped = (dropFrame ?? match[4] !== ':') ? droppedPerMinute(rate) : 0;
  if (dropped > 0 && seconds === 0 && frames < dropped && minutes % 10 !== 0) return undefined;
  const total = hours * 60 + minutes;
  return (total * 60 + seconds) * nominal + frames - dropped * (total - Math.floor(total / 10));
}

/** Number of the picture shown at `seconds` from the beginning. */
export function frameAt(seconds: number, { num, den }: FrameRate): number {
  // A seek lands on the exact edge of a frame as a rounded number of seconds: a microsecond keeps it in that frame.
  return Math.floor(((seconds + 1e-6) * num) / den);
}

/** A moment in the middle of a frame, so that no rounding shows its neighbour. */
export function middleOf(frame: number, { num, den }: FrameRate): number {
  return ((frame + 0.5) * den) / num;
}

export function timecodeAt(seconds: number, base: TimecodeBase): string {
  return formatTimecode(base.startFrame + frameAt(seconds, base.rate), base.rate, base.dropFrame);
}

function framesPerDay(nominal: number, dropped: number): number {
  return 24 * 3600 * nominal - dropped * (24 * 60 - 24 * 6);
}

/** The number as it is counted in labels: with those that drop-frame leaves out put back in. */
function labelNumber(frame: number, nominal: number, dropped: number): number {
  if (dropped === 0) return frame;
  const perMinute = 60 * nominal - dropped;
  const perTenMinutes = 10 * perMinute + dropped;
  const tens = Math.floor(frame / perTenMinutes);
  const rest = frame % perTenMinutes;
  // The first minute of ten is a whole one.
  const minutes = rest < 60 * nominal ? 0 : 1 + Math.floor((rest - 60 * nominal) / perMinute);
  return frame + dropped * (tens * 9 + minutes);
}
