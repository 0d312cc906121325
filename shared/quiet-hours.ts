interface QuietHours {
  /** "HH:MM", local to `timezone` or to this machine. */
  readonly start: string;
  readonly end: string;
  readonly timezone?: string | undefined;
}

const MINUTES_PER_DAY = 24 * 60;

/**
 * ms until the quiet hours end, or null when it is not quiet (protocol.md, register). `start` later than `end` spans
 * midnight; equal means never. An unknown time zone counts as the machine's own.
 */
export function quietFor(hours: QuietHours | undefined, now: number): number | null {
  if (hours === undefined) return null;
  const start = minutesOf(hours.start);
  const end = minutesOf(hours.end);
  const minute = minuteOfDay(now, hours.timezone);
  const length = mod(end - start);
  const into = mod(minute - start);
  if (length === 0 || into >= length) return null;
  const left = (length - into) * 60_000 - (now % 60_000);
  // A clock change in between moves the end: what the wall clock will be off by then is taken off, at most half a day.
  const off = mod(minuteOfDay(now + left, hours.timezone) - end + MINUTES_PER_DAY / 2) - MINUTES_PER_DAY / 2;
  return left - off * 60_000;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function mod(minutes: number): number {
  return ((minutes % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY;
}

function minuteOfDay(now: number, timezone: string | undefined): number {
  const parts = formatter(timezone).formatToParts(now);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return value('hour') * 60 + value('minute');
}

function formatter(timezone: string | undefined): Intl.DateTimeFormat {
  const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, ...(timezone === undefined ? {} : { timeZone: timezone }) });
  } catch {
    return new Intl.DateTimeFormat('en-GB', options);
  }
}
