/** Numbers as the field writes them; `language` is a BCP 47 tag. */

const UNITS = { en: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], fr: ['o', 'ko', 'Mo', 'Go', 'To', 'Po'] } as const;

/** Bytes with three digits: `1.25 GB`, `1,25 Go`. Decimal units, as camera cards and disks are sold. */
export function bytes(value: number, language: string): string {
  const units = language.startsWith('fr') ? UNITS.fr : UNITS.en;
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const number = new Intl.NumberFormat(language, {
    maximumSignificantDigits: 3,
    ...(power === 0 ? { maximumFractionDigits: 0 } : {}),
  }).format(value / 1000 ** power);
  return `${number}\u00a0${units[power] ?? ''}`;
}

/** Memory of a graphics processor, given in MiB, as makers print it on the card: 16,384 MiB are `16 GB`. */
export function cardMemory(mebibytes: number, language: string): string {
  const unit = language.startsWith('fr') ? 'Go' : 'GB';
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(mebibytes / 1024)}\u00a0${unit}`;
}

export function count(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}

/** 0..1 as whole percent, rounded down: 100 % is said only when it is over. */
export function percent(fraction: number, language: string): string {
  const whole = Math.floor(Math.min(1, Math.max(0, fraction)) * 100) / 100;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(whole);
}
