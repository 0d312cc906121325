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
