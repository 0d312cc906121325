/** An instant (ISO 8601 or ms since 1970) as a person needs it: the time alone today, else with the day. */
export function instant(value: string | number, language: string, now: number): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return '–';
  const sameDay = new Date(now).toDateString() === date.toDateString();
  // 24 hours in every language, as timecode counts them.
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(
    language === 'en' ? 'en-GB' : language,
    sameDay
      ? time
      : { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  ).format(date);
}

/** A day as a heading: `Today`, `Yesterday`, else the date, with its year where it is another one. */
export function dayName(value: string, language: string, now: number): string {
  const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const date = new Date(value);
  const ago = Math.round((midnight(new Date(now)) - midnight(date)) / 86_400_000);
  const words =
    ago === 0 || ago === 1
      ? new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-ago, 'day')
      : new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
          ...{ weekday: 'long', day: 'numeric', month: 'long' },
          ...(date.getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' }),
        }).format(date);
  return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
}

/** Hours and minutes, of another day with its date: for what need not be exact. */
export function shortTime(value: string, language: string): string {
  const date = new Date(value);
  const sameDay = new Date().toDateString() === date.toDateString();
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(
    language === 'en' ? 'en-GB' : language,
    sameDay ? time : { day: 'numeric', month: 'short', ...time },
  ).format(date);
}
