import { WEEKDAYS, type WorkWindow } from '../../../shared/settings.ts';

/**
 * Null within one of the windows; outside, the instant (ms) at which the next one begins. Local time of this machine:
 * a window that spans a clock change is an hour longer or shorter, as the clock on the wall says.
 */
export function outsideHours(windows: readonly WorkWindow[], now: number): { readonly nextStart: number } | null {
  const today = new Date(now);
  let nextStart = Number.POSITIVE_INFINITY;
  // A week ahead holds every start; yesterday's window may still be open.
  for (let offset = -1; offset <= 7; offset += 1) {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() + offset);
    // getDay counts from Sunday.
    const weekday = WEEKDAYS[(day.getDay() + 6) % 7];
    for (const { days, start, end } of windows) {
      if (weekday === undefined || !days.includes(weekday)) continue;
      const begins = at(day, start, 0);
      const ends = at(day, end, end > start ? 0 : 1);
      if (now >= begins && now < ends) return null;
      if (begins > now) nextStart = Math.min(nextStart, begins);
    }
  }
  return { nextStart };
}

function at(day: Date, time: string, daysLater: number): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + daysLater, hours, minutes).getTime();
}
